from __future__ import annotations

import numpy as np
import pytest
import torch

from skinnet.data.dataset import LesionDataset, draw_batches, evaluation_loader, fit_to_frame, training_loader
from skinnet.data.shapes import Shape


@pytest.fixture
def dataset() -> LesionDataset:
    """900 images of class 0, 100 of class 1; each image holds its own position."""
    pixels = np.zeros((1000, 2, 2, 3), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(1000) % 256
    return LesionDataset(pixels, np.repeat([0, 1], [900, 100]), np.arange(1000))


def labels_of(dataset: LesionDataset, power: float, epoch: int = 0) -> torch.Tensor:
    batches = draw_batches(dataset, batch_size=10, sampling_power=power, seed=0, epoch=epoch)
    loader = training_loader(dataset, batches)
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


def test_evaluation_sees_images_of_any_shape_whole_in_batches_of_one_shape() -> None:
    shapes = [(2, 3), (3, 2), (2, 3), (2, 3), (2, 2)]
    images = [np.full((*shape, 3), number, dtype=np.uint8) for number, shape in enumerate(shapes)]
    dataset = LesionDataset(images, np.arange(5), np.arange(5))
    batches = [(tuple(images.shape), labels.tolist()) for images, labels in evaluation_loader(dataset, batch_size=2)]
    assert batches == [((2, 3, 2, 3), [0, 2]), ((1, 3, 2, 3), [3]), ((1, 3, 3, 2), [1]), ((1, 3, 2, 2), [4])]


def test_an_image_of_the_frame_is_not_touched() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    assert fit_to_frame(pixels, (6, 8)) is pixels


def test_a_tall_image_is_turned_into_the_frame() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    assert (fit_to_frame(pixels, (6, 8)) == np.rot90(pixels)).all()


def test_other_images_are_cut_and_mirrored_alike_on_both_sides_without_scaling() -> None:
    row = np.arange(10, dtype=np.uint8)
    pixels = np.broadcast_to(row[:, None] * 10 + row, (10, 10))[..., None].repeat(3, axis=2)
    fitted = fit_to_frame(pixels, (6, 14))[..., 0]
    assert fitted.shape == (6, 14)
    assert fitted[0].tolist() == [22, 21, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 28, 27]
    assert fitted[:, 2].tolist() == [20, 30, 40, 50, 60, 70]


def test_training_batches_hold_images_of_any_aspect() -> None:
    images = [np.zeros((*shape, 3), dtype=np.uint8) for shape in [(6, 8), (8, 6), (7, 7), (5, 10), (10, 5)]]
    dataset = LesionDataset(images, np.zeros(5, dtype=int), np.arange(5), frame=(6, 8))
    batches = draw_batches(dataset, batch_size=5, sampling_power=0, seed=0, epoch=0)
    ((batch, _),) = training_loader(dataset, batches)
    assert batch.shape == (5, 3, 6, 8)


def test_each_batch_is_cut_to_its_shape() -> None:
    images = [np.zeros((*shape, 3), dtype=np.uint8) for shape in [(192, 256), (256, 192), (222, 222)]]
    dataset = LesionDataset(images, np.arange(3), np.arange(3), frame=(192, 256))
    shapes = [Shape((224, 224)), Shape((256, 192))]
    batches = list(training_loader(dataset, [[0, 1, 2], [2, 1]], shapes))
    assert [tuple(images.shape) for images, _ in batches] == [(3, 3, 224, 224), (2, 3, 256, 192)]
    assert [labels.tolist() for _, labels in batches] == [[0, 1, 2], [2, 1]]


@pytest.mark.parametrize(("power", "share"), [(0.0, 0.1), (0.5, 0.25), (1.0, 0.5)])
def test_a_small_source_is_drawn_with_the_stated_weight(power: float, share: float) -> None:
    """900 images of one source, 100 of another; the classes are half and half in both."""
    dataset = LesionDataset(
        np.zeros((1000, 1, 1, 3), np.uint8),
        np.tile([0, 1], 500),
        np.arange(1000),
        sources=np.repeat([0, 1], [900, 100]),
    )
    drawn = np.concatenate(
        [
            np.concatenate(
                draw_batches(dataset, batch_size=10, sampling_power=0.5, source_power=power, seed=0, epoch=epoch)
            )
            for epoch in range(5)
        ]
    )
    assert (drawn >= 900).mean() == pytest.approx(share, abs=0.03)
    assert (drawn % 2).mean() == pytest.approx(0.5, abs=0.03)
