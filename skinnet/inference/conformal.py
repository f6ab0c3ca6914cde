"""Which diagnoses cannot be ruled out for a photo?

    sets = load_sets(Path("checkpoints/committee"))  # None if the checkpoint has none
    sets.possible(probabilities)                          # ("bkl", "mel")

The sets are class-conditional split-conformal ones (Vovk, ACML 2012): a diagnosis stays in the set unless its
probability is lower than in all but a few of the validation lesions that have it. `training.fit_conformal` fits them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skinnet.checkpoint import CONFORMAL, check_range
from skinnet.errors import CheckpointError, DataError
from skinnet.files import read_json, structured
from skinnet.labels import CLASSES


@dataclass(frozen=True)
class Sets:
    """The probability that a diagnosis must reach to stay possible.

    Attributes:
        floors: one a class.
        promised: share of its lesions that reach the floor, by theory; None where validation has too few lesions.
        lesions: validation lesions of each class.

    Raises:
        ValueError: if there is not one of each a class, or one is out of range.
    """

    floors: tuple[float, ...]
    promised: tuple[float | None, ...]
    lesions: tuple[int, ...]

    def __post_init__(self) -> None:
        if {len(self.floors), len(self.promised), len(self.lesions)} != {len(CLASSES)}:
            raise ValueError(f"{len(self.floors)} floors for {len(CLASSES)} classes")
        check_range("floors", self.floors, 0, 1)
        check_range("promised", [share for share in self.promised if share is not None], 0, 1)
        check_range("lesions", self.lesions, 0, math.inf)

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


def load_sets(folder: Path) -> Sets | None:
    """Read the sets of a checkpoint folder; None if it has none.

    Raises:
        CheckpointError: if they are damaged.
    """
    path = folder / CONFORMAL
    if not path.is_file():
        return None
    advice = "run python -m skinnet fit-gate again"
    try:
        return structured(Sets, read_json(path, advice=advice)["sets"])
    except (DataError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {advice}.") from error
