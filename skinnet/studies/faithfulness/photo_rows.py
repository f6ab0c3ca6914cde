"""Measure the heat maps of one photo, as rows of tables.

photo = Photo(pixels, mask, features, number=4, facts={"image_id": "ISIC_0024306", ...})
rows = map_rows(classifier, photo)  # one for each method
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from torch import Tensor

from skinnet.explain.cam import photo_features
from skinnet.explain.heatmaps import METHODS, OFFERED, coarse_maps, grown
from skinnet.images.lesion_masks import CORNERS, off_centre
from skinnet.inference.classifier import Classifier
from skinnet.models.backbone import head
from skinnet.studies.faithfulness.curves import curve_areas, random_importance
from skinnet.studies.faithfulness.localisation import gaussian_blob, localisation

MIN_LESION = 0.01
"""Least share of a crop that the lesion fills; other crops are not measured."""
WHOLE, CROPPED = "whole photo", "off-centre crop"

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Photo:
    """A photo with the diagnosis that its map explains.

    Attributes:
        pixels: uint8 (H, W, 3).
        mask: bool (H, W), the lesion.
        features: float32 (V, C, h, w), of the network.
        number: of the explained diagnosis.
        facts: the first columns of each row about it.
    """

    pixels: np.ndarray
    mask: np.ndarray
    features: Tensor
    number: int
    facts: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def seed(self) -> int:
        """A number that follows from the photo's name."""
        return zlib.crc32(str(self.facts["image_id"]).encode())


def map_rows(classifier: Classifier, photo: Photo, *, framing: str = WHOLE) -> Rows:
    """How well the map of each method finds the lesion, and how much it differs between diagnoses."""
    rows = []
    for method in OFFERED:
        coarse = coarse_maps(head(classifier.network), photo.features, method=method)
        evidence = grown(coarse[photo.number : photo.number + 1], photo.shape)[0]
        facts = photo.facts | {"framing": framing, "method": method, "likeness": likeness(coarse, photo.number)}
        rows.append(facts | localisation(evidence, photo.mask))
    return rows


def crop_rows(classifier: Classifier, photo: Photo) -> Rows:
    """The same for a crop to one corner of the photo; no rows if hardly any lesion is on it."""
    pixels, mask = off_centre(photo.pixels, photo.mask, corner=photo.seed % CORNERS)
    if mask.mean() < MIN_LESION:
        return []
    crop = replace(photo, pixels=pixels, mask=mask, features=photo_features(classifier, pixels))
    return map_rows(classifier, crop, framing=CROPPED)


def curve_rows(classifier: Classifier, photo: Photo) -> Rows:
    """Insertion and deletion in the order of each method's map, of a centred blob, and at random."""
    rng = np.random.default_rng(photo.seed)
    orders = {"blob": gaussian_blob(photo.shape), "random": random_importance(photo.shape, rng)}
    for method in OFFERED:
        coarse = coarse_maps(head(classifier.network), photo.features, method=method)
        orders[method] = grown(coarse[photo.number : photo.number + 1], photo.shape)[0]
    return [
        photo.facts | {"method": name} | curve_areas(classifier, photo.pixels, order, number=photo.number)
        for name, order in orders.items()
    ]


def agreement_rows(classifier: Classifier, photo: Photo) -> Rows:
    """Correlation of the maps of each pair of methods."""
    layers = head(classifier.network)
    maps = {method: coarse_maps(layers, photo.features, method=method)[photo.number].numpy() for method in METHODS}
    return [
        photo.facts | {"first": first, "second": second, "correlation": correlation(maps[first], maps[second])}
        for first, second in combinations(maps, 2)
    ]


def likeness(coarse: Tensor, number: int) -> float:
    """Mean correlation of a diagnosis's map with the others' (7, h, w); flat maps are skipped, NaN if all are flat."""
    flat = coarse.flatten(1).numpy()
    others = [correlation(flat[number], each) for other, each in enumerate(flat) if other != number]
    known = [value for value in others if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation, NaN if one is flat."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])
