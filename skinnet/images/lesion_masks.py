"""Read the lesion masks of HAM10000 at the size of the network's input, and crop photos so that a lesion is off centre.

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
"""Share of each side. A lesion in the middle of a photo ends up a quarter of the crop's side from its edges."""
CORNERS = 4
REMEDY = "run python -m skinnet acquire ham10000 again"


def mask_path(root: Path, row: pd.Series) -> Path:
    """Return the path where `acquire` stores the mask of a row of the index."""
    return root / str(row["source"]) / "masks" / f"{row['image_id']}_segmentation.png"


def lesion_mask(path: Path, *, shape: tuple[int, int]) -> np.ndarray:
    """Read a mask at the size of the network's input: bool `shape` (H, W), true where the lesion is.

    Some masks are palette pictures, whose numbers are not grey levels, so all are converted to grey first.

    Raises:
        DataError: if the mask is missing or damaged.
    """
    try:
        with Image.open(path) as picture:
            grey = picture.convert("L").resize((shape[1], shape[0]), Image.Resampling.BOX)
    except FileNotFoundError as error:
        raise DataError(f"There is no mask {path}: {REMEDY}.") from error
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"The mask {path} is damaged: {REMEDY}.") from error
    return np.asarray(grey) >= 128


def offset(mask: np.ndarray) -> float:
    """Measure how far a lesion's centroid is from the middle of the photo.

    Args:
        mask: bool (H, W).

    Returns:
        0 in the middle, 1 in a corner, NaN without a lesion.
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return float("nan")
    height, width = mask.shape
    down, right = rows.mean() - (height - 1) / 2, columns.mean() - (width - 1) / 2
    return float(np.hypot(down, right) / np.hypot(height / 2, width / 2))


def off_centre(pixels: np.ndarray, mask: np.ndarray, *, corner: int) -> tuple[np.ndarray, np.ndarray]:
    """Crop a photo and its mask to one corner, and enlarge them to their size before.

    Args:
        pixels: uint8 (H, W, 3).
        mask: bool (H, W).
        corner: the corner of the photo to crop to: 0 top left, 1 top right, 2 bottom left, 3 bottom right.

    Returns:
        uint8 (H, W, 3) and bool (H, W).
    """
    height, width = mask.shape
    crop_height, crop_width = round(height * CROP), round(width * CROP)
    top, left = (corner // 2) * (height - crop_height), (corner % 2) * (width - crop_width)
    box = (left, top, left + crop_width, top + crop_height)
    photo = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC, box=box)
    cropped_mask = Image.fromarray(mask.astype(np.uint8) * 255).resize(
        (width, height), Image.Resampling.BILINEAR, box=box
    )
    return np.array(photo), np.asarray(cropped_mask) >= 128
