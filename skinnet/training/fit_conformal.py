"""Fit the conformal sets on validation, and measure their coverage.

    sets = fit_sets(probabilities, dx, lesions)
    measure_coverage(sets, *test)["mel"].value

Of the lesions of each diagnosis the set holds the true one in at least the promised share, as long as new photos come
from where those of validation came. Images of one lesion are not independent, so each lesion counts as one (Dunn,
Wasserman & Ramdas, JASA 2023: pooling the distributions of groups): its images share its weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skinnet.evaluation.bootstrap import clopper_pearson
from skinnet.evaluation.scored_cases import lesion_weights
from skinnet.inference.conformal import Sets
from skinnet.labels import CLASS_NUMBERS, CLASSES

PROMISES = {name: 0.975 if name == "mel" else 0.95 for name in CLASSES}
"""Share of the lesions of each diagnosis whose set is to hold the true one."""


@dataclass(frozen=True)
class Coverage:
    """How often the sets of one diagnosis hold the true one.

    Attributes:
        value: share of lesions; a lesion of which only some photos are covered counts in part. None without lesions.
        low, high: 95 % interval (Clopper & Pearson 1934, on lesions).
        size: mean number of diagnoses in a set, all lesions weighing the same.
    """

    images: int
    lesions: int
    value: float | None
    low: float | None
    high: float | None
    size: float | None


def fit_sets(probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray) -> Sets:
    """Find the floor of each diagnosis.

    Where a diagnosis has too few lesions for its promise (19 for 95 %, 39 for 97.5 %), its floor is the least
    probability among them, which is the most that they allow, and nothing is promised.

    Args:
        probabilities: (N, 7), calibrated.
        dx: (N,) abbreviations.
        lesions: (N,) names.
    """
    floors, promised, counts = [], [], []
    for name, promise in PROMISES.items():
        rows = dx == name
        scores, weights = probabilities[rows, CLASS_NUMBERS[name]], lesion_weights(lesions[rows])
        count = round(weights.sum())
        allowed = math.floor((1 - promise) * (count + 1) + 1e-9) - 1  # lesions that may lie below the floor
        order = np.argsort(scores)
        below = np.concatenate([[0.0], np.cumsum(weights[order])[:-1]]) if count else np.zeros(0)
        fits = scores[order][below <= max(allowed, 0) + 1e-9]
        floors.append(float(fits[-1]) if count else 0.0)
        promised.append(promise if allowed >= 0 else None)
        counts.append(count)
    return Sets(tuple(floors), tuple(promised), tuple(counts))


def measure_coverage(sets: Sets, probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray) -> dict[str, Coverage]:
    """Measure, by diagnosis, how often the set holds the true one; arguments as for `fit_sets`."""
    possible = [sets.possible(row) for row in probabilities]
    covered = np.array([name in names for name, names in zip(dx, possible, strict=True)], dtype=float)
    sizes = np.array([len(names) for names in possible], dtype=float)
    coverage = {}
    for name in CLASSES:
        rows = dx == name
        weights = lesion_weights(lesions[rows])
        count = round(weights.sum())
        if not count:
            coverage[name] = Coverage(0, 0, None, None, None, None)
            continue
        hits = float((weights * covered[rows]).sum())
        low, high = clopper_pearson(hits, count)
        size = float((weights * sizes[rows]).sum() / count)
        coverage[name] = Coverage(int(rows.sum()), count, hits / count, low, high, size)
    return coverage
