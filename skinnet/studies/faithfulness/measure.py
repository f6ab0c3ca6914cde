"""Measure on real photos whether the heat maps show what the network used: python -m skinnet faithfulness --root data

    measured = measure(classifier, root=Path("data"), split="val")
    write_report(measured, folder=Path("runs/maps"))  # skinnet.studies.faithfulness.summary

A photo's map is that of the diagnosis which is displayed for it, and counts under its true diagnosis.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from skinnet.data.cache import Cache
from skinnet.data.index import lesion_names, load_cache, load_index
from skinnet.errors import DataError
from skinnet.explain.cam import head, view_features
from skinnet.explain.heatmaps import METHODS, OFFERED, coarse_maps, grown
from skinnet.images.lesion_masks import CORNERS, lesion_mask, mask_path, off_centre, offset
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS
from skinnet.progress import progress
from skinnet.studies.faithfulness.curves import curve_areas, random_importance
from skinnet.studies.faithfulness.localisation import gaussian_blob, localisation
from skinnet.studies.faithfulness.randomisation import cascade

CURVE_LESIONS = 25
"""Of each diagnosis, for insertion and deletion, which take 24 forward passes a map."""
CASCADE_PHOTOS = 28
AGREEMENT_PHOTOS = 100
LEAST_LESION = 0.01
"""Share of a crop that the lesion must fill to be looked for."""
WHOLE, CROPPED = "whole photo", "off-centre crop"


@dataclass(frozen=True)
class Measured:
    """What `measure` found.

    Attributes:
        split: of the photos.
        maps: a row for each photo, framing and method: image_id, lesion, dx, diagnosis, framing, offset, method,
            the measures of `localisation`, and `likeness`: mean correlation with the other diagnoses' maps.
        curves: a row for each photo and order (methods, "blob", "random"): insertion and deletion.
        agreement: a row for each photo and pair of methods: their maps' correlation.
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
    table = load_index(root)
    table = in_turn(table[table["split"] == split]).head(limit if limit is not None else len(table))
    table = table.reset_index(drop=True)
    if table.empty:
        raise DataError(f"The split {split} has no photos: run python -m skinnet prepare --root {root}")
    cache = load_cache(root, table)
    diagnoses = _diagnoses(classifier, cache)
    first_of_lesion = table[~lesion_names(table).duplicated()]
    for_curves = set(first_of_lesion.groupby("dx").head(curve_lesions).index)
    maps, curves, agreement = [], [], []
    for position, row in progress(table.iterrows(), "measuring maps", total=len(table), unit="photo"):
        pixels, number = np.array(cache[position]), CLASS_NUMBERS[diagnoses[position]]
        about = {"image_id": row["image_id"], "lesion": row["lesion_id"], "dx": row["dx"]}
        about["diagnosis"] = diagnoses[position]
        features = view_features(classifier, pixels)
        mask = lesion_mask(mask_path(root, row), shape=(pixels.shape[0], pixels.shape[1]))
        about["offset"] = offset(mask)
        maps += _map_rows(classifier, features, mask, number, about | {"framing": WHOLE})
        maps += _cropped_rows(classifier, pixels, mask, number, about | {"framing": CROPPED})
        if position in for_curves:
            curves += _curve_rows(classifier, pixels, features, number, about)
        if position < AGREEMENT_PHOTOS:
            agreement += _agreement_rows(classifier, features, number, about)
    chosen = list(first_of_lesion.index[:CASCADE_PHOTOS])
    shuffled = cascade(
        classifier, [np.array(cache[position]) for position in chosen],
        [CLASS_NUMBERS[diagnoses[position]] for position in chosen], methods=list(OFFERED),
    )  # fmt: skip
    return Measured(split, pd.DataFrame(maps), pd.DataFrame(curves), pd.DataFrame(agreement), shuffled)


def in_turn(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Rows in an order in which the diagnoses take turns, each one's photos shuffled: any beginning is balanced."""
    shuffled = table.sample(frac=1, random_state=seed)
    return shuffled.assign(turn=shuffled.groupby("dx").cumcount()).sort_values(["turn", "dx"]).drop(columns="turn")


def _diagnoses(classifier: Classifier, cache: Cache) -> list[str]:
    """What the app would display for each photo."""
    photos = progress(range(len(cache)), "judging", unit="photo")
    logits = [classifier.logits(np.array(cache[position])[None]) for position in photos]
    return [prediction.diagnosis for prediction in classifier.predictions(np.concatenate(logits))]


def _map_rows(
    classifier: Classifier, features: Tensor, mask: np.ndarray, number: int, about: dict[str, Any]
) -> list[dict[str, Any]]:
    rows = []
    for method in OFFERED:
        coarse = coarse_maps(head(classifier.network), features, method=method)
        evidence = grown(coarse[number : number + 1], (mask.shape[0], mask.shape[1]))[0]
        rows.append(about | {"method": method, "likeness": likeness(coarse, number)} | localisation(evidence, mask))
    return rows


def _cropped_rows(
    classifier: Classifier, pixels: np.ndarray, mask: np.ndarray, number: int, about: dict[str, Any]
) -> list[dict[str, Any]]:
    """Of a crop to a corner that follows from the photo's name; none if the lesion is hardly on it."""
    corner = zlib.crc32(str(about["image_id"]).encode()) % CORNERS
    crop, cut = off_centre(pixels, mask, corner=corner)
    if cut.mean() < LEAST_LESION:
        return []
    return _map_rows(classifier, view_features(classifier, crop), cut, number, about)


def likeness(coarse: Tensor, number: int) -> float:
    """Mean correlation of a diagnosis's map with the others' (7, h, w); flat ones are passed over, NaN if all are."""
    flat = coarse.flatten(1).numpy()
    others = [correlation(flat[number], each) for other, each in enumerate(flat) if other != number]
    known = [value for value in others if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's, NaN if one is flat."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _curve_rows(
    classifier: Classifier, pixels: np.ndarray, features: Tensor, number: int, about: dict[str, Any]
) -> list[dict[str, Any]]:
    shape = (pixels.shape[0], pixels.shape[1])
    rng = np.random.default_rng(zlib.crc32(str(about["image_id"]).encode()))
    orders = {"blob": gaussian_blob(shape), "random": random_importance(shape, rng)}
    for method in OFFERED:
        coarse = coarse_maps(head(classifier.network), features, method=method)
        orders[method] = grown(coarse[number : number + 1], shape)[0]
    return [
        about | {"method": name} | curve_areas(classifier, pixels, order, number=number)
        for name, order in orders.items()
    ]


def _agreement_rows(
    classifier: Classifier, features: Tensor, number: int, about: dict[str, Any]
) -> list[dict[str, Any]]:
    maps = {
        method: coarse_maps(head(classifier.network), features, method=method)[number].numpy() for method in METHODS
    }
    return [
        about | {"first": first, "second": second, "correlation": correlation(maps[first], maps[second])}
        for first, second in combinations(maps, 2)
    ]
