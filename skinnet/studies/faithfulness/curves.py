"""Insertion and deletion: does the network need what a heat map shows (Petsiuk et al., BMVC 2018)?

Pixels are shown (insertion) or hidden (deletion) from the most to the least important. A hidden pixel is that of the
photo blurred beyond recognition. A curve's area is the mean probability of the explained diagnosis over all steps, in
one view. High is good for insertion, low for deletion.

    areas = curve_areas(classifier, pixels, importance, number=4)  # {"insertion": .61, "deletion": .22}
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter

from skinnet.inference.classifier import Classifier

STEPS = 12
BLUR = 1 / 8
"""Standard deviation of the blur over the photo's height."""
CELLS = (6, 8)
"""Grid of the random order: as coarse as the maps, so that only the places differ."""


def curve_areas(classifier: Classifier, pixels: np.ndarray, importance: np.ndarray, *, number: int) -> dict[str, float]:
    """Compute the areas under both curves.

    Args:
        pixels: uint8 (H, W, 3).
        importance: float (H, W); pixels are taken from its largest value down.
        number: of the explained diagnosis.
    """
    sigma = BLUR * pixels.shape[0]
    blurred = gaussian_filter(pixels.astype(np.float32), (sigma, sigma, 0)).astype(np.uint8)
    rank = np.empty(importance.size)
    rank[np.argsort(-importance, axis=None, kind="stable")] = (np.arange(importance.size) + 0.5) / importance.size
    taken = rank.reshape(importance.shape) < ((np.arange(STEPS) + 0.5) / STEPS)[:, None, None]  # (STEPS, H, W)
    chosen = taken[..., None]
    photos = np.concatenate([np.where(chosen, pixels, blurred), np.where(chosen, blurred, pixels)])
    images = classifier.to_tensor(photos).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        logits = classifier.network(images).numpy().astype(np.float64)
    probability = classifier.calibration.probabilities(logits)[:, number]
    return {"insertion": float(probability[:STEPS].mean()), "deletion": float(probability[STEPS:].mean())}


def random_importance(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A random order that is as smooth as a map: float (H, W)."""
    grid = torch.from_numpy(rng.random(CELLS)).float()
    grown = F.interpolate(grid[None, None], shape, mode="bilinear", align_corners=False)
    return np.asarray(grown[0, 0].numpy())
