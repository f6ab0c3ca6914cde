from __future__ import annotations

import numpy as np
import pytest
import torch

from skinnet.images.tensors import pixels_to_tensor
from skinnet.training.degrade import KINDS, degrade
from tests.drawings import LOOKS, draw_lesion


def batch(count: int) -> torch.Tensor:
    return pixels_to_tensor(np.stack([np.asarray(draw_lesion(LOOKS["mel"], seed=3, size=(256, 192)))] * count))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_about_as_many_images_are_damaged_as_asked_and_the_others_are_left() -> None:
    images = batch(100)
    before = images.clone()
    damaged = degrade(images, generator(), probability=0.3)
    changes = (damaged - images).abs().amax(dim=(1, 2, 3))
    assert (changes > 0.01).float().mean().item() == pytest.approx(0.3, abs=0.12)
    assert (changes[changes <= 0.01] == 0).all()
    assert 0 <= damaged.min() < damaged.max() <= 1
    assert (images == before).all()
    assert (degrade(images, generator(), probability=0.3) == damaged).all()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_a_picture_and_leaves_it_recognisable(kind: type) -> None:
    image, random = batch(1)[0], generator()
    first, second = kind(image, random), kind(image, random)
    for damaged in (first, second):
        assert damaged.shape == image.shape
        assert 0.001 < (damaged - image).abs().mean() < 0.1
    assert (first != second).any()


def test_no_random_number_is_spent_without_damage() -> None:
    images, random = batch(2), generator()
    assert degrade(images, random, probability=0) is images
    assert torch.rand(1, generator=random) == torch.rand(1, generator=generator())
