"""Run the network over all that a gate is fitted to and measured on, so that several gates can be fitted to it.

    material = gather(classifier, table, images, root=Path("data"))
    material.splits["val"].features  # float32 (N, D)

A network's features depend on the shape of a picture. Users' photos come in any shape, while all photos of a data set
may be 4:3. So the images are taken as they are and cut to other shapes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image

from skinnet.data.dataset import Images, equal_shapes
from skinnet.images.corruptions import cut_to_aspect
from skinnet.images.photo import to_input
from skinnet.images.quality import Measures, measure
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import layer_statistics, outputs_up_to
from skinnet.models.backbone import middle_layers
from skinnet.progress import progress
from skinnet.training.skin_crops import mirrored, skin_crops

log = logging.getLogger(__name__)

ASPECTS = (9 / 16, 3 / 4, 1.0, 5 / 4, 3 / 2, 16 / 9)
"""Width over height of the shapes that the images are cut to."""
SHAPE_SEED = CROP_SEED = 0
CROPPED_PHOTOS = 1500
"""Training photos, drawn at random, from which lesion-free corners are cut."""
BATCH = 8


@dataclass(frozen=True)
class SplitFeatures:
    """The images of a split as the gate sees them.

    Attributes:
        positions: int (N,), their rows of the index.
        source, dx: str (N,).
        features: float32 (N, D).
    """

    positions: np.ndarray
    source: np.ndarray
    dx: np.ndarray
    features: np.ndarray

    def inputs(self, images: Images) -> list[np.ndarray]:
        """The network's inputs, each uint8 (H, W, 3)."""
        return [images[position] for position in self.positions.tolist()]


@dataclass(frozen=True)
class Material:
    """All that a gate is fitted to and measured on.

    Attributes:
        layers: whose outputs the features summarise.
        splits: "train", "val" and "test".
        train_cut: float32 (N, D), the training images cut to other shapes.
        val_cut: float32 (shapes, N, D), the validation images cut to each of the `ASPECTS`.
        val_measures: quality of the validation images.
        lesions, skin: float32 (M, D), crops around lesions and from lesion-free corners; empty without masks.
    """

    layers: tuple[str, ...]
    splits: dict[str, SplitFeatures]
    train_cut: np.ndarray
    val_cut: np.ndarray
    val_measures: list[Measures]
    lesions: np.ndarray
    skin: np.ndarray


def gather(classifier: Classifier, table: pd.DataFrame, images: Images, *, root: Path) -> Material:
    """Run the network over everything that a gate is fitted to or measured on.

    Args:
        table, images: of the index and the cache.
        root: the data folder, whose lesion masks show where skin is free.

    Raises:
        TrainingError: if the network has no known stages to take features from.
        DataError: if a lesion mask is damaged.
    """
    layers = middle_layers(classifier.network)
    splits = {}
    for split in ("train", "val", "test"):
        positions = np.flatnonzero(table["split"] == split)
        source, dx = (table[name].to_numpy()[positions] for name in ("source", "dx"))
        features = image_features(classifier, layers, images, positions, title=f"features of {split}")
        splits[split] = SplitFeatures(positions, source, dx, features)
    train, val = (splits[split].inputs(images) for split in ("train", "val"))
    aspects = np.random.default_rng(SHAPE_SEED).choice(ASPECTS, len(train))
    cut = [_cut(pixels, aspect) for pixels, aspect in zip(train, aspects, strict=True)]
    train_cut = picture_features(classifier, layers, cut, title="train in other shapes")
    val_cut = [
        picture_features(classifier, layers, [_cut(pixels, aspect) for pixels in val], title=f"val at {aspect:.2f}")
        for aspect in ASPECTS
    ]
    measures = [measure(pixels) for pixels in val]
    lesions, skin = _crop_features(classifier, layers, table[table["split"] == "train"], root)
    return Material(layers, splits, train_cut, np.stack(val_cut), measures, lesions, skin)


def _crop_features(
    classifier: Classifier, layers: Sequence[str], rows: pd.DataFrame, root: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Features of crops around lesions and from lesion-free corners, enlarged and mirrored; empty without masks."""
    drawn = rows.sample(frac=1, random_state=CROP_SEED)
    crops = list(islice(skin_crops(drawn, root), CROPPED_PHOTOS))
    if not crops:
        log.warning("No lesion masks in %s: the gate does not check whether a photo shows a lesion.", root)
        return np.empty((0, 0), np.float32), np.empty((0, 0), np.float32)
    found = []
    for title, squares in (("lesions", [each.lesion for each in crops]), ("skin", [each.skin for each in crops])):
        photos = [*squares, *(mirrored(square) for square in squares)]
        inputs = [to_input(photo, frame=classifier.frame) for photo in photos]
        found.append(picture_features(classifier, layers, inputs, title=title))
    return found[0], found[1]


def _cut(pixels: np.ndarray, aspect: float) -> np.ndarray:
    """Cut an input, uint8 (H, W, 3), to another shape of the same area."""
    photo = cut_to_aspect(Image.fromarray(pixels), aspect)
    return to_input(photo, frame=(pixels.shape[0], pixels.shape[1]))


def picture_features(
    classifier: Classifier, layers: Sequence[str], inputs: Sequence[np.ndarray], *, title: str
) -> np.ndarray:
    """The gate's features of all given inputs, each uint8 (H, W, 3): float32 (M, D)."""
    return image_features(classifier, layers, inputs, np.arange(len(inputs)), title=title)


@torch.inference_mode()
def image_features(
    classifier: Classifier, layers: Sequence[str], images: Images, positions: np.ndarray, *, title: str
) -> np.ndarray:
    """The gate's features of chosen images: float32 (M, D).

    Args:
        title: of the progress bar.
    """
    features: dict[int, np.ndarray] = {}
    for items in progress(equal_shapes(images, positions, batch_size=BATCH), title, unit="batch"):
        batch = classifier.to_tensor(np.stack([images[position] for position in positions[items]]))
        batch = batch.contiguous(memory_format=torch.channels_last)
        outputs = classifier.in_turn(partial(outputs_up_to, classifier.network, layers, batch))
        features |= dict(zip(items, layer_statistics(outputs, layers), strict=True))
    return np.stack([features[item] for item in range(len(positions))])
