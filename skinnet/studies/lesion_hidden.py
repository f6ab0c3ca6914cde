"""How much of the score does not come from the lesion (Bissoto et al., (De)Constructing Bias, CVPR workshops 2019).

    table = controls(classifier, index, images, root=Path("data"))
    save_controls(table, Path("checkpoints/ham10000-lite0"))
    print(controls_table(table).markdown())

Each photo is judged whole, without its lesion, and with nothing but its lesion; and, as a control, with just as much
hidden or shown at another place of the same photo. A network that learned the lesion and nothing else would fall to an
AUROC of .5 without the lesion, and would not mind the control.

What is hidden gets one colour, the mean of the photo's pixels off the lesion, the same in all pictures of a photo. So
hiding the lesion leaves its outline, which hiding its bounding box does not, except for its size and place; and hiding
the surroundings leaves the lesion's outline and the mean colour of the skin.

A lesion that fills much of a photo has no other place of its size. So there are two sets of photos: all of them, for
what needs no other place, and those with room, where all seven pictures are of the same photos. Only small lesions have
room: compare within a set.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt
from scipy.signal import fftconvolve

from skinnet.data.dataset import Images
from skinnet.data.index import lesion_names
from skinnet.device import keep_freed_memory
from skinnet.evaluation.bootstrap import DRAWS, from_columns
from skinnet.files import write_table
from skinnet.images.lesion_masks import lesion_mask, mask_path
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASSES, MALIGNANT
from skinnet.progress import progress
from skinnet.reporting.table import Table
from skinnet.studies.logits_cache import Kept
from skinnet.studies.robustness import changed, changes, counts, figures, truth_of

CONTROLS = "controls.csv"
MARGIN = 5
"""Pixels of the network's 256 x 192 by which a mask is widened, so that the lesion's border does not show."""
WHOLE = "whole"
FOR_ALL = (WHOLE, "lesion hidden", "box hidden", "surroundings hidden")
"""What needs no other place in the photo."""
WITH_CONTROLS = (
    WHOLE, "lesion hidden", "other place hidden", "box hidden", "other box hidden",
    "surroundings hidden", "only other place shown",
)  # fmt: skip
SETS = {"all": FOR_ALL, "with room": WITH_CONTROLS}
"""The pictures that are compared within each set of photos; a photo belongs to it if it has them all."""


def widened(mask: np.ndarray) -> np.ndarray:
    """A mask and what lies within `MARGIN` of it: bool (H, W)."""
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


def elsewhere(shape: np.ndarray, *, avoid: np.ndarray) -> np.ndarray | None:
    """Shift a shape to the nearest place that is wholly in the picture and shares no pixel with `avoid`.

    The nearest place is as like the lesion's own as can be: lesions lie in the middle, dark corners and rulers do not.
    Of several the uppermost is taken, then the leftmost.

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


