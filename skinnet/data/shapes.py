"""Random shapes for training, so that a network does not expect the 4:3 of HAM10000.

    shapes = draw_shapes(len(batches), frame=(192, 256), probability=0.75, seed=0, epoch=3)
    pixels = cut_to_shape(pixels, shapes[0])  # uint8 (H, W, 3) -> uint8 (*shapes[0].frame, 3)

A photo is cut to the shape of its batch and scaled to about the area of the frame: what `preprocess` makes of a photo
that comes in this shape. All images of a batch have one shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

NARROWEST, WIDEST = 3 / 4, 16 / 9
"""Width over height."""
SIDE_STEP = 16
"""Heights and widths are multiples of so many pixels: the transformer's patches."""
OFF_CENTRE = 0.5
"""Largest shift of a cut, as a share of what is cut away on a side: the lesion is mostly in the middle."""


@dataclass(frozen=True)
class Shape:
    """What the images of a batch are cut to.

    Attributes:
        frame: (height, width) in pixels.
        offset: (down, right), shift of the cut from the middle, as a share of what is cut away on a side.
    """

    frame: tuple[int, int]
    offset: tuple[float, float] = (0.0, 0.0)


def draw_shapes(count: int, *, frame: tuple[int, int], probability: float, seed: int, epoch: int) -> list[Shape]:
    """A shape for each batch of an epoch; it depends on `seed` and `epoch` alone.

    Args:
        frame: (height, width) of the batches that keep it, and the area of the others.
        probability: that a batch gets another shape, evenly distributed in the logarithm of its aspect.
    """
    rng = np.random.default_rng([seed, epoch])
    chosen = rng.random(count) < probability
    aspects = np.exp(rng.uniform(math.log(NARROWEST), math.log(WIDEST), count))
    offsets = rng.uniform(-OFF_CENTRE, OFF_CENTRE, (count, 2))
    return [
        Shape(frame_of(aspect, frame) if other else frame, (down, right))
        for other, aspect, (down, right) in zip(chosen, aspects.tolist(), offsets.tolist(), strict=True)
    ]


def frame_of(aspect: float, frame: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of an aspect and about the area of a frame, in steps of `SIDE_STEP`."""
    area = frame[0] * frame[1]
    height, width = (round(math.sqrt(side) / SIDE_STEP) * SIDE_STEP for side in (area / aspect, area * aspect))
    return height, width


def cut_to_shape(pixels: np.ndarray, shape: Shape) -> np.ndarray:
    """Cut the largest part of the shape out of a picture, and scale it.

    A picture that lies across the shape is turned by 90 degrees first, since a lesion has no up.

    Args:
        pixels: uint8 (H, W, 3).

    Returns:
        uint8 (*shape.frame, 3); the picture itself if it fits.
    """
    if pixels.shape[:2] == shape.frame:
        return pixels
    if (pixels.shape[0] - pixels.shape[1]) * (shape.frame[0] - shape.frame[1]) < 0:
        pixels = np.rot90(pixels)
    height, width = pixels.shape[:2]
    scale = min(height / shape.frame[0], width / shape.frame[1])
    part = (shape.frame[0] * scale, shape.frame[1] * scale)
    top, left = (
        (side - kept) / 2 * (1 + shift) for side, kept, shift in zip((height, width), part, shape.offset, strict=True)
    )
    box = (left, top, min(left + part[1], width), min(top + part[0], height))
    photo = Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(photo.resize(shape.frame[::-1], Image.Resampling.BICUBIC, box=box))
