from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinnet.evaluation.bootstrap import draw_weights
from skinnet.evaluation.scored_cases import by_image
from skinnet.evaluation.selective import selective_metrics


def test_risk_is_the_share_of_errors_among_the_surest(predictions: pd.DataFrame) -> None:
    cases = by_image(predictions)
    metrics = selective_metrics(cases, np.ones((1, 400)))
    certainty, errors = cases.probabilities.max(axis=1), cases.displayed != cases.dx
    order = sorted(range(400), key=lambda row: (-certainty[row], not errors[row]))
    wrong = errors[order]
    for share, risk in zip(metrics.coverage, metrics.risk, strict=True):
        assert risk.value == pytest.approx(wrong[: round(400 * share)].mean())
    assert metrics.area.value == pytest.approx(np.mean(np.cumsum(wrong) / np.arange(1, 401)))


def test_weights_count_like_repeated_images(predictions: pd.DataFrame) -> None:
    cases = by_image(predictions)
    weights = draw_weights(cases, draws=1, seed=0)
    again = np.repeat(np.arange(400), weights[0].astype(int))
    drawn = selective_metrics(cases, weights)
    repeated = selective_metrics(by_image(predictions.iloc[again]), np.ones((1, len(again))))
    assert drawn.risk[-1].value == pytest.approx(repeated.risk[-1].value)
    assert drawn.area.value == pytest.approx(repeated.area.value, rel=0.05)  # copies count one by one, or together
