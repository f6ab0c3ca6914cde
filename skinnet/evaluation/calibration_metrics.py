"""Is a probability of .2 right two times in ten? Calibration of p_malignant.

calibration = calibration_metrics(cases, weights, seed=0)
calibration.slope, calibration.error, calibration.perfect_error
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from skinnet.evaluation.bootstrap import INTERVAL, Estimate, estimate, ratio
from skinnet.evaluation.scored_cases import ScoredCases

CALIBRATION_BINS = 15
SIMULATIONS = 2000
STEPS = 30
"""Newton steps for the value itself."""
DRAW_STEPS = 3
"""Newton steps for a bootstrap draw, which start at the value: they double the right digits each time."""
CHUNK = 100
"""Draws at once, so that they fit into a processor's cache."""
CLIP = 1e-6


@dataclass(frozen=True)
class Bin:
    """Some fifteenth of the rows: how many, their mean p_malignant, and the share that is (pre)malignant."""

    n: int
    predicted: float
    observed: Estimate


@dataclass(frozen=True)
class CalibrationMetrics:
    """Calibration of p_malignant.

    Attributes:
        intercept: calibration in the large (Cox 1958): what must be added to the log odds so that their mean fits, the
            slope held at 1. 0 is perfect; below, the probabilities are too high.
        slope: of the truth's log odds against p_malignant's. 1 is perfect; below, they are too extreme.
        brier: mean squared error.
        error: expected calibration error over bins of equal count (Nixon et al. 2019).
        perfect_error: mean and 95 % range of `error` of a perfectly calibrated model with the same probabilities and
            as many rows, by simulation: `error` can only be read beside it.
        bins: the reliability table, rising.
    """

    intercept: Estimate
    slope: Estimate
    brier: Estimate
    error: Estimate
    perfect_error: Estimate
    bins: list[Bin]


def calibration_metrics(cases: ScoredCases, weights: np.ndarray, *, seed: int = 0) -> CalibrationMetrics:
    """All of it; weights (R, N), of which the first row gives the values."""
    scores, positive = cases.p_malignant, cases.malignant
    bins = equal_bins(scores)
    totals = weights @ bins
    observed = ratio(weights @ (bins * positive[:, None]), totals)
    predicted = bins.T @ scores / bins.sum(axis=0)
    intercept, slope = recalibration(positive, scores, weights)
    return CalibrationMetrics(
        intercept=estimate(intercept),
        slope=estimate(slope),
        brier=estimate(weights @ (scores - positive) ** 2 / weights.sum(axis=1)),
        error=estimate(calibration_error(scores, positive, weights)),
        perfect_error=perfect_error(cases, seed=seed),
        bins=[
            Bin(int(bins[:, number].sum()), float(predicted[number]), estimate(observed[:, number]))
            for number in range(bins.shape[1])
        ],
    )


def equal_bins(scores: np.ndarray) -> np.ndarray:
    """Which of 15 bins of equal count each row is in: float (N, 15) of 0 and 1; fewer bins for fewer rows."""
    count = min(CALIBRATION_BINS, len(scores))
    bins = np.zeros((len(scores), count))
    for number, members in enumerate(np.array_split(np.argsort(scores, kind="stable"), count)):
        bins[members, number] = 1
    return bins


def calibration_error(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error for each row of weights, (R,); the bins are those of the whole table.

    A draw adds noise to every bin, so the interval lies above the value; compare it with `perfect_error`.
    """
    gaps = weights @ (equal_bins(scores) * (scores - positive)[:, None])
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=1))


def perfect_error(cases: ScoredCases, *, seed: int, simulations: int = SIMULATIONS) -> Estimate:
    """The calibration error where every probability is right: mean and 95 % range over drawn labels.

    Images of a lesion get one random number between them, so that their labels go together as true ones do.
    """
    scores, generator = cases.p_malignant, np.random.default_rng(seed)
    lots = generator.random((simulations, int(cases.lesions.max()) + 1))[:, cases.lesions]
    errors = np.abs((scores - (lots < scores)) @ equal_bins(scores)).sum(axis=1) / len(scores)
    low, high = np.percentile(errors, INTERVAL)
    return Estimate(float(errors.mean()), float(low), float(high))


def recalibration(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercept (slope held at 1) and slope for each row of weights, (R,) each, by Newton's method.

    NaN where only one class has weight, or where the classes can be parted, which has no finite slope.
    """
    odds = logit(scores.clip(CLIP, 1 - CLIP))
    held = _newton(positive, odds, weights, free=False)[:, 0]
    free = _newton(positive, odds, weights, free=True)[:, 1]
    lowest = np.where(weights[:, positive] > 0, odds[positive], np.inf).min(axis=1, initial=np.inf)
    highest = np.where(weights[:, ~positive] > 0, odds[~positive], -np.inf).max(axis=1, initial=-np.inf)
    return held, np.where(lowest > highest, np.nan, free)


def _newton(positive: np.ndarray, odds: np.ndarray, weights: np.ndarray, *, free: bool) -> np.ndarray:
    """Maximum-likelihood intercept and slope, (R, 2); the slope stays 1 unless it is free."""
    flat = np.array([[0.0, 0.0 if free else 1.0]])  # from a slope of 1, far too low probabilities would overshoot
    start = _steps(positive, odds, weights[:1], flat, STEPS, free=free)
    chunks = [weights[first : first + CHUNK] for first in range(1, len(weights), CHUNK)]
    drawn = [
        _steps(positive, odds, chunk, np.repeat(start, len(chunk), axis=0), DRAW_STEPS, free=free) for chunk in chunks
    ]
    found = np.vstack([start, *drawn])
    one_kind = (weights @ positive == 0) | (weights @ ~positive == 0)
    found[one_kind | ~(np.abs(found) < 1 / CLIP).all(axis=1)] = np.nan
    return found


def _steps(
    positive: np.ndarray, odds: np.ndarray, weights: np.ndarray, start: np.ndarray, steps: int, *, free: bool
) -> np.ndarray:
    powers = np.stack([np.ones_like(odds), odds, odds**2], axis=1)
    found = start.copy()
    for _ in range(steps):
        fitted = expit(found[:, :1] + found[:, 1:] * odds)
        slopes = (weights * (positive - fitted)) @ powers[:, :2]
        curves = (weights * (fitted * (1 - fitted))) @ powers
        if free:
            determinant = curves[:, 0] * curves[:, 2] - curves[:, 1] ** 2
            step = np.stack(
                [
                    ratio(curves[:, 2] * slopes[:, 0] - curves[:, 1] * slopes[:, 1], determinant),
                    ratio(curves[:, 0] * slopes[:, 1] - curves[:, 1] * slopes[:, 0], determinant),
                ],
                axis=1,
            )
        else:
            step = np.stack([ratio(slopes[:, 0], curves[:, 0]), np.zeros(len(slopes))], axis=1)
        found = found + step
    return found
