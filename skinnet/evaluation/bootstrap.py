"""Intervals of 95 % by drawing lesions with replacement, each diagnosis as often as it occurs.

    weights = with_whole(draw_weights(cases, draws=2000, seed=0))    # (1 + 2000, N): ones, then the draws
    estimate(auroc(cases, weights))                                  # Estimate(value=.94, low=.92, high=.96)

Lesions are drawn, not images, since the images of a lesion are alike; and class by class (a stratified bootstrap:
Davison & Hinkley, Bootstrap Methods, 1997, section 3.2), so that no draw lacks the rare ones. A metric is written once,
for a whole matrix of weights: how often each row was drawn. Its first row, all ones, gives the value itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from skinnet.evaluation.scored_cases import ScoredCases

DRAWS = 2000
INTERVAL = (2.5, 97.5)
"""Percentiles that bound an interval."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None where it is undefined (a class without images, say)."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        return self._words(".3f", "-")

    def signed(self) -> str:
        """As a change."""
        return self._words("+.3f", " to ")

    def _words(self, form: str, between: str) -> str:
        if self.value is None:
            return "n/a"
        if self.low is None or self.high is None:
            return f"{self.value:{form}}"
        return f"{self.value:{form}} ({self.low:{form}}{between}{self.high:{form}})"


UNDEFINED = Estimate(None, None, None)


def draw_weights(cases: ScoredCases, *, draws: int, seed: int) -> np.ndarray:
    """How often each row is drawn: float (draws, N), the same for all images of a lesion.

    Rows of the two units of one table get the same lesions for the same seed.
    """
    dx = np.zeros(int(cases.lesions.max()) + 1, int)
    dx[cases.lesions] = cases.dx
    generator = np.random.default_rng(seed)
    counts = np.zeros((draws, len(dx)))
    for number in np.unique(dx):
        members = np.flatnonzero(dx == number)
        counts[:, members] = generator.multinomial(len(members), np.full(len(members), 1 / len(members)), size=draws)
    return counts[:, cases.lesions]


def with_whole(weights: np.ndarray) -> np.ndarray:
    """Put a row of ones before the draws."""
    return np.vstack([np.ones((1, weights.shape[1])), weights])


def estimate(values: np.ndarray) -> Estimate:
    """The first of (1 + R,) values, with the percentiles of the others; NaN is undefined."""
    value, drawn = values[0], values[1:][np.isfinite(values[1:])]
    if not np.isfinite(value):
        return UNDEFINED
    if not len(drawn):
        return Estimate(float(value), None, None)
    low, high = np.percentile(drawn, INTERVAL)
    return Estimate(float(value), float(low), float(high))


def clopper_pearson(hits: float, count: int) -> tuple[float, float]:
    """Bound a share by its exact 95 % interval (Clopper & Pearson, Biometrika 1934).

    Args:
        hits: a fraction where some of the `count` are hit in part.
        count: at least 1.
    """
    low = 0.0 if hits == 0 else float(betaincinv(hits, count - hits + 1, INTERVAL[0] / 100))
    high = 1.0 if hits >= count else float(betaincinv(hits + 1, count - hits, INTERVAL[1] / 100))
    return low, high


def estimates(values: dict[str, np.ndarray]) -> dict[str, Estimate]:
    """`estimate` for each of several metrics."""
    return {name: estimate(column) for name, column in values.items()}


def as_columns(found: Mapping[str, Estimate]) -> dict[str, object]:
    """`name, name_low, name_high` of each, for a row of a table."""
    columns: dict[str, object] = {}
    for name, each in found.items():
        columns |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    return columns


def of_columns(row: pd.Series, name: str) -> Estimate:
    """The way back from `as_columns`; what is empty, or no column, is undefined."""
    value, low, high = (row.get(column) for column in (name, f"{name}_low", f"{name}_high"))
    return Estimate(*(None if each is None or math.isnan(each) else float(each) for each in (value, low, high)))


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """A quotient, NaN where nothing is divided by."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    quotient: np.ndarray = np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator != 0)
    return quotient
