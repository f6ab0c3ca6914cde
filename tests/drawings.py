"""Lesions drawn by code: data for tests. They are no photos and show no patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter

SIZE = (600, 450)


@dataclass(frozen=True)
class Look:
    """How a drawn lesion looks.

    Attributes:
        colours: RGB from the middle to the rim.
        radius: share of the picture's height.
        raggedness: 0 for a round outline, 0.5 for a very ragged one.
        mottle: how much the colours mix, 0 to 1.
    """

    colours: Sequence[tuple[int, int, int]]
    radius: float
    raggedness: float
    mottle: float


LOOKS = {
    "akiec": Look([(214, 120, 110), (226, 160, 140)], 0.34, 0.25, 0.9),
    "bcc": Look([(205, 130, 135), (150, 90, 110), (222, 165, 155)], 0.28, 0.2, 0.7),
    "bkl": Look([(150, 105, 70), (175, 130, 95)], 0.32, 0.15, 0.5),
    "df": Look([(235, 205, 190), (165, 110, 85)], 0.18, 0.08, 0.1),
    "mel": Look([(40, 30, 40), (85, 50, 40), (110, 100, 125)], 0.34, 0.4, 1.0),
    "nv": Look([(95, 60, 40), (140, 95, 65)], 0.2, 0.05, 0.2),
    "vasc": Look([(150, 20, 40), (175, 40, 60)], 0.2, 0.1, 0.3),
}
"""One look for each diagnosis, told apart by colour and outline: a caricature, not a teaching picture."""


def draw_lesion(look: Look, *, seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw a spot on skin.

    Args:
        seed: the same seed gives the same picture.
        size: (width, height) in pixels.

    Returns:
        PIL RGB.
    """
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width] / height - np.array([0.5, width / height / 2])[:, None, None]
    x, y = x - rng.uniform(-0.08, 0.08), y - rng.uniform(-0.08, 0.08)
    angle = np.arctan2(y, x)
    waves = sum(rng.normal() / k * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(2, 9))
    distance = np.hypot(x * rng.uniform(0.8, 1.25), y) / (look.radius * (1 + look.raggedness * waves / 2))
    mottle = _noise(rng, (height, width), height / 25) * look.mottle * 0.5
    place = np.clip(distance + mottle, 0, 1) * (len(look.colours) - 1)
    table = np.array(look.colours, dtype=float)
    lesion = np.stack([np.interp(place, range(len(table)), table[:, channel]) for channel in range(3)], axis=-1)
    skin = np.array([224, 178, 158]) + rng.uniform(-12, 12, 3) + 5 * _noise(rng, (height, width), 30)[..., None]
    cover = 1 / (1 + np.exp((distance - 1) * 14))[..., None]
    grain = rng.normal(0, 3, (height, width, 1))
    pixels = np.clip(skin * (1 - cover) + lesion * cover + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.7))


def _noise(rng: np.random.Generator, shape: tuple[int, int], grain: float) -> np.ndarray:
    """Smooth noise of mean 0 and deviation 1."""
    noise = gaussian_filter(rng.normal(size=shape), grain / 2)
    return np.asarray((noise - noise.mean()) / noise.std())
