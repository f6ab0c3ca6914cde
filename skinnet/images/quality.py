"""Is a picture good enough to be judged: sharp, neither dark nor glaring, and not empty?

    faults = find_faults(pixels, size=photo.size, bounds=bounds)  # [] or [Fault("warn", "The picture is blurred.")]

Nothing here knows what a lesion is: that is the gate's second question (`skinnet.inference.gate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import uniform_filter

Level = Literal["ok", "warn", "refuse"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "refuse")
"""From best to worst."""
SMALL_SIDE = 112
"""Pixels: half the height of the pictures that the network was trained on."""
GRAIN = 8
"""Pixels of the network's input over which content is averaged, so that noise does not count as content."""


@dataclass(frozen=True)
class Measures:
    """What is measured of a picture's brightness, 0 (black) to 255 (white).

    Attributes:
        brightness: its mean.
        content: its standard deviation after averaging over `GRAIN` x `GRAIN` pixels: what is there to see.
        sharpness: mean difference of a pixel from its 3 x 3 neighbourhood.
    """

    brightness: float
    content: float
    sharpness: float


@dataclass(frozen=True)
class Bounds:
    """The least and the greatest of each measure among the validation images: (least, greatest)."""

    brightness: tuple[float, float]
    content: tuple[float, float]
    sharpness: tuple[float, float]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a picture, in a sentence, and how much it matters."""

    level: Level
    words: str


def measure(pixels: np.ndarray) -> Measures:
    """Measure the network's input, uint8 (H, W, 3)."""
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)  # (H, W)
    height, width = (side // GRAIN * GRAIN for side in grey.shape)
    blocks = grey[:height, :width].reshape(height // GRAIN, GRAIN, width // GRAIN, GRAIN).mean(axis=(1, 3))
    return Measures(float(grey.mean()), float(blocks.std()), float(np.abs(grey - uniform_filter(grey, 3)).mean()))


def fit_bounds(measures: list[Measures]) -> Bounds:
    """The range of each measure."""
    ranges = {
        name: (min(values), max(values))
        for name in ("brightness", "content", "sharpness")
        if (values := [getattr(each, name) for each in measures])
    }
    return Bounds(**ranges)


def find_faults(pixels: np.ndarray, *, size: tuple[int, int], bounds: Bounds) -> list[Fault]:
    """Everything that is wrong with a picture.

    Args:
        pixels: uint8 (H, W, 3), the network's input.
        size: (width, height) of the photo that it was made of.
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
