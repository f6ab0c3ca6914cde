"""Skin without a lesion, cut from the corners of validation photos that the lesion mask leaves free.

for picture in bare_skin(root): ...  # PIL RGB
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from skinnet.data.index import load_index
from skinnet.images.lesion_masks import mask_path
from skinnet.images.photo import SQUASHED_SIZE, open_photo

log = logging.getLogger(__name__)

SKIN_SIDE = 64
"""Least side of a patch of skin, in pixels of the photo."""


def bare_skin(root: Path) -> Iterator[Image.Image]:
    """Cut out the largest free corner of each validation photo, if it is large enough.

    Args:
        root: the data folder, after `prepare`.
    """
    folder = root / "ham10000" / "masks"
    if not folder.is_dir():
        log.warning("No lesion masks in %s: skin without a lesion is left out", folder)
        return
    table = load_index(root)
    for _, row in table[table["split"] == "val"].iterrows():
        mask = mask_path(root, row)
        if not mask.is_file():
            continue
        photo = open_photo(root / str(row["path"]))
        box = free_corner(np.asarray(Image.open(mask).convert("L").resize(photo.size)) > 0)
        if box is not None:
            yield photo.crop(box)


def mirrored_skin(root: Path) -> Iterator[Image.Image]:
    """Continue the same corners by their mirror images to the size of a photo.

    A corner by itself is enlarged two- to threefold on the way to the network, and the gate notices that alone. A
    mirrored corner is enlarged no more than photos are.
    """
    for corner in bare_skin(root):
        pixels = np.asarray(corner)
        missing = [max(side - have, 0) for side, have in zip(reversed(SQUASHED_SIZE), pixels.shape, strict=False)]
        yield Image.fromarray(np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric"))


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
