"""Calibration of p_malignant: of the lesions with a probability of .2, are two in ten (pre)malignant?

calibration = calibration_metrics(cases, weights, seed=0)
calibration.slope, calibration.error, calibration.perfect_error
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from skinnet.evaluation.bootstrap import BLOCK, INTERVAL, Estimate, affordable, estimate, in_blocks, ratio
from skinnet.evaluation.scored_cases import ScoredCases

CALIBRATION_BINS = 15
SIMULATIONS = 2000
STEPS = 30
"""Newton steps for the value itself, from a slope of 0."""
DRAW_STEPS = 3
"""Newton steps for a bootstrap draw, which start at the value: each doubles the number of correct digits."""
CHUNK = 100
"""At most this many draws at once, so that they fit into the processor's cache."""
CLIP = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their log odds are finite."""


@dataclass(frozen=True)
class Bin:
    """One bin of the reliability table.

    Attributes:
        n: how many rows.
        predicted: their mean p_malignant.
        observed: the share of them that is (pre)malignant.
    """

    n: int
    predicted: float
    observed: Estimate


@dataclass(frozen=True)
class CalibrationMetrics:
    """Calibration of p_malignant.

    Attributes:
        intercept: calibration in the large (Cox 1958): the shift of the log odds that makes their mean fit, with the
            slope fixed at 1. 0 is perfect; below 0, the probabilities are too high.
        slope: of a logistic regression of the true label on the log odds of p_malignant. 1 is perfect; below 1, the
            probabilities are too extreme.
        brier: mean squared error.
        error: expected calibration error over bins of equal count (Nixon et al. 2019).
        perfect_error: mean and 95 % range of `error` for a perfectly calibrated model with the same probabilities and
            the same number of rows, by simulation. `error` means little without it.
        bins: the reliability table, from the lowest probabilities to the highest.
    """

    intercept: Estimate
    slope: Estimate
    brier: Estimate
    error: Estimate
    perfect_error: Estimate
    bins: list[Bin]


def calibration_metrics(cases: ScoredCases, weights: np.ndarray, *, seed: int = 0) -> CalibrationMetrics:
    """Compute everything for weights (R, N), whose first row gives the values."""
    scores, positive = cases.p_malignant, cases.malignant
    bins = equal_bins(scores)
    totals, hits, squares = _sums(bins, positive, (scores - positive) ** 2, weights)
    observed = ratio(hits, totals)
    predicted = bins.T @ scores / bins.sum(axis=0)
    intercept, slope = recalibration(positive, scores, weights)
    return CalibrationMetrics(
        intercept=estimate(intercept),
        slope=estimate(slope),
        brier=estimate(squares),
        error=estimate(calibration_error(scores, positive, weights)),
        perfect_error=perfect_error(cases, seed=seed),
        bins=[
            Bin(int(bins[:, number].sum()), float(predicted[number]), estimate(observed[:, number]))
            for number in range(bins.shape[1])
        ],
    )


@in_blocks
def _sums(
    bins: np.ndarray, positive: np.ndarray, squares: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the weight and the positive weight of each bin, (R, 15) each, and the mean squared error, (R,)."""
    return weights @ bins, weights @ (bins * positive[:, None]), weights @ squares / weights.sum(axis=1)


def equal_bins(scores: np.ndarray) -> np.ndarray:
    """Assign each row to one of 15 bins of equal count: float (N, 15) of 0 and 1; fewer bins for fewer rows."""
    count = min(CALIBRATION_BINS, len(scores))
    bins = np.zeros((len(scores), count))
    for number, members in enumerate(np.array_split(np.argsort(scores, kind="stable"), count)):
        bins[members, number] = 1
    return bins


