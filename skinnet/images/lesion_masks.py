"""Lesion masks of HAM10000, laid over the network's input, and crops that move a lesion off the centre.

mask = lesion_mask(root / "ham10000/masks/ISIC_0024306_segmentation.png", shape=pixels.shape[:2])  # bool (H, W)
pixels, mask = off_centre(pixels, mask, corner=2)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from skinnet.errors import DataError

CROP = 2 / 3
"""Of each side. A lesion in the middle of a photo lands a quarter of the crop's sides from its edges."""
CORNERS = 4
MEND = "run python -m skinnet acquire ham10000 again"


def mask_path(root: Path, row: pd.Series) -> Path:
    """Where `acquire` put the mask of a row of the index."""
    return root / str(row["source"]) / "masks" / f"{row['image_id']}_segmentation.png"


def lesion_mask(path: Path, *, shape: tuple[int, int]) -> np.ndarray:
    """Read a mask at the size of the network's input: bool `shape` (H, W), true where the lesion is.

    Some are palette pictures, whose numbers are not grey levels, so all are turned to grey first.

    Raises:
        DataError: if the mask is missing or damaged.
    """
    try:
        with Image.open(path) as picture:
            grey = picture.convert("L").resize((shape[1], shape[0]), Image.Resampling.BOX)
    except FileNotFoundError as error:
        raise DataError(f"There is no mask {path}: {MEND}.") from error
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"The mask {path} is damaged: {MEND}.") from error
    return np.asarray(grey) >= 128


def offset(mask: np.ndarray) -> float:
    """Distance of a lesion's centroid from the middle of the photo: 0 there, 1 in a corner; NaN without a lesion."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return float("nan")
    height, width = mask.shape
    down, right = rows.mean() - (height - 1) / 2, columns.mean() - (width - 1) / 2
    return float(np.hypot(down, right) / np.hypot(height / 2, width / 2))


def off_centre(pixels: np.ndarray, mask: np.ndarray, *, corner: int) -> tuple[np.ndarray, np.ndarray]:
    """Crop a photo and its mask to one corner and enlarge them to the size they had.

    Args:
        pixels: uint8 (H, W, 3).
        mask: bool (H, W).
        corner: 0 to 3: which corner of the photo is kept: top left, top right, bottom left, bottom right.
    """
    height, width = mask.shape
    tall, wide = round(height * CROP), round(width * CROP)
    top, left = (corner // 2) * (height - tall), (corner % 2) * (width - wide)
    box = (left, top, left + wide, top + tall)
    photo = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC, box=box)
    cut = Image.fromarray(mask.astype(np.uint8) * 255).resize((width, height), Image.Resampling.BILINEAR, box=box)
    return np.array(photo), np.asarray(cut) >= 128
