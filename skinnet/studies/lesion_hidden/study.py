"""Measure how much of the score does not come from the lesion (Bissoto et al., CVPR workshops 2019).

    measured = measure_lesion_hidden(classifier, index, images, root=Path("data"))
    tables = write_lesion_hidden(measured, Path("checkpoints/committee"))

Each photo is classified whole, without its lesion, and with nothing but its lesion; and, as a control, with an equal
area hidden or shown at another place of the same photo. A network that uses only the lesion falls to an AUROC of .5
without it, and does not depend on the other place.

There are two sets of photos: all of them, for pictures that need no other place, and those with room, where all seven
pictures are of the same photos. Only small lesions have room: compare within a set.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.dataset import Images
from skinnet.data.index import lesion_names
from skinnet.device import keep_freed_memory
from skinnet.evaluation.bootstrap import DRAWS, from_columns
from skinnet.files import read_table, write_table
from skinnet.images.lesion_masks import lesion_mask, mask_path
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASSES, MALIGNANT
from skinnet.progress import progress
from skinnet.reporting.study_tables import write_study
from skinnet.reporting.table import Table
from skinnet.studies.lesion_hidden.pictures import FOR_ALL, MARGIN, VERSION, WHOLE, WITH_ROOM, hide_lesion
from skinnet.studies.lesion_metrics import cell, counts, lesion_metrics, metric_columns, score_lesions, with_counts
from skinnet.studies.logits_cache import LogitsCache

CONTROLS = "controls.csv"
SETS = {"all": FOR_ALL, "with room": WITH_ROOM}
"""The pictures that are compared within each set of photos; a photo belongs to it if it has them all."""
RERUN = "run python -m skinnet robustness again"


def count_missing_masks(table: pd.DataFrame, root: Path) -> int:
    """How many images of an index have no mask below the root."""
    return sum(not mask_path(root, row).is_file() for _, row in table.iterrows())


def measure_lesion_hidden(
    classifier: Classifier,
    table: pd.DataFrame,
    images: Images,
    *,
    root: Path,
    cache: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Classify every image of a table in one view, with and without its lesion.

    Args:
        table: rows of an index; their labels are positions in `images`.
        root: folder of the data sets, for the masks.
        cache: folder for the logits, written once all images are classified; None caches nothing.
        draws: bootstrap draws of the lesions, the same for all pictures of a set.

    Returns:
        A row for each set of photos and picture: `control, photos, split, images, lesions, malignant_images,
        malignant_lesions`, and the metrics per lesion with their changes from the whole photo, as in `robustness`.

    Raises:
        DataError: if a mask is missing or damaged, or no photo has a lesion and skin around it.
    """
    keep_freed_memory()
    settings = {"pictures": WITH_ROOM, "pictures_version": VERSION, "margin": MARGIN}
    masks = (mask for _, _, mask in _with_masks(table, images, root))
    cached = LogitsCache(cache, classifier, table, images, settings=settings, masks=masks)
    found = cached.logits("controls", partial(_logits, classifier, table, images, root))
    logits = dict(zip(WITH_ROOM, found, strict=True))
    parts = [_compare(classifier, table, logits, name, draws=draws, seed=seed) for name in SETS]
    return pd.concat(parts, ignore_index=True)


def _with_masks(table: pd.DataFrame, images: Images, root: Path) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Item, pixels and lesion mask of each row of a table."""
    positions = table.index.to_numpy()
    for item, (_, row) in enumerate(table.iterrows()):
        pixels = np.array(images[positions[item]])
        yield item, pixels, lesion_mask(mask_path(root, row), shape=(pixels.shape[0], pixels.shape[1]))


def _logits(classifier: Classifier, table: pd.DataFrame, images: Images, root: Path) -> np.ndarray:
    """Logits of each picture of each photo: float (len(WITH_ROOM), N, 7), NaN where a photo lacks the picture."""
    logits = np.full((len(WITH_ROOM), len(table), len(CLASSES)), np.nan)
    photos = progress(_with_masks(table, images, root), "hiding lesions", total=len(table), unit="photo")
    for item, pixels, mask in photos:
        pictures = hide_lesion(pixels, mask)
        for name, found in zip(pictures, classifier.logits(np.stack(list(pictures.values()))), strict=True):
            logits[WITH_ROOM.index(name), item] = found
    return logits


def _compare(
    classifier: Classifier, table: pd.DataFrame, logits: dict[str, np.ndarray], photos: str, *, draws: int, seed: int
) -> pd.DataFrame:
    """The rows of one set of photos; none for a set without photos, except for all of them."""
    chosen = np.all([np.isfinite(logits[name]).all(axis=1) for name in SETS[photos]], axis=0)
    if not chosen.any() and photos != "all":
        return pd.DataFrame()
    part, rows, whole = table[chosen], [], None
    for name in SETS[photos]:
        cases = score_lesions(classifier, part, logits[name][chosen])
        metrics = lesion_metrics(classifier, cases, draws=draws, seed=seed)
        whole = whole or metrics
        rows.append({"control": name, "photos": photos, **_counts(part), **metric_columns(metrics, whole)})
    return pd.DataFrame(rows)


def _counts(table: pd.DataFrame) -> dict[str, object]:
    malignant = table[table["dx"].isin(MALIGNANT)]
    malignant_lesions = lesion_names(malignant).nunique()
    return counts(table) | {"malignant_images": len(malignant), "malignant_lesions": malignant_lesions}


def write_lesion_hidden(measured: pd.DataFrame, folder: Path) -> list[Table]:
    """Write `controls.csv`, four decimals, and its printable table."""
    write_table(measured, folder / CONTROLS, float_format="%.4f")
    return write_tables(folder)


def write_tables(folder: Path) -> list[Table]:
    """Write the printable table of the `controls.csv` in a folder.

    Raises:
        DataError: if that file is damaged.
    """
    tables = [lesion_hidden_table(read_table(folder / CONTROLS, advice=RERUN))]
    write_study(folder, "lesion_hidden", order=20, files=[CONTROLS], tables=tables)
    return tables


def lesion_hidden_table(measured: pd.DataFrame) -> Table:
    """The AUROC, to be compared with .5, and the other metrics of the whole photo with their changes."""
    rows = []
    for _, row in measured.iterrows():
        units = [f"{row[unit]:,} ({row[f'malignant_{unit}']:,})" for unit in ("images", "lesions")]
        others = [
            cell(row, name, intact=row["control"] == WHOLE)
            for name in ("balanced_accuracy", "sensitivity", "false_alarms")
        ]
        rows.append([row["photos"], row["control"], *units, str(from_columns(row, "malignant_auroc")), *others])
    header = [
        "photos", "picture", "images ((pre)malignant)", "lesions ((pre)malignant)",
        "(pre)malignant AUROC (95 % interval)", "balanced accuracy", "sensitivity", "benign lesions flagged",
    ]  # fmt: skip
    title = "How much of the score does not come from the lesion, per lesion, one view: values, then changes"
    return with_counts(Table("controls", title, header, rows), measured)