@in_blocks
def calibration_error(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the expected calibration error for each row of weights, (R,), in the bins of the whole table.

    Each draw adds noise to every bin, so the interval lies above the value. Compare the value with `perfect_error`.
    """
    gaps = weights @ (equal_bins(scores) * (scores - positive)[:, None])
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=1))


def perfect_error(cases: ScoredCases, *, seed: int, simulations: int = SIMULATIONS) -> Estimate:
    """Simulate the calibration error of perfect probabilities: mean and 95 % range over drawn labels.

    The images of a lesion share one random number, so that their labels agree as true labels do.
    """
    scores, generator = cases.p_malignant, np.random.default_rng(seed)
    bins, lesions, parts = equal_bins(scores), int(cases.lesions.max()) + 1, []
    simulations, step = affordable(simulations, len(scores)), max(1, BLOCK // len(scores))
    for first in range(0, simulations, step):
        numbers = generator.random((min(step, simulations - first), lesions))[:, cases.lesions]
        parts.append(np.abs((scores - (numbers < scores)) @ bins).sum(axis=1) / len(scores))
    errors = np.concatenate(parts)
    low, high = np.percentile(errors, INTERVAL)
    return Estimate(float(errors.mean()), float(low), float(high))


def recalibration(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit intercept (with the slope fixed at 1) and slope for each row of weights, (R,) each, by Newton's method.

    NaN where only one class has weight, or where a threshold separates the classes, since no finite slope fits then.
    """
    odds = logit(scores.clip(CLIP, 1 - CLIP))
    intercept = _newton(positive, odds, weights, fit_slope=False)[:, 0]
    slope = _newton(positive, odds, weights, fit_slope=True)[:, 1]
    return intercept, np.where(_separated(positive, odds, weights), np.nan, slope)


@in_blocks
def _separated(positive: np.ndarray, odds: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Tell whether a threshold separates the classes: bool (R,)."""
    lowest = np.where(weights[:, positive] > 0, odds[positive], np.inf).min(axis=1, initial=np.inf)
    highest = np.where(weights[:, ~positive] > 0, odds[~positive], -np.inf).max(axis=1, initial=-np.inf)
    return np.asarray(lowest > highest)


@in_blocks
def _one_class(positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Tell whether only one class has weight: bool (R,)."""
    return np.asarray((weights @ positive == 0) | (weights @ ~positive == 0))


def _newton(positive: np.ndarray, odds: np.ndarray, weights: np.ndarray, *, fit_slope: bool) -> np.ndarray:
    """Find the maximum-likelihood intercept and slope, (R, 2); the slope stays 1 unless it is fitted."""
    # A slope that started at 1 would overshoot where the probabilities are far too low.
    flat = np.array([[0.0, 0.0 if fit_slope else 1.0]])
    start = _steps(positive, odds, weights[:1], flat, STEPS, fit_slope=fit_slope)
    rows = min(CHUNK, max(1, BLOCK // 8 // len(odds)))
    chunks = (weights[first : first + rows] for first in range(1, len(weights), rows))
    drawn = [
        _steps(positive, odds, chunk, np.repeat(start, len(chunk), axis=0), DRAW_STEPS, fit_slope=fit_slope)
        for chunk in chunks
    ]
    found = np.vstack([start, *drawn])
    found[_one_class(positive, weights) | ~(np.abs(found) < 1 / CLIP).all(axis=1)] = np.nan
    return found


def _steps(
    positive: np.ndarray, odds: np.ndarray, weights: np.ndarray, start: np.ndarray, steps: int, *, fit_slope: bool
) -> np.ndarray:
    """Take Newton steps for every row of weights at once, from intercept and slope `start`, (R, 2)."""
    powers = np.stack([np.ones_like(odds), odds, odds**2], axis=1)
    found = start.copy()
    for _ in range(steps):
        fitted = expit(found[:, :1] + found[:, 1:] * odds)
        gradient = (weights * (positive - fitted)) @ powers[:, :2]
        curvature = (weights * (fitted * (1 - fitted))) @ powers
        if fit_slope:
            determinant = curvature[:, 0] * curvature[:, 2] - curvature[:, 1] ** 2
            step = np.stack(
                [
                    ratio(curvature[:, 2] * gradient[:, 0] - curvature[:, 1] * gradient[:, 1], determinant),
                    ratio(curvature[:, 0] * gradient[:, 1] - curvature[:, 1] * gradient[:, 0], determinant),
                ],
                axis=1,
            )
        else:
            step = np.stack([ratio(gradient[:, 0], curvature[:, 0]), np.zeros(len(gradient))], axis=1)
        found = found + step
    return found
