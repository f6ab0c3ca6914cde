from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from skinnet.dataset import LesionDataset, build_cache, evaluation_loader, training_loader
from skinnet.errors import DataError


@pytest.fixture
def dataset() -> LesionDataset:
    """900 images of class 0, 100 of class 1; each image holds its own position."""
    pixels = np.zeros((1000, 2, 2, 3), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(1000) % 256
    return LesionDataset(pixels, np.repeat([0, 1], [900, 100]), np.arange(1000))


def labels_of(dataset: LesionDataset, power: float, epoch: int = 0) -> torch.Tensor:
    loader = training_loader(dataset, batch_size=10, sampling_power=power, seed=0, epoch=epoch)
    return torch.cat([labels for _, labels in loader])


@pytest.mark.parametrize(("power", "share"), [(0.0, 0.1), (0.5, 0.25), (1.0, 0.5)])
def test_rare_classes_are_drawn_with_the_stated_weight(dataset: LesionDataset, power: float, share: float) -> None:
    labels = torch.cat([labels_of(dataset, power, epoch) for epoch in range(5)])
    assert labels.float().mean().item() == pytest.approx(share, abs=0.03)


def test_the_order_depends_on_the_epoch_alone(dataset: LesionDataset) -> None:
    assert (labels_of(dataset, 0.5, epoch=3) == labels_of(dataset, 0.5, epoch=3)).all()
    assert (labels_of(dataset, 0.5, epoch=3) != labels_of(dataset, 0.5, epoch=4)).any()


def test_evaluation_sees_each_image_once_in_order(dataset: LesionDataset) -> None:
    batches = list(evaluation_loader(dataset, batch_size=64))
    images = torch.cat([images for images, _ in batches])
    assert images.shape == (1000, 3, 2, 2)
    assert (images[:, 0, 0, 0] * 255).round().int().tolist() == [number % 256 for number in range(1000)]


def test_an_image_of_another_aspect_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tall.png"
    Image.new("RGB", (60, 90)).save(path)
    with pytest.raises(DataError, match=r"tall\.png: training needs photos of aspect 224:168"):
        build_cache([path], folder=tmp_path / "cache", frame=(168, 224))
    assert not (tmp_path / "cache" / "pixels.npy").exists()
