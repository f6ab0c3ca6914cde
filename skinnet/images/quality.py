"""Check whether a picture is good enough to classify: sharp, well lit, not empty, and in its colours.

    faults = find_faults(pixels, size=photo.size, bounds=bounds)  # [] or [Fault("warn", "The picture is blurred.")]
    measure(pixels).chroma, bounds.chroma  # a value, and the range of the validation images

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
"""Pixels of the network's input: content and colour are averaged over squares of this side, so that noise does not
count."""
COLOURFUL = 0.995
"""The quantile of the squares' chroma that is measured: a nearly grey photo of a lesion has no strong colour anywhere,
while a pale genuine one mostly has a brown or red spot."""
MIDDLE = 0.5
"""Share of each side. The tint is that of the middle: on validation it tells swapped colours from genuine ones better
than the outer rim, which is black in some photos and bluish in others (docs/gate.md)."""
COLOUR_SHARE = 0.005
"""Share of the validation images that lie below the bound of each measure of colour."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Measures:
    """Measures of a picture's pixels. Grey levels and channels are 0 to 255.

    Attributes:
        brightness: mean of the grey levels.
        content: standard deviation of the grey levels after averaging over `GRAIN` x `GRAIN` pixels: how much there is
            to see.
        sharpness: mean difference of a grey level from its 3 x 3 neighbourhood.
        chroma: difference between the greatest and the least channel in the most colourful squares of `GRAIN` x `GRAIN`
            pixels, divided by the brightness; 0 for a grey picture.
        tint: mean red of the middle, divided by the greater of mean green and mean blue; skin is above 1.
    """

    brightness: float
    content: float
    sharpness: float
    chroma: float
    tint: float


@dataclass(frozen=True)
class Bounds:
    """The range of each measure among the validation images: (least, greatest); see `fit_bounds`."""

    brightness: tuple[float, float]
    content: tuple[float, float]
    sharpness: tuple[float, float]
    chroma: tuple[float, float]
    tint: tuple[float, float]


@dataclass(frozen=True)
class Fault:
    """A fault of a picture, in a sentence, and how serious it is."""

    level: Level
    words: str


TOO_LOW = {
    "content": Fault("refuse", "There is almost nothing to see in the picture."),
    "sharpness": Fault("warn", "The picture is blurred."),
    "brightness": Fault("warn", "The picture is too dark."),
    "chroma": Fault("warn", "The photo has hardly any colour."),
    "tint": Fault("warn", "The colours look swapped or inverted."),
}
TOO_HIGH = {"brightness": Fault("warn", "The picture is too bright.")}
"""Faults of a measure below and above its bounds. What is sharper or more colourful than validation is no fault."""


def measure(pixels: np.ndarray) -> Measures:
    """Measure the network's input, uint8 (H, W, 3)."""
    grey = pixels.astype(np.float32) @ LUMA  # (H, W)
    blocks = _block_means(grey[..., None])
    squares = _block_means(pixels)  # (h, w, 3)
    chroma = float(np.quantile(np.ptp(squares, axis=2), COLOURFUL))
    height, width = (round(side * (1 - MIDDLE) / 2) for side in squares.shape[:2])
    red, green, blue = squares[height : -height or None, width : -width or None].mean(axis=(0, 1)).tolist()
    brightness = float(grey.mean())
    return Measures(
        brightness=brightness,
        content=float(blocks.std()),
        sharpness=float(np.abs(grey - _neighbourhood_mean(grey)).mean()),
        chroma=chroma / max(brightness, 1.0),
        tint=red / max(green, blue, 1.0),
    )


def _block_means(channels: np.ndarray) -> np.ndarray:
    """Average (H, W, C) over squares of `GRAIN` pixels a side: float32 (H // GRAIN, W // GRAIN, C)."""
    height, width = (side // GRAIN for side in channels.shape[:2])
    inside = channels[: height * GRAIN, : width * GRAIN]
    return np.asarray(inside.reshape(height, GRAIN, width, GRAIN, -1).mean(axis=(1, 3), dtype=np.float32))


def _neighbourhood_mean(grey: np.ndarray) -> np.ndarray:
    """Mean of each pixel's 3 x 3 neighbourhood, continued by its mirror image: float32 (H, W) -> the same.

    It equals `scipy.ndimage.uniform_filter(grey, 3)` to the last bit; a photo's way does without scipy.
    """
    mirrored = np.pad(grey, 1, mode="symmetric").astype(np.float64)
    rows = ((mirrored[:-2] + mirrored[1:-1] + mirrored[2:]) / 3).astype(np.float32).astype(np.float64)
    return np.asarray(((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3).astype(np.float32))


def fit_bounds(measures: list[Measures]) -> Bounds:
    """Return the range of each measure; those of colour begin at the quantile `COLOUR_SHARE`."""
    ranges = {}
    for name in (each.name for each in fields(Measures)):
        values = np.array([getattr(found, name) for found in measures])
        share = COLOUR_SHARE if name in ("chroma", "tint") else 0
        ranges[name] = (float(np.quantile(values, share)), float(values.max()))
    return Bounds(**ranges)


def find_faults(pixels: np.ndarray, *, size: tuple[int, int], bounds: Bounds) -> list[Fault]:
    """Find all faults of a picture.

    Args:
        pixels: uint8 (H, W, 3), the network's input.
        size: (width, height) of the photo that it was made from.
        bounds: ranges outside which a measure is a fault.
    """
    found = measure(pixels)
    faults = [fault for name in TOO_LOW if (fault := _fault(name, found, bounds))]
    if min(size) < SMALL_SIDE:
        words = f"The picture is small ({size[0]} x {size[1]} pixels): use one of {SMALL_SIDE} pixels or more."
        faults.append(Fault("warn", words))
    return faults


def _fault(name: str, found: Measures, bounds: Bounds) -> Fault | None:
    """The fault of one measure, if its value is out of bounds."""
    value, (least, greatest) = getattr(found, name), getattr(bounds, name)
    return TOO_LOW.get(name) if value < least else TOO_HIGH.get(name) if value > greatest else None
