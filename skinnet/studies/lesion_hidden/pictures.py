"""Pictures of a photo with its lesion hidden, with all but its lesion hidden, and controls of both.

    pictures = hide_lesion(pixels, mask)  # {"whole": pixels, "lesion hidden": ..., "other place hidden": ...}

A hidden area gets one colour: the mean of the photo's pixels off the lesion, the same in all pictures of a photo. So
hiding the lesion still shows its outline. Hiding its bounding box shows no outline, only a size and a place. Hiding the
surroundings shows the lesion's outline and the mean colour of the skin.

A control hides, or shows, an area of the same shape at another place of the photo. A lesion that fills much of a photo
leaves no such place.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.signal import fftconvolve

VERSION = 1
"""Raise it when the same photo and mask give other pictures: caches of logits depend on it."""
MARGIN = 5
"""Pixels of the network's 256 x 192 by which a mask is widened, so that the lesion's border does not show."""
WHOLE = "whole"
FOR_ALL = (WHOLE, "lesion hidden", "box hidden", "surroundings hidden")
"""Pictures that need no other place in the photo."""
WITH_ROOM = (
    WHOLE, "lesion hidden", "other place hidden", "box hidden", "other box hidden",
    "surroundings hidden", "only other place shown",
)  # fmt: skip
"""All pictures, of photos with room for the controls."""


def hide_lesion(pixels: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Make the pictures of a photo, with the controls where there is room for both of them.

    Args:
        pixels: uint8 (H, W, 3).
        mask: bool (H, W), the lesion.

    Returns:
        uint8 (H, W, 3) by the names of `WITH_ROOM` or `FOR_ALL`; only the whole photo if the mask, widened,
        is empty or leaves nothing.
    """
    lesion = widened(mask) if mask.any() else mask
    if not lesion.any() or lesion.all():
        return {WHOLE: pixels}
    box = bounding_box(lesion)
    hidden = {"lesion hidden": lesion, "box hidden": box, "surroundings hidden": ~lesion}
    other, other_box = nearest_free_place(lesion, avoid=lesion), nearest_free_place(box, avoid=lesion)
    if other is not None and other_box is not None:
        hidden |= {"other place hidden": other, "other box hidden": other_box, "only other place shown": ~other}
    colour = pixels[~lesion].mean(axis=0).round().astype(np.uint8)
    return {WHOLE: pixels} | {name: np.where(area[..., None], colour, pixels) for name, area in hidden.items()}


def widened(mask: np.ndarray) -> np.ndarray:
    """A mask and all pixels within `MARGIN` of it: bool (H, W)."""
    return np.asarray(distance_transform_edt(~mask) <= MARGIN)


def bounding_box(mask: np.ndarray) -> np.ndarray:
    """The smallest upright rectangle around a mask that is not empty: bool (H, W)."""
    box = np.zeros_like(mask)
    box[_extent(mask, axis=0), _extent(mask, axis=1)] = True
    return box


def _extent(mask: np.ndarray, *, axis: int) -> slice:
    """From the first to the last row (axis 0) or column (1) that holds some of a mask."""
    inside = np.flatnonzero(np.asarray(mask.any(axis=1 - axis)))
    return slice(int(inside[0]), int(inside[-1]) + 1)


def nearest_free_place(shape: np.ndarray, *, avoid: np.ndarray) -> np.ndarray | None:
    """Shift a shape to the nearest place that is wholly in the picture and shares no pixel with `avoid`.

    The nearest place resembles the lesion's own most: lesions lie in the middle, dark corners and rulers do not. Of
    several equally near places the uppermost is taken, then the leftmost.

    Args:
        shape, avoid: bool (H, W), not empty.

    Returns:
        bool (H, W) of the same area; None if there is no such place.
    """
    rows, columns = _extent(shape, axis=0), _extent(shape, axis=1)
    cut = shape[rows, columns]
    shared = fftconvolve(avoid.astype(float), cut[::-1, ::-1].astype(float), mode="valid")  # by upper left corner
    places = np.argwhere(shared < 0.5)
    if not len(places):
        return None
    top, left = places[((places - (rows.start, columns.start)) ** 2).sum(axis=1).argmin()]
    moved = np.zeros_like(shape)
    moved[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return moved
