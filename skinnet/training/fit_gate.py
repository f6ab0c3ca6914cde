"""Fit a network's gate: its statistics on the training images, its thresholds and bounds on validation.

    gate, by_split = fit_gate(classifier, table, images)

A network's features depend on the shape of a picture. Users' photos come in any shape, while all photos of a data set
may be 4:3. So the gate is fitted to the images as they are and to the same images cut to other shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from PIL import Image

from skinnet.data.dataset import Images, equal_shapes
from skinnet.images.corruptions import cut_to_aspect
from skinnet.images.photo import to_input
from skinnet.images.quality import fit_bounds, measure
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import Gate, layer_statistics, outputs_up_to
from skinnet.models.backbone import middle_layers
from skinnet.progress import progress

WARN_SHARE, REFUSE_SHARE = 0.02, 0.005
"""Largest shares of the validation images, in any shape, that the gate warns of or refuses, and that it refuses."""
ASPECTS = (9 / 16, 3 / 4, 1.0, 5 / 4, 3 / 2, 16 / 9)
"""Width over height of the shapes that the images are cut to."""
SHAPE_SEED = 0
RIDGE = 1e-3
"""Added to the covariance's eigenvalues, in parts of their mean."""
BATCH = 8


@dataclass(frozen=True)
class SplitFeatures:
    """The images of a split as the gate sees them.

    Attributes:
        positions: int (N,), their rows of the index.
        dx: str (N,).
        features: float32 (N, D).
    """

    positions: np.ndarray
    dx: np.ndarray
    features: np.ndarray

    def inputs(self, images: Images) -> list[np.ndarray]:
        """The network's inputs, each uint8 (H, W, 3)."""
        return [images[position] for position in self.positions.tolist()]


def fit_gate(classifier: Classifier, table: pd.DataFrame, images: Images) -> tuple[Gate, dict[str, SplitFeatures]]:
    """Fit a gate, and return the features of each split that it is measured on.

    Raises:
        TrainingError: if the network has no known stages to take features from.
    """
    layers = middle_layers(classifier.network)
    by_split = {}
    for split in ("train", "val", "test"):
        positions = np.flatnonzero(table["split"] == split)
        features = image_features(classifier, layers, images, positions, title=f"features of {split}")
        by_split[split] = SplitFeatures(positions, table["dx"].to_numpy()[positions], features)
    train, val = by_split["train"], by_split["val"]
    aspects = np.random.default_rng(SHAPE_SEED).choice(ASPECTS, len(train.positions))
    cut = [_cut(pixels, aspect) for pixels, aspect in zip(train.inputs(images), aspects, strict=True)]
    in_other_shapes = image_features(classifier, layers, cut, np.arange(len(cut)), title="train in other shapes")
    statistics = fit_statistics(np.concatenate([train.features, in_other_shapes]))
    by_shape = [val.features]
    for aspect in ASPECTS:
        cut = [_cut(pixels, aspect) for pixels in val.inputs(images)]
        by_shape.append(image_features(classifier, layers, cut, np.arange(len(cut)), title=f"val at {aspect:.2f}"))
    bounds = fit_bounds([measure(pixels) for pixels in val.inputs(images)])
    gate = Gate(layers, *statistics, warn=np.inf, refuse=np.inf, bounds=bounds)
    shares = [1 - WARN_SHARE, 1 - REFUSE_SHARE]
    limits = np.array([np.quantile(gate.distances(features), shares) for features in by_shape])  # (shapes, 2)
    warn, refuse = limits.max(axis=0).tolist()
    return replace(gate, warn=warn, refuse=refuse), by_split


def _cut(pixels: np.ndarray, aspect: float) -> np.ndarray:
    """Cut an input, uint8 (H, W, 3), to another shape of the same area."""
    photo = cut_to_aspect(Image.fromarray(pixels), aspect)
    return to_input(photo, frame=(pixels.shape[0], pixels.shape[1]))


def fit_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and whitening (D, D) of the training images' features (N, D), float32."""
    mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    eigenvalues, vectors = np.linalg.eigh(np.cov(((features - mean) / deviation).T))
    scale = np.sqrt(np.maximum(eigenvalues, 0) + RIDGE * eigenvalues.mean())
    return mean.astype(np.float32), (vectors / scale / deviation[:, None]).astype(np.float32)


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
        with classifier.lock:
            outputs = outputs_up_to(classifier.network, layers, batch.contiguous(memory_format=torch.channels_last))
        features |= dict(zip(items, layer_statistics(outputs, layers), strict=True))
    return np.stack([features[item] for item in range(len(positions))])
