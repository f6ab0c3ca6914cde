from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from skinnet.evaluation.bootstrap import (
    Estimate,
    affordable,
    bootstrap_weights,
    clopper_pearson,
    draw_weights,
    estimate,
    ratio,
)
from skinnet.evaluation.scored_cases import by_image, by_lesion
from skinnet.labels import CLASSES


def test_whole_lesions_are_drawn_each_diagnosis_as_often_as_it_occurs(predictions: pd.DataFrame) -> None:
    images, lesions = by_image(predictions), by_lesion(predictions)
    by_images, by_lesions = (draw_weights(cases, draws=50, seed=0) for cases in (images, lesions))
    assert (by_images == by_lesions[:, images.lesions]).all()
    for number in range(7):
        chosen = lesions.dx == number
        assert (by_lesions[:, chosen].sum(axis=1) == chosen.sum()).all()
    assert (draw_weights(images, draws=50, seed=0) == by_images).all()
    assert (draw_weights(images, draws=50, seed=1) != by_images).any()


def test_an_interval_has_the_width_of_theory() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(500) < 0.8
    table = pd.DataFrame({f"p_{name}": 1 / 7 for name in CLASSES}, range(500))
    cases = by_image(table.assign(lesion_id=range(500), dx="nv"))
    weights = bootstrap_weights(cases, draws=2000, seed=0)
    found = estimate(weights @ right / weights.sum(axis=1))
    assert found.value == right.mean()
    assert found.high - found.low == pytest.approx(2 * 1.96 * right.std() / np.sqrt(500), rel=0.1)  # type: ignore[operator]


def test_a_large_table_gets_fewer_draws() -> None:
    assert [affordable(2000, rows) for rows in (2_004, 20_000, 40_000, 200_000, 10**9)] == [2000, 2000, 1000, 200, 200]
    assert affordable(20, 10**9) == 20


def test_what_is_undefined_is_none() -> None:
    assert estimate(np.array([np.nan, 1.0])) == Estimate(None, None, None)
    assert estimate(np.array([0.5])) == Estimate(0.5, None, None)
    assert str(Estimate(None, None, None)) == "n/a"
    assert str(Estimate(0.5, None, None)) == "0.500"
    assert str(Estimate(0.5, 0.4, 0.6)) == "0.500 (0.400-0.600)"
    assert np.isnan(ratio(np.ones(1), np.zeros(1))).all()


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (7, 7), (3, 7), (13.5, 15), (1058, 1081)])
def test_the_exact_interval_agrees_with_scipy(hits: float, count: int) -> None:
    low, high = clopper_pearson(hits, count)
    assert low == (beta.ppf(0.025, hits, count - hits + 1) if hits else 0)
    assert high == (beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1)
