"""Skin without a lesion, cut from the corners of photos that the lesion mask leaves free, and lesions cut alike.

for crops in skin_crops(rows, root): ...  # crops.skin, crops.lesion: PIL RGB, squares of one size
mirrored(crops.skin)                      # continued to the size of a photo
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from skinnet.images.lesion_masks import lesion_mask, mask_path
from skinnet.images.photo import SQUASHED_SIZE, open_photo

SKIN_SIDE = 64
"""Least side of a patch of skin, in pixels of the photo."""


@dataclass(frozen=True)
class SkinCrops:
    """Two squares of one size from one photo.

    Attributes:
        skin: the largest corner without a lesion.
        lesion: around the lesion's centroid, as far as the photo allows.
    """

    skin: Image.Image
    lesion: Image.Image


def skin_crops(rows: pd.DataFrame, root: Path) -> Iterator[SkinCrops]:
    """Cut both squares out of each photo that has a mask and a free corner that is large enough.

    Args:
        rows: of the index.
        root: the data folder, after `prepare`.

    Raises:
        DataError: if a mask is damaged.
    """
    for _, row in rows.iterrows():
        path = mask_path(root, row)
        if not path.is_file():
            continue
        photo = open_photo(root / str(row["path"]))
        lesion = lesion_mask(path, shape=(photo.height, photo.width))
        corner = free_corner(lesion)
        if corner is not None and lesion.any():
            side = corner[2] - corner[0]
            top, left = (
                int(np.clip(where.mean() - side / 2, 0, size - side))
                for where, size in zip(np.nonzero(lesion), lesion.shape, strict=True)
            )
            yield SkinCrops(photo.crop(corner), photo.crop((left, top, left + side, top + side)))


def mirrored(crop: Image.Image) -> Image.Image:
    """Continue a crop by its mirror image to the size of a photo.

    A crop by itself is enlarged two- to threefold on the way to the network, and the gate notices that alone. A
    mirrored crop is enlarged no more than photos are.
    """
    pixels = np.asarray(crop)
    missing = [max(side - present, 0) for side, present in zip(reversed(SQUASHED_SIZE), pixels.shape, strict=False)]
    return Image.fromarray(np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric"))


def free_corner(lesion: np.ndarray, *, margin: int = 6) -> tuple[int, int, int, int] | None:
    """The largest square in a corner that is free of the lesion, as (left, top, right, bottom).

    Args:
        lesion: bool (H, W).
        margin: outermost pixels that are skipped, since many photos have dark corners.
    """
    height, width = lesion.shape
    for side in range(min(height, width) - 2 * margin, SKIN_SIDE - 1, -4):
        for left in (margin, width - margin - side):
            for top in (margin, height - margin - side):
                if not lesion[top : top + side, left : left + side].any():
                    return left, top, left + side, top + side
    return None
