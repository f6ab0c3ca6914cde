from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from skinnet.checkpoint import load_config
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS
from skinnet.studies.faithfulness.curves import CELLS, curve_areas, random_importance

SHAPE = (48, 64)
MEL = CLASS_NUMBERS["mel"]


class DarkCorner(nn.Module):
    """Reads melanoma from how dark the top left corner is."""

    def forward(self, images: Tensor) -> Tensor:
        logits = torch.zeros(len(images), len(CLASS_NUMBERS))
        logits[:, MEL] = 1 - 3 * images[:, :, :16, :16].mean(dim=(1, 2, 3))
        return logits


@pytest.fixture(scope="module")
def classifier(shipped: Path) -> Classifier:
    config = load_config(shipped)
    return Classifier(DarkCorner(), frame=config.frame, mean=config.mean, std=config.std)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    photo = np.full((*SHAPE, 3), 230, np.uint8)
    photo[:16, :16] = 0
    return photo


def at(row: int, column: int) -> np.ndarray:
    importance = np.zeros(SHAPE)
    importance[row : row + 16, column : column + 16] = 1
    return importance


def test_the_order_that_names_the_evidence_gains_most_and_loses_most(
    classifier: Classifier, pixels: np.ndarray
) -> None:
    right = curve_areas(classifier, pixels, at(0, 0), number=MEL)
    wrong = curve_areas(classifier, pixels, -at(0, 0), number=MEL)
    assert right["insertion"] > wrong["insertion"] + 0.1
    assert right["deletion"] < wrong["deletion"] - 0.1


def test_an_order_and_its_reverse_mirror_each_other(classifier: Classifier, pixels: np.ndarray) -> None:
    """Showing from the most important is hiding from the least important, in reverse."""
    importance = random_importance(SHAPE, np.random.default_rng(0))
    forward = curve_areas(classifier, pixels, importance, number=MEL)
    backward = curve_areas(classifier, pixels, -importance, number=MEL)
    assert forward["insertion"] == pytest.approx(backward["deletion"], abs=1e-3)
    assert forward["deletion"] == pytest.approx(backward["insertion"], abs=1e-3)


def test_the_random_order_is_smooth_and_follows_from_its_seed() -> None:
    first, again, other = (random_importance(SHAPE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert not np.allclose(first, other)
    assert np.abs(np.diff(first, axis=0)).max() < 1.5 * CELLS[0] / SHAPE[0]
