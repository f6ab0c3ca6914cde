"""Count the pictures that a gate warns of or refuses: photos by diagnosis, altered photos, pictures without a lesion.

levels = gate_levels(gate, inputs, features)  # (N,), 0 ok, 1 warn, 2 refuse
level_counts(levels)                          # {"pictures": 100, "warned": 2, "refused": 1}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.metrics import roc_auc_score

from skinnet.images.corruptions import ALTERATIONS
from skinnet.images.photo import open_photo, to_input, unsquash
from skinnet.images.quality import LEVELS
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import Gate
from skinnet.labels import CLASSES
from skinnet.studies.gate_study.non_lesion_images import Places, collect
from skinnet.training.fit_gate import image_features

ALTERED_PHOTOS = 96
"""Validation photos that are altered."""


def gate_levels(
    gate: Gate, inputs: Sequence[np.ndarray], features: np.ndarray, sizes: Sequence[tuple[int, int]] | None = None
) -> np.ndarray:
    """The gate's levels, int (N,): positions in `LEVELS`.

    Args:
        inputs: of the network, each uint8 (H, W, 3).
        features: float32 (N, D), of the same pictures.
        sizes: (width, height) of each picture before it became an input; without them no picture counts as small.
    """
    sizes = sizes or [(each.shape[1], each.shape[0]) for each in inputs]
    found = zip(inputs, features, sizes, strict=True)
    return np.array([LEVELS.index(gate.rule(pixels, each, size=size).level) for pixels, each, size in found], dtype=int)


def level_counts(levels: np.ndarray) -> dict[str, int]:
    """How many pictures there are, how many are warned of, how many refused."""
    return {"pictures": len(levels), "warned": int((levels == 1).sum()), "refused": int((levels == 2).sum())}


def by_diagnosis(levels: np.ndarray, dx: np.ndarray) -> dict[str, dict[str, int]]:
    """Counts of each diagnosis, dx (N,), and of all."""
    return {name: level_counts(levels[dx == name]) for name in CLASSES} | {"all": level_counts(levels)}


def non_lesion_counts(
    classifier: Classifier, gate: Gate, places: Places, photo_distances: np.ndarray
) -> list[dict[str, Any]]:
    """Counts of each kind of picture without a lesion, and the AUROC of the gate's distance.

    Args:
        photo_distances: (N,), of the validation photos that the pictures are compared with.
    """
    found = []
    for kind, pictures in collect(places):
        if not pictures:
            continue
        inputs, features = _inputs_and_features(classifier, gate.layers, pictures, kind.name)
        distances = gate.distances(features)
        shows_no_lesion = np.r_[np.zeros(len(photo_distances)), np.ones(len(distances))]
        auroc = float(roc_auc_score(shows_no_lesion, np.r_[photo_distances, distances]))
        levels = gate_levels(gate, inputs, features, [picture.size for picture in pictures])
        found.append({"kind": kind.name, "chosen_on": kind.for_design, **level_counts(levels), "auroc": auroc})
    return found


def altered_counts(classifier: Classifier, gate: Gate, rows: pd.DataFrame, root: Path) -> dict[str, dict[str, int]]:
    """Counts of photos, drawn at random from rows of an index, after each alteration."""
    paths = np.random.default_rng(0).permutation(rows["path"].to_numpy())[:ALTERED_PHOTOS]
    photos = [unsquash(open_photo(root / path)) for path in paths]
    found = {}
    for name, alter in ALTERATIONS.items():
        inputs, features = _inputs_and_features(classifier, gate.layers, map(alter, photos), name)
        found[name] = level_counts(gate_levels(gate, inputs, features))
    return found


def _inputs_and_features(
    classifier: Classifier, layers: Sequence[str], pictures: Iterable[Image.Image], title: str
) -> tuple[list[np.ndarray], np.ndarray]:
    """Inputs, each uint8 (H, W, 3), and the gate's features of any pictures."""
    inputs = [to_input(picture, frame=classifier.frame) for picture in pictures]
    return inputs, image_features(classifier, layers, inputs, np.arange(len(inputs)), title=title)
