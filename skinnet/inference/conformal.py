"""How sure is the verdict? The diagnoses that cannot be ruled out, and how far copies of one photo disagree.

    sets = fit_sets(probabilities, dx, lesions)       # on validation, once
    possible = sets.possible(probabilities[0])        # ("bkl", "mel")
    sentence(possible)                                # "The network cannot separate ...; melanoma is not excluded."

The sets are class-conditional split-conformal ones (Vovk, ACML 2012): a diagnosis stays in the set unless its
probability is lower than in all but a few of the validation lesions that have it. Of the lesions of each diagnosis the
set then holds the truth in at least the promised share, as far as new photos come from where those of validation came.
Images of one lesion are not independent, so each lesion counts as one (Dunn, Wasserman & Ramdas, JASA 2023: pooling
the distributions of groups): its images share its weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skinnet.errors import CheckpointError, DataError
from skinnet.evaluation.bootstrap import clopper_pearson
from skinnet.evaluation.scored_cases import lesion_weights
from skinnet.files import read_json
from skinnet.labels import CLASS_NUMBERS, CLASSES, FULL_NAMES
from skinnet.reporting.table import percent

UNCERTAINTY = "uncertainty.json"
PROMISES = {name: 0.975 if name == "mel" else 0.95 for name in CLASSES}
"""Share of the lesions of each diagnosis whose set is to hold the truth."""


@dataclass(frozen=True)
class Sets:
    """What a probability must reach for its diagnosis to stay possible.

    Attributes:
        floors: one a class.
        promised: share of its lesions that the floor finds, by theory; None where validation has too few lesions.
        lesions: validation lesions of each class.
    """

    floors: tuple[float, ...]
    promised: tuple[float | None, ...]
    lesions: tuple[int, ...]

    def possible(self, probabilities: np.ndarray) -> tuple[str, ...]:
        """The diagnoses that cannot be ruled out, likeliest first; the likeliest one always.

        Args:
            probabilities: (7,), calibrated.
        """
        order = np.argsort(-probabilities, kind="stable")
        return tuple(
            CLASSES[number]
            for rank, number in enumerate(order)
            if rank == 0 or probabilities[number] >= self.floors[number]
        )


@dataclass(frozen=True)
class Coverage:
    """How often the sets of one diagnosis hold the truth.

    Attributes:
        value: share of lesions; a lesion of which only some photos are covered counts in part. None without lesions.
        low, high: 95 % interval (Clopper & Pearson 1934, on lesions).
        size: mean number of diagnoses in a set, lesions weighing alike.
    """

    images: int
    lesions: int
    value: float | None
    low: float | None
    high: float | None
    size: float | None


def load_sets(folder: Path) -> Sets | None:
    """Read the sets of a checkpoint folder; None if it has none.

    Raises:
        CheckpointError: if they are damaged.
    """
    if not (folder / UNCERTAINTY).is_file():
        return None
    mend = "run python -m skinnet fit-gate again"
    try:
        settings = read_json(folder / UNCERTAINTY, mend=mend)["sets"]
        sets = Sets(*(tuple(settings[name]) for name in ("floors", "promised", "lesions")))
    except (DataError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / UNCERTAINTY} is damaged: {mend}.") from error
    if len(sets.floors) != len(CLASSES):
        raise CheckpointError(f"{folder / UNCERTAINTY} is damaged: {mend}.")
    return sets


def fit_sets(probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray) -> Sets:
    """Find each diagnosis' floor.

    Where a diagnosis has too few lesions for its promise (19 for 95 %, 39 for 97.5 %), its floor is the least
    probability among them, which is the most that they allow, and nothing is promised.

    Args:
        probabilities: (N, 7), calibrated.
        dx: (N,) names.
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
    """By diagnosis, how often the set holds the truth; arguments as for `fit_sets`."""
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


def sentence(possible: tuple[str, ...]) -> str:
    """What the set means, for a reader; never an all-clear.

    Args:
        possible: abbreviations, likeliest first.
    """
    names = [_in_sentence(name) for name in possible]
    if len(names) == 1:
        return f"Of its seven diagnoses the network holds only {names[0]} possible; it errs, too."
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 2 else " and ".join(names)
    between = "between " if len(names) > 2 else ""
    verb = "choose" if between else "separate"
    listed = listed if between else f"{names[0]} from {names[1]}"
    excluded = "; melanoma is not excluded" if "mel" in possible and possible[0] != "mel" else ""
    return f"The network cannot {verb} {between}{listed} here{excluded}."


def spread_sentence(malignant: np.ndarray, *, threshold: float) -> str:
    """How far copies of one photo disagree, and whether they fall on both sides of the threshold.

    Args:
        malignant: (V,), `p_malignant` of each copy.
    """
    low, high = (percent(float(end)) for end in (malignant.min(), malignant.max()))
    found = f"Mirrored, turned or cropped, the same photo gets a chance of {low} to {high}"
    return f"{found}: the verdict hangs on how it was taken." if crosses(malignant, threshold) else f"{found}."


def crosses(malignant: np.ndarray, threshold: float) -> np.ndarray:
    """Whether the first axis has values on both sides of a threshold: (V, ...) -> bool (...)."""
    return np.asarray((malignant.min(axis=0) < threshold) & (malignant.max(axis=0) >= threshold))


def _in_sentence(name: str) -> str:
    """A diagnosis' full name without its comment in brackets, lower case but for names of people."""
    full = FULL_NAMES[name].split(" (")[0]
    return full[0].lower() + full[1:]
