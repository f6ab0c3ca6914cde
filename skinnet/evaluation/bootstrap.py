"""95 % intervals: a bootstrap over lesions for every metric, and the exact interval of a share.

    weights = bootstrap_weights(cases, draws=2000, seed=0)    # (1 + 2000, N): a row of ones, then the draws
    estimate(auroc(cases, weights))                           # Estimate(value=.94, low=.92, high=.96)

A metric is written once, for a whole matrix of weights: how often each row is drawn. The first row, all ones, gives the
value itself. Lesions are drawn, not images, because the images of one lesion resemble each other. Each diagnosis is
drawn as often as it occurs, so that no draw lacks the rare ones (a stratified bootstrap: Davison & Hinkley, Bootstrap
Methods, 1997, section 3.2).

A large table gets fewer draws, and a metric sees a few rows of the matrix at a time (`in_blocks`), so that neither time
nor memory grow without bound.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from skinnet.evaluation.scored_cases import ScoredCases

P = ParamSpec("P")
T = TypeVar("T")

DRAWS = 2000
LEAST_DRAWS = 200
DRAWN_ROWS = 40_000_000
"""From 20,000 rows on, a table gets as many draws as have this many rows together, and at least `LEAST_DRAWS`."""
BLOCK = 1 << 22
"""Weights that a metric sees at a time; a published test split is one block."""
INTERVAL = (2.5, 97.5)
"""Percentiles that bound an interval."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None where it is undefined, as for a class without images."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        return self._format(".3f", "-")

    def signed(self) -> str:
        """Format the estimate as a change, with its sign."""
        return self._format("+.3f", " to ")

    def _format(self, number: str, between: str) -> str:
        if self.value is None:
            return "n/a"
        if self.low is None or self.high is None:
            return f"{self.value:{number}}"
        return f"{self.value:{number}} ({self.low:{number}}{between}{self.high:{number}})"


UNDEFINED = Estimate(None, None, None)


def affordable(wanted: int, rows: int) -> int:
    """Limit draws, or simulations, of a large table."""
    return min(wanted, max(LEAST_DRAWS, DRAWN_ROWS // rows))


def bootstrap_weights(cases: ScoredCases, *, draws: int, seed: int) -> np.ndarray:
    """Stack a row of ones on the draws: float (1 + draws, N)."""
    return bootstrap_counts(cases, draws=draws, seed=seed).astype(float)


def draw_weights(cases: ScoredCases, *, draws: int, seed: int) -> np.ndarray:
    """Count how often each row is drawn: float (draws, N)."""
    return bootstrap_weights(cases, draws=draws, seed=seed)[1:]


def bootstrap_counts(cases: ScoredCases, *, draws: int, seed: int) -> np.ndarray:
    """Count how often each row is drawn, below a row of ones: uint8 (1 + draws, N); images of a lesion go together.

    For one seed, the two units of a table get the same lesions. Compute with them in functions that are `in_blocks`:
    sums of uint8 overflow.
    """
    dx = np.zeros(int(cases.lesions.max()) + 1, int)
    dx[cases.lesions] = cases.dx
    generator = np.random.default_rng(seed)
    counts = np.ones((1 + draws, len(dx)), np.uint8)  # a count above 255 is less likely than 1 in 10 ** 500
    for number in np.unique(dx):
        members = np.flatnonzero(dx == number)
        shares, step = np.full(len(members), 1 / len(members)), max(1, BLOCK // len(members))
        for first in range(1, 1 + draws, step):  # one long call would draw the same numbers
            size = min(step, 1 + draws - first)
            counts[first : first + size, members] = generator.multinomial(len(members), shares, size=size)
    return counts[:, cases.lesions]


def in_blocks(values: Callable[P, T]) -> Callable[P, T]:
    """Let a function of `weights` (R, N) see a few rows at a time, as floats; stack the arrays (R, ...) it returns."""
    signature = inspect.signature(values)

    @functools.wraps(values)
    def stacked(*args: P.args, **options: P.kwargs) -> T:
        bound = signature.bind(*args, **options)
        weights = bound.arguments["weights"]
        step = max(1, BLOCK // max(1, weights.shape[1]))
        parts = []
        for first in range(0, len(weights), step):
            bound.arguments["weights"] = weights[first : first + step].astype(float, copy=False)
            parts.append(values(*bound.args, **bound.kwargs))
        return parts[0] if len(parts) == 1 else _stack(parts)

    return stacked


def _stack(parts: list[Any]) -> Any:
    """Stack arrays, or dictionaries and tuples of arrays."""
    if isinstance(parts[0], dict):
        return {name: _stack([part[name] for part in parts]) for name in parts[0]}
    if isinstance(parts[0], tuple):
        return tuple(_stack(list(each)) for each in zip(*parts, strict=True))
    return np.concatenate(parts)


def estimate(values: np.ndarray) -> Estimate:
    """Take the first of (1 + R,) values, and its interval from the percentiles of the others; NaN is undefined."""
    value, drawn = values[0], values[1:][np.isfinite(values[1:])]
    if not np.isfinite(value):
        return UNDEFINED
    if not len(drawn):
        return Estimate(float(value), None, None)
    low, high = np.percentile(drawn, INTERVAL)
    return Estimate(float(value), float(low), float(high))


def estimates(values: Mapping[str, np.ndarray]) -> dict[str, Estimate]:
    """Apply `estimate` to each of several metrics."""
    return {name: estimate(column) for name, column in values.items()}


def clopper_pearson(hits: float, count: int) -> tuple[float, float]:
    """Bound a share by its exact 95 % interval (Clopper & Pearson, Biometrika 1934).

    Args:
        hits: a fraction where some of the `count` are hit in part.
        count: at least 1.
    """
    low = 0.0 if hits == 0 else float(betaincinv(hits, count - hits + 1, INTERVAL[0] / 100))
    high = 1.0 if hits >= count else float(betaincinv(hits + 1, count - hits, INTERVAL[1] / 100))
    return low, high


def to_columns(found: Mapping[str, Estimate]) -> dict[str, object]:
    """Spread estimates over the columns `name, name_low, name_high` of a table's row."""
    columns: dict[str, object] = {}
    for name, each in found.items():
        columns |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    return columns


def from_columns(row: pd.Series, name: str) -> Estimate:
    """Read an estimate that `to_columns` wrote; an empty or missing column is undefined."""
    value, low, high = (row.get(column) for column in (name, f"{name}_low", f"{name}_high"))
    return Estimate(*(None if each is None or math.isnan(each) else float(each) for each in (value, low, high)))


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide elementwise; NaN where the denominator is 0."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    quotient: np.ndarray = np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator != 0)
    return quotient
