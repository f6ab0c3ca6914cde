"""Count the pictures that a gate warns of or refuses: photos by diagnosis, altered photos, pictures without a lesion.

rulings = gate_rulings(gate, inputs, features)
ruling_counts(rulings)  # {"pictures": 100, "warned": 2, "refused": 1, "colour": 1, "no_lesion": 0}
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
from skinnet.images.quality import TOO_LOW
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import NO_LESION, Gate, Ruling
from skinnet.labels import CLASSES
from skinnet.studies.gate_study.non_lesion_images import Places, collect
from skinnet.training.gate_material import SplitFeatures, picture_features

ALTERED_PHOTOS = 96
"""Validation photos that are altered."""
REASONS = {"colour": (TOO_LOW["chroma"].words, TOO_LOW["tint"].words), "no_lesion": (NO_LESION.words,)}
"""Sentences of a ruling that are counted one by one."""


def gate_rulings(
    gate: Gate, inputs: Sequence[np.ndarray], features: np.ndarray, sizes: Sequence[tuple[int, int]] | None = None
) -> list[Ruling]:
    """The gate's rulings on N pictures.

    Args:
        inputs: of the network, each uint8 (H, W, 3).
        features: float32 (N, D), of the same pictures.
        sizes: (width, height) of each picture before it became an input; without them no picture counts as small.
    """
    sizes = sizes or [(each.shape[1], each.shape[0]) for each in inputs]
    found = zip(inputs, features, sizes, strict=True)
    return [gate.rule(pixels, each, size=size) for pixels, each, size in found]


def ruling_counts(rulings: Iterable[Ruling]) -> dict[str, int]:
    """How many pictures there are, how many are warned of or refused, and how many for each of the `REASONS`."""
    rulings = list(rulings)
    levels = [ruling.level for ruling in rulings]
    reasons = {
        name: sum(any(sentence in ruling.reason for sentence in sentences) for ruling in rulings)
        for name, sentences in REASONS.items()
    }
    return {"pictures": len(levels), "warned": levels.count("warn"), "refused": levels.count("refuse"), **reasons}


def by_diagnosis(rulings: Sequence[Ruling], dx: Iterable[str]) -> dict[str, dict[str, int]]:
    """Counts of each diagnosis, dx (N,), and of all."""
    pairs = list(zip(rulings, dx, strict=True))
    counts = {name: ruling_counts(ruling for ruling, each in pairs if each == name) for name in CLASSES}
    return counts | {"all": ruling_counts(rulings)}


def by_source(rulings: Sequence[Ruling], photos: SplitFeatures) -> dict[str, dict[str, dict[str, int]]]:
    """Counts of each data set, by diagnosis."""
    found = {}
    for source in dict.fromkeys(photos.source.tolist()):
        chosen = np.flatnonzero(photos.source == source)
        found[source] = by_diagnosis([rulings[item] for item in chosen.tolist()], photos.dx[chosen])
    return found


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
        rulings = gate_rulings(gate, inputs, features, [picture.size for picture in pictures])
        found.append({"kind": kind.name, "chosen_on": kind.for_design, **ruling_counts(rulings), "auroc": auroc})
    return found


def altered_counts(classifier: Classifier, gate: Gate, rows: pd.DataFrame, root: Path) -> dict[str, dict[str, int]]:
    """Counts of photos, drawn at random from rows of an index, after each alteration."""
    paths = np.random.default_rng(0).permutation(rows["path"].to_numpy())[:ALTERED_PHOTOS]
    photos = [unsquash(open_photo(root / path)) for path in paths]
    found = {}
    for name, alter in ALTERATIONS.items():
        inputs, features = _inputs_and_features(classifier, gate.layers, map(alter, photos), name)
        found[name] = ruling_counts(gate_rulings(gate, inputs, features))
    return found


def _inputs_and_features(
    classifier: Classifier, layers: Sequence[str], pictures: Iterable[Image.Image], title: str
) -> tuple[list[np.ndarray], np.ndarray]:
    """Inputs, each uint8 (H, W, 3), and the gate's features of any pictures."""
    inputs = [to_input(picture, frame=classifier.frame) for picture in pictures]
    return inputs, picture_features(classifier, layers, inputs, title=title)
