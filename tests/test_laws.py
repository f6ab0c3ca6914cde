"""Laws that hold for any input, tried on inputs that hypothesis makes up."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from skinnet.evaluation.evaluate import evaluate
from skinnet.explain.cam import class_maps
from skinnet.inference.calibration import Calibration
from skinnet.inference.conformal import Sets
from skinnet.labels import CLASSES
from skinnet.models.backbone import Head

LOGITS = arrays(float, st.tuples(st.integers(1, 9), st.just(len(CLASSES))), elements=st.floats(-300, 300))
SHIFTS = st.tuples(*[st.floats(-10, 10)] * len(CLASSES))


@given(LOGITS, st.floats(0.05, 20), SHIFTS)
def test_probabilities_sum_to_one_and_ignore_what_all_logits_share(
    logits: np.ndarray, temperature: float, shift: tuple[float, ...]
) -> None:
    calibration = Calibration(temperature, shift)
    probabilities = calibration.probabilities(logits)
    assert np.isfinite(probabilities).all()
    assert (probabilities >= 0).all()
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert calibration.probabilities(logits + 64) == pytest.approx(probabilities, abs=1e-9)


@given(LOGITS, st.floats(0.05, 20), st.floats(0.05, 20))
def test_temperature_keeps_the_order_of_the_diagnoses(logits: np.ndarray, first: float, second: float) -> None:
    one, other = (Calibration(each, (0.0,) * len(CLASSES)).probabilities(logits) for each in (first, second))
    likeliest = one.argmax(axis=1)
    assert np.take_along_axis(other, likeliest[:, None], axis=1)[:, 0] == pytest.approx(other.max(axis=1))
    if first <= second:  # a higher temperature is never surer
        assert (one.max(axis=1) >= other.max(axis=1) - 1e-12).all()


def leaves(metrics: object) -> list[object]:
    """The numbers and words of metrics, in their order, but for what a perfect network would reach: it is simulated."""
    if isinstance(metrics, dict):
        return [leaf for name, value in metrics.items() if name != "perfect_error" for leaf in leaves(value)]
    if isinstance(metrics, list | tuple):
        return [leaf for value in metrics for leaf in leaves(value)]
    return [metrics]


@pytest.mark.parametrize("seed", range(3))
def test_an_evaluation_does_not_depend_on_the_order_of_rows(seed: int, predictions: pd.DataFrame) -> None:
    shuffled = predictions.sample(frac=1, random_state=seed).reset_index(drop=True)
    found, again = (
        [leaves(asdict(metrics)) for metrics in evaluate(table, decision=None, draws=0).values()]
        for table in (predictions, shuffled)
    )
    for unit, same in zip(found, again, strict=True):
        assert len(unit) == len(same) > 100
        assert all(
            second == (pytest.approx(first, abs=1e-6) if isinstance(first, float) else first)
            for first, second in zip(unit, same, strict=True)
        )


@given(arrays(np.float32, (2, 6, 3, 4), elements=st.floats(-8, 8, width=32)), st.integers(1, 3))
def test_maps_turn_and_flip_with_the_features_they_are_made_of(features: np.ndarray, turns: int) -> None:
    torch.manual_seed(0)
    layers = Head(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(6, len(CLASSES)))
    maps = class_maps(layers, torch.from_numpy(features))
    turned = class_maps(layers, torch.rot90(torch.from_numpy(features), turns, dims=(2, 3)))
    flipped = class_maps(layers, torch.from_numpy(features).flip(3))
    torch.testing.assert_close(turned, torch.rot90(maps, turns, dims=(2, 3)))
    torch.testing.assert_close(flipped, maps.flip(3))


@given(
    arrays(float, len(CLASSES), elements=st.floats(0.001, 1)),
    arrays(float, len(CLASSES), elements=st.floats(0, 1)),
    arrays(float, len(CLASSES), elements=st.floats(0, 1)),
)
def test_lower_floors_rule_out_no_more(shares: np.ndarray, floors: np.ndarray, factors: np.ndarray) -> None:
    probabilities = shares / shares.sum()
    count = len(CLASSES)
    strict, lenient = (
        Sets(tuple(each), promised=(0.95,) * count, lesions=(20,) * count) for each in (floors, floors * factors)
    )
    assert set(strict.possible(probabilities)) <= set(lenient.possible(probabilities))
    assert CLASSES[int(probabilities.argmax())] in strict.possible(probabilities)