def altered(pixels: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """A photo with and without its lesion, and the controls where there is room for both of them.

    Args:
        pixels: uint8 (H, W, 3).
        mask: bool (H, W), the lesion.

    Returns:
        uint8 (H, W, 3) by the names of `WITH_CONTROLS` or `FOR_ALL`; only the whole photo if the mask, widened,
        is empty or leaves nothing.
    """
    lesion = widened(mask) if mask.any() else mask
    if not lesion.any() or lesion.all():
        return {WHOLE: pixels}
    box = bounding_box(lesion)
    hidden = {"lesion hidden": lesion, "box hidden": box, "surroundings hidden": ~lesion}
    other, other_box = elsewhere(lesion, avoid=lesion), elsewhere(box, avoid=lesion)
    if other is not None and other_box is not None:
        hidden |= {"other place hidden": other, "other box hidden": other_box, "only other place shown": ~other}
    colour = pixels[~lesion].mean(axis=0).round().astype(np.uint8)
    return {WHOLE: pixels} | {name: np.where(where[..., None], colour, pixels) for name, where in hidden.items()}


def masks_missing(table: pd.DataFrame, root: Path) -> int:
    """How many images of an index have no mask below the root."""
    return sum(not mask_path(root, row).is_file() for _, row in table.iterrows())


def controls(
    classifier: Classifier,
    table: pd.DataFrame,
    images: Images,
    *,
    root: Path,
    keep: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge every image of a table in one view, with and without its lesion.

    Args:
        table: rows of an index; their labels are positions in `images`.
        root: folder of the data sets, for the masks.
        keep: folder for what the network says, once it has judged all images; None keeps nothing.
        draws: bootstrap draws of the lesions, the same for all pictures of a set.

    Returns:
        A row for each set of photos and picture: `control, photos, split, images, lesions, malignant_images,
        malignant_lesions`, and the figures per lesion with their changes from the whole photo as in `robustness`.

    Raises:
        DataError: if a mask is missing or damaged, or no photo has a lesion and skin around it.
    """
    keep_freed_memory()
    masks = [mask_path(root, row) for _, row in table.iterrows()] if keep else []
    kept = Kept(keep, classifier, table, images, files=filter(Path.is_file, masks))
    judged = kept.logits("controls", partial(_logits, classifier, table, images, root))
    logits = dict(zip(WITH_CONTROLS, judged, strict=True))
    return pd.concat([_compared(classifier, table, logits, name, draws, seed) for name in SETS], ignore_index=True)


def _logits(classifier: Classifier, table: pd.DataFrame, images: Images, root: Path) -> np.ndarray:
    """Of each picture of each photo: float (len(WITH_CONTROLS), N, 7), nan where a photo lacks the picture."""
    logits = np.full((len(WITH_CONTROLS), len(table), len(CLASSES)), np.nan)
    rows = progress(table.iterrows(), "hiding lesions", total=len(table), unit="photo")
    for item, (position, row) in enumerate(rows):
        pixels = np.array(images[position])
        mask = lesion_mask(mask_path(root, row), shape=(pixels.shape[0], pixels.shape[1]))
        pictures = altered(pixels, mask)
        for name, found in zip(pictures, classifier.one_view(np.stack(list(pictures.values()))), strict=True):
            logits[WITH_CONTROLS.index(name), item] = found
    return logits


def _compared(
    classifier: Classifier, table: pd.DataFrame, logits: dict[str, np.ndarray], photos: str, draws: int, seed: int
) -> pd.DataFrame:
    """The rows of one set of photos; none for a set without photos, except for all of them."""
    chosen = np.all([np.isfinite(logits[name]).all(axis=1) for name in SETS[photos]], axis=0)
    if not chosen.any() and photos != "all":
        return pd.DataFrame()
    part, rows, whole = table[chosen], [], None
    for name in SETS[photos]:
        found = figures(classifier, truth_of(classifier, part, logits[name][chosen]), draws, seed)
        whole = whole or found
        rows.append({"control": name, "photos": photos, **_counts(part), **changes(whole, found)})
    return pd.DataFrame(rows)


def _counts(table: pd.DataFrame) -> dict[str, object]:
    malignant = table[table["dx"].isin(MALIGNANT)]
    malignant_lesions = lesion_names(malignant).nunique()
    return counts(table) | {"malignant_images": len(malignant), "malignant_lesions": malignant_lesions}


def save_controls(table: pd.DataFrame, folder: Path) -> None:
    """Write `controls.csv`, four decimals."""
    write_table(table, folder / CONTROLS, float_format="%.4f")


def controls_table(table: pd.DataFrame) -> Table:
    """The AUROC, to be compared with .5, and the other figures of the whole photo with their changes."""
    rows = []
    for _, row in table.iterrows():
        counts = [f"{row[unit]:,} ({row[f'malignant_{unit}']:,})" for unit in ("images", "lesions")]
        others = [
            changed(row, name, whole=row["control"] == WHOLE)
            for name in ("balanced_accuracy", "sensitivity", "false_alarms")
        ]
        rows.append([row["photos"], row["control"], *counts, str(from_columns(row, "malignant_auroc")), *others])
    header = [
        "photos", "picture", "images ((pre)malignant)", "lesions ((pre)malignant)",
        "(pre)malignant AUROC (95 % interval)", "balanced accuracy", "sensitivity", "benign lesions flagged",
    ]  # fmt: skip
    title = "How much of the score does not come from the lesion, per lesion, one view: figures, then changes"
    return Table("controls", title, header, rows)
