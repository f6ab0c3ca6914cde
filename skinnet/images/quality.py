"""Check whether a picture is good enough to classify: sharp, neither too dark nor too bright, and not empty.

    faults = find_faults(pixels, size=photo.size, bounds=bounds)  # [] or [Fault("warn", "The picture is blurred.")]

Nothing here depends on what the picture shows. Whether it shows a lesion is the gate's question: `inference.gate`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

Level = Literal["ok", "warn", "refuse"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "refuse")
"""From best to worst."""
SMALL_SIDE = 112
"""Pixels: half the height of the training pictures."""
GRAIN = 8
"""Pixels of the network's input: content is averaged over squares of this side, so that noise does not count."""


@dataclass(frozen=True)
class Measures:
    """Measures of a picture's grey levels, which are 0 (black) to 255 (white).

    Attributes:
        brightness: their mean.
        content: their standard deviation after averaging over `GRAIN` x `GRAIN` pixels: how much there is to see.
        sharpness: mean difference of a pixel from its 3 x 3 neighbourhood.
    """

    brightness: float
    content: float
    sharpness: float


@dataclass(frozen=True)
class Bounds:
    """The range of each measure among the validation images: (least, greatest)."""

    brightness: tuple[float, float]
    content: tuple[float, float]
    sharpness: tuple[float, float]


@dataclass(frozen=True)
class Fault:
    """A fault of a picture, in a sentence, and how serious it is."""

    level: Level
    words: str


def measure(pixels: np.ndarray) -> Measures:
    """Measure the network's input, uint8 (H, W, 3)."""
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)  # (H, W)
    height, width = (side // GRAIN * GRAIN for side in grey.shape)
    blocks = grey[:height, :width].reshape(height // GRAIN, GRAIN, width // GRAIN, GRAIN).mean(axis=(1, 3))
    return Measures(float(grey.mean()), float(blocks.std()), float(np.abs(grey - _neighbourhood_mean(grey)).mean()))


def _neighbourhood_mean(grey: np.ndarray) -> np.ndarray:
    """Mean of each pixel's 3 x 3 neighbourhood, continued by its mirror image: float32 (H, W) -> the same.

    It equals `scipy.ndimage.uniform_filter(grey, 3)` to the last bit; a photo's way does without scipy.
    """
    mirrored = np.pad(grey, 1, mode="symmetric").astype(np.float64)
    rows = ((mirrored[:-2] + mirrored[1:-1] + mirrored[2:]) / 3).astype(np.float32).astype(np.float64)
    return np.asarray(((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3).astype(np.float32))


def fit_bounds(measures: list[Measures]) -> Bounds:
    """Return the range of each measure."""
    by_name = {each.name: [getattr(measured, each.name) for measured in measures] for each in fields(Measures)}
    return Bounds(**{name: (min(values), max(values)) for name, values in by_name.items()})


def find_faults(pixels: np.ndarray, *, size: tuple[int, int], bounds: Bounds) -> list[Fault]:
    """Find all faults of a picture.

    Args:
        pixels: uint8 (H, W, 3), the network's input.
        size: (width, height) of the photo that it was made from.
        bounds: ranges outside which a measure is a fault.
    """
    found = measure(pixels)
    faults = []
    if found.content < bounds.content[0]:
        faults.append(Fault("refuse", "There is almost nothing to see in the picture."))
    if min(size) < SMALL_SIDE:
        width, height = size
        faults.append(
            Fault("warn", f"The picture is small ({width} x {height} pixels): use one of {SMALL_SIDE} pixels or more.")
        )
    if found.sharpness < bounds.sharpness[0]:
        faults.append(Fault("warn", "The picture is blurred."))
    if found.brightness < bounds.brightness[0]:
        faults.append(Fault("warn", "The picture is too dark."))
    if found.brightness > bounds.brightness[1]:
        faults.append(Fault("warn", "The picture is too bright."))
    return faults
