"""Genuine photos, altered as other cameras and programs alter them: a gate should let most of them through.

for alteration, change in ALTERATIONS.items(): picture = change(photo)
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from skinnet.images.photo import SQUASHED_ASPECT


def unsquashed(photo: Image.Image) -> Image.Image:
    """A 224 x 224 export at the 4:3 of the photo it was made of; alterations then act on upright proportions."""
    return photo.resize((round(photo.height * SQUASHED_ASPECT), photo.height), Image.Resampling.BICUBIC)


def _compressed(photo: Image.Image) -> Image.Image:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=30)
    return Image.open(file).convert("RGB")


def _zoomed(photo: Image.Image, part: float) -> Image.Image:
    width, height = photo.size
    left, top = round(width * (1 - part) / 2), round(height * (1 - part) / 2)
    return photo.crop((left, top, width - left, height - top))


def _warmer(photo: Image.Image) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(photo) * np.array([1.08, 1.0, 0.92]), 0, 255).astype(np.uint8))


def _noisy(photo: Image.Image) -> Image.Image:
    pixels = np.asarray(photo)
    return Image.fromarray(
        np.clip(pixels + np.random.default_rng(0).normal(0, 5, pixels.shape), 0, 255).astype(np.uint8)
    )


ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "none": lambda photo: photo,
    "enlarged to 600 x 450": lambda photo: photo.resize((600, 450), Image.Resampling.BICUBIC),
    "turned by 90 degrees": lambda photo: photo.transpose(Image.Transpose.ROTATE_90),
    "a fifth brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.2),
    "a quarter darker": lambda photo: ImageEnhance.Brightness(photo).enhance(0.75),
    "warmer colours": _warmer,
    "blurred by 1 pixel": lambda photo: photo.filter(ImageFilter.GaussianBlur(1)),
    "sharpened": lambda photo: photo.filter(ImageFilter.UnsharpMask(2, 80)),
    "noise of 5 levels": _noisy,
    "middle 80 % of each side": lambda photo: _zoomed(photo, 0.8),
    "middle half of each side": lambda photo: _zoomed(photo, 0.5),
    "middle third of each side": lambda photo: _zoomed(photo, 1 / 3),
    "JPEG of quality 30": _compressed,
}
