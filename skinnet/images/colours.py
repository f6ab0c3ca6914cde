"""From a decoded picture of any kind to 8-bit sRGB: bit depth, palette, ICC profile, transparency.

    photo = to_rgb(image)

The work is done in strips, so that a large picture needs no second and third copy of itself.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

STRIP_PIXELS = 500_000
SAME_COLOUR = 2
"""A profile that moves no colour by more levels of 255 is sRGB: makers round its tables differently."""
WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def to_rgb(image: Image.Image, *, halved: bool = False) -> Image.Image:
    """Convert a decoded picture to RGB: sRGB by its ICC profile, transparency on white.

    A profile that is damaged, or meant for another kind of picture, is ignored.

    Args:
        halved: average 2 x 2 pixels.
    """
    if not halved and _is_plain(image):
        return image
    factor = 2 if halved else 1
    width, height = image.size
    photo = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = max(1, STRIP_PIXELS // width) * factor
    for top in range(0, height, rows):
        strip = _converted(image.crop((0, top, width, min(top + rows, height))))
        photo.paste(strip.reduce(factor) if halved else strip, (0, top // factor))
    return photo


def _is_plain(image: Image.Image) -> bool:
    if image.mode != "RGB" or "transparency" in image.info:
        return False
    profile = image.info.get("icc_profile")
    try:
        return not profile or _is_srgb(profile)
    except (OSError, ImageCms.PyCMSError):
        return True


def _converted(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))  # Pillow's own conversion clips at 255
    alpha = None
    if "transparency" in image.info or image.mode in WITH_ALPHA:
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A")
        image = rgba.convert("L" if image.mode in ("LA", "La") else "RGB")
    if profile:
        image = _to_srgb(image, profile)
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a picture to sRGB by its ICC profile; leave it if that is sRGB, damaged, or for other channels."""
    if image.mode not in ("L", "CMYK"):
        image = image.convert("RGB")
    try:
        if image.mode == "RGB" and _is_srgb(profile):
            return image
        return _srgb_transform(profile, image.mode).apply(image)
    except (OSError, ImageCms.PyCMSError):
        return image


def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.buildTransform(source, target, mode, "RGB")


@lru_cache(maxsize=8)
def _is_srgb(profile: bytes) -> bool:
    """Tell whether a profile leaves all colours as they are; its name could be anything.

    The answers are cached, since most pictures share a few profiles.
    """
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    converted = np.asarray(_srgb_transform(profile, "RGB").apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= SAME_COLOUR)
