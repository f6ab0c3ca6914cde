from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from skinnet.evaluation.bootstrap import bootstrap_weights
from skinnet.evaluation.calibration_metrics import (
    calibration_error,
    calibration_metrics,
    equal_bins,
    perfect_error,
    recalibration,
)
from skinnet.evaluation.scored_cases import ScoredCases, by_image


def drawn(slope: float, intercept: float, number: int = 3000) -> ScoredCases:
    """Scores whose log odds have to be stretched by `slope` and moved by `intercept` to be right."""
    rng = np.random.default_rng(0)
    odds = rng.normal(-1, 2, number)
    ill = rng.random(number) < expit(intercept + slope * odds)
    table = pd.DataFrame({f"p_{name}": 0.0 for name in ("akiec", "bcc", "bkl", "df", "vasc")}, range(number))
    table = table.assign(p_mel=expit(odds), p_nv=1 - expit(odds), lesion_id=range(number))
    return by_image(table.assign(dx=np.where(ill, "mel", "nv")))


def test_slope_and_intercept_agree_with_logistic_regression() -> None:
    cases = drawn(slope=0.7, intercept=0.3)
    weights = bootstrap_weights(cases, draws=120, seed=0)
    intercepts, slopes = recalibration(cases.malignant, cases.p_malignant, weights)
    odds = logit(cases.p_malignant)
    for row in (0, 1, 120):
        oracle = LogisticRegression(C=np.inf, tol=1e-8, max_iter=500)
        oracle.fit(odds[:, None], cases.malignant, sample_weight=weights[row])
        assert slopes[row] == pytest.approx(oracle.coef_[0, 0], rel=1e-3)
        fitted = expit(intercepts[row] + odds)  # the maximum-likelihood intercept makes the means equal
        assert weights[row] @ fitted == pytest.approx(weights[row] @ cases.malignant, rel=1e-6)
    assert slopes[0] == pytest.approx(0.7, abs=0.06)


def test_the_slope_is_found_however_wrong_the_probabilities_are() -> None:
    """Photos from an unseen clinic may look like this: many are (pre)malignant, and all probabilities are low."""
    rng = np.random.default_rng(1)
    positive = rng.random(1500) < 0.4
    odds = rng.normal(-3, 1.2, 1500) + 0.6 * positive
    scores = 1 / (1 + np.exp(-odds))
    _, slope = recalibration(positive, scores, np.ones((1, 1500)))
    fitted = LogisticRegression(C=np.inf).fit(odds[:, None], positive)
    assert slope[0] == pytest.approx(fitted.coef_[0, 0], rel=1e-3)


def test_a_perfect_model_has_its_own_error_within_the_simulated_range() -> None:
    cases = drawn(slope=1, intercept=0)
    found = calibration_metrics(cases, bootstrap_weights(cases, draws=50, seed=0))
    assert found.slope.value == pytest.approx(1, abs=0.08)
    assert found.intercept.value == pytest.approx(0, abs=0.1)
    assert found.perfect_error.low < found.error.value < found.perfect_error.high  # type: ignore[operator]
    bad = drawn(slope=0.5, intercept=0)
    error = calibration_metrics(bad, np.ones((1, 3000))).error.value
    assert error > 2 * perfect_error(bad, seed=0).high  # type: ignore[operator]


def test_error_and_brier_are_those_of_their_definitions(predictions: pd.DataFrame) -> None:
    cases = by_image(predictions)
    scores = cases.p_malignant.clip(0, 1)
    found = calibration_metrics(cases, np.ones((1, len(scores))))
    assert found.brier.value == pytest.approx(brier_score_loss(cases.malignant, scores), abs=1e-3)
    order = np.argsort(cases.p_malignant, kind="stable")
    gaps = [
        len(members) / len(scores) * abs(cases.p_malignant[members].mean() - cases.malignant[members].mean())
        for members in np.array_split(order, 15)
    ]
    assert found.error.value == pytest.approx(sum(gaps))
    assert [each.n for each in found.bins] == [len(members) for members in np.array_split(order, 15)]
    assert [each.observed.value for each in found.bins] == pytest.approx(
        [cases.malignant[members].mean() for members in np.array_split(order, 15)]
    )


def test_few_rows_get_few_bins() -> None:
    assert equal_bins(np.array([0.1, 0.9, 0.5])).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True]), np.ones((1, 2)))[0] == 0


def test_slope_is_undefined_for_one_class_and_for_separated_classes() -> None:
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    for positive in (np.zeros(4, bool), np.array([False, False, True, True])):
        _, slope = recalibration(positive, scores, np.ones((1, 4)))
        assert np.isnan(slope[0])
