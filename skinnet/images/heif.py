"""HEIC and HEIF, the pictures of phones: their reader, and a way through little memory for large ones."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image

STRIP_ROWS = 256


@lru_cache(maxsize=1)
def register_heif() -> None:
    """Have Pillow open HEIF files."""
    from pillow_heif import register_heif_opener  # loads a large library, which most photos do without

    register_heif_opener()


def halved_heif(data: bytes, *, page: int) -> Image.Image:
    """Decode a picture of a file, averaging 2 x 2 pixels, without a copy of it in full size."""
    from pillow_heif import open_heif

    picture = open_heif(io.BytesIO(data))[page]
    pixels = np.asarray(picture)  # (H, W, 3 or 4) or (H, W)
    height, width = pixels.shape[0], picture.size[0]
    half: Image.Image | None = None
    for top in range(0, height, STRIP_ROWS):
        strip = Image.fromarray(pixels[top : top + STRIP_ROWS, :width]).reduce(2)
        half = half or Image.new(strip.mode, (strip.width, -(-height // 2)))
        half.paste(strip, (0, top // 2))
    if half is None:
        raise ValueError("no rows")
    half.info.update(picture.info)
    return half
