"""Masks drawn for the tests."""

from __future__ import annotations

import numpy as np

SHAPE = (192, 256)


def disc(*, row: float = 96, column: float = 110, radius: float = 20) -> np.ndarray:
    rows, columns = np.indices(SHAPE)
    return np.asarray((rows - row) ** 2 + 1.7 * (columns - column) ** 2 <= radius**2)
