"""Measure on real photos whether the heat maps show what the network used: python -m skinnet faithfulness --root data

    measured = measure(classifier, root=Path("data"), split="val")
    write_report(measured, folder=Path("runs/maps"))  # skinnet.studies.faithfulness.report

The map of a photo explains the diagnosis that the app displays for it; the photo counts under its true diagnosis.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.cache import Cache
from skinnet.data.index import lesion_names, load_cache, load_index
from skinnet.errors import DataError
from skinnet.explain.cam import photo_features
from skinnet.explain.heatmaps import OFFERED
from skinnet.images.lesion_masks import lesion_mask, mask_path, offset
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.progress import progress
from skinnet.studies.faithfulness.photo_rows import Photo, Rows, agreement_rows, crop_rows, curve_rows, map_rows
from skinnet.studies.faithfulness.randomisation import cascade

CURVE_LESIONS = 25
"""Lesions of each diagnosis for insertion and deletion, which take 24 forward passes a map."""
CASCADE_PHOTOS = 28
AGREEMENT_PHOTOS = 100


@dataclass(frozen=True)
class Measured:
    """Results of `measure`.

    Attributes:
        split: of the photos.
        maps: a row for each photo, framing and method: image_id, lesion, dx, diagnosis, offset, framing, method,
            `likeness`: mean correlation with the other diagnoses' maps, and the measures of `localisation`.
        curves: a row for each photo and order (methods, "blob", "random"): insertion and deletion.
        agreement: a row for each photo and pair of methods: the correlation of their maps.
        cascade: see `skinnet.studies.faithfulness.randomisation`.
    """

    split: str
    maps: pd.DataFrame
    curves: pd.DataFrame
    agreement: pd.DataFrame
    cascade: pd.DataFrame


def measure(
    classifier: Classifier, *, root: Path, split: str, limit: int | None = None, curve_lesions: int = CURVE_LESIONS
) -> Measured:
    """Measure every method that is offered on the photos of a split.

    Args:
        root: folder of the data sets, after `prepare`; the masks are those of HAM10000.
        limit: at most this many photos, the diagnoses in turn; all if None.
        curve_lesions: of each diagnosis, for insertion and deletion.

    Raises:
        DataError: if data or masks are missing, or the split is empty.
    """
    table = _choose(load_index(root), split, limit)
    if table.empty:
        raise DataError(f"The split {split} has no photos: run python -m skinnet prepare --root {root}")
    cache = load_cache(root, table)
    numbers = [CLASS_NUMBERS[diagnosis] for diagnosis in _displayed_diagnoses(classifier, cache)]
    first_of_lesion = table[~lesion_names(table).duplicated()]
    for_curves = set(first_of_lesion.groupby("dx").head(curve_lesions).index)
    maps: Rows = []
    curves: Rows = []
    agreement: Rows = []
    for position, row in progress(table.iterrows(), "measuring maps", total=len(table), unit="photo"):
        photo = _read_photo(classifier, np.array(cache[position]), row, number=numbers[position], root=root)
        maps += map_rows(classifier, photo) + crop_rows(classifier, photo)
        if position in for_curves:
            curves += curve_rows(classifier, photo)
        if position < AGREEMENT_PHOTOS:
            agreement += agreement_rows(classifier, photo)
    chosen = list(first_of_lesion.index[:CASCADE_PHOTOS])
    photos = [np.array(cache[position]) for position in chosen]
    shuffled = cascade(classifier, photos, [numbers[position] for position in chosen], methods=list(OFFERED))
    return Measured(split, pd.DataFrame(maps), pd.DataFrame(curves), pd.DataFrame(agreement), shuffled)


def _choose(table: pd.DataFrame, split: str, limit: int | None) -> pd.DataFrame:
    rows = in_turn(table[table["split"] == split])
    return rows.head(len(rows) if limit is None else limit).reset_index(drop=True)


def in_turn(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Order rows so that the diagnoses take turns, each one's photos shuffled: any first part is balanced."""
    shuffled = table.sample(frac=1, random_state=seed)
    return shuffled.assign(turn=shuffled.groupby("dx").cumcount()).sort_values(["turn", "dx"]).drop(columns="turn")


def _displayed_diagnoses(classifier: Classifier, cache: Cache) -> list[str]:
    """The diagnosis that the app displays for each photo."""
    photos = progress(range(len(cache)), "classifying", unit="photo")
    logits = [classifier.logits(np.array(cache[position])[None]) for position in photos]
    return [prediction.diagnosis for prediction in classifier.predictions(np.concatenate(logits))]


def _read_photo(classifier: Classifier, pixels: np.ndarray, row: pd.Series, *, number: int, root: Path) -> Photo:
    mask = lesion_mask(mask_path(root, row), shape=(pixels.shape[0], pixels.shape[1]))
    facts = {"image_id": row["image_id"], "lesion": row["lesion_id"], "dx": row["dx"]}
    facts |= {"diagnosis": CLASSES[number], "offset": offset(mask)}
    return Photo(pixels, mask, photo_features(classifier, pixels), number, facts)
