"""Fit a network's gate: its statistics on the training images, its thresholds and bounds on validation.

    material = gather(classifier, table, images, root=Path("data"))  # gate_material: all that needs the network
    gate = fit_gate(material)
    blind = fit_gate(material, sources=["ham10000"])                 # as if there were no other data set

The images come as they are and cut to other shapes, so that a photo's shape does not matter to the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skinnet.images.quality import fit_bounds
from skinnet.inference.gate import Gate
from skinnet.training.fit_lesion_check import fit_lesion_check
from skinnet.training.gate_material import Material

WARN_SHARE, REFUSE_SHARE = 0.02, 0.005
"""Largest shares of the validation images, in any shape, whose distance the gate warns of or refuses, and refuses."""
NO_LESION_SHARE = 0.0025
"""Largest share of the validation images, in any shape, in which the gate finds no lesion."""
RIDGE = 1e-3
"""Added to the covariance's eigenvalues, in parts of their mean."""


def fit_gate(material: Material, *, sources: Sequence[str] | None = None) -> Gate:
    """Fit a gate to training and validation images.

    Args:
        sources: the data sets whose images it may know; all, if None.
    """
    train, val = material.splits["train"], material.splits["val"]
    known = list(set(train.source) if sources is None else sources)
    of_train, of_val = np.isin(train.source, known), np.isin(val.source, known)
    features = np.concatenate([train.features[of_train], material.train_cut[of_train]])
    mean, whitening = fit_statistics(features)
    lesion = np.zeros(len(mean) + 1, np.float32)
    if len(material.skin):
        lesion = fit_lesion_check(np.concatenate([features, material.lesions]), material.skin)
    bounds = fit_bounds([found for found, chosen in zip(material.val_measures, of_val, strict=True) if chosen])
    gate = Gate(material.layers, mean, whitening, lesion, warn=np.inf, refuse=np.inf, bounds=bounds)
    by_shape = [val.features[of_val], *material.val_cut[:, of_val]]
    shares = [1 - WARN_SHARE, 1 - REFUSE_SHARE]
    limits = np.array([np.quantile(gate.distances(shaped), shares) for shaped in by_shape])  # (shapes, 2)
    least = min(np.quantile(gate.lesion_scores(shaped), NO_LESION_SHARE) for shaped in by_shape)
    lesion = np.append(lesion[:-1], lesion[-1] - least).astype(np.float32)
    return replace(gate, lesion=lesion, warn=float(limits[:, 0].max()), refuse=float(limits[:, 1].max()))


def fit_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and whitening (D, D) of the training images' features (N, D), float32."""
    mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    eigenvalues, vectors = np.linalg.eigh(np.cov(((features - mean) / deviation).T))
    scale = np.sqrt(np.maximum(eigenvalues, 0) + RIDGE * eigenvalues.mean())
    return mean.astype(np.float32), (vectors / scale / deviation[:, None]).astype(np.float32)
