from __future__ import annotations

import numpy as np
import pytest
import torch

from skinnet.images.tensors import pixels_to_tensor
from skinnet.training.light import change_light
from tests.drawings import LOOKS, draw_lesion


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(count: int = 64) -> torch.Tensor:
    return pixels_to_tensor(np.stack([np.asarray(draw_lesion(LOOKS["mel"], seed=3, size=(64, 48)))] * count))


def test_without_strength_nothing_changes_and_no_random_number_is_spent() -> None:
    images, source = batch(2), generator()
    assert change_light(images, source, strength=0) is images
    assert torch.equal(torch.rand(3, generator=source), torch.rand(3, generator=generator()))


def test_images_get_as_dark_bright_and_tinted_as_strength_three_of_the_corruptions() -> None:
    images = batch(400)
    changed = change_light(images, generator(), strength=1)
    assert changed.shape == images.shape
    assert 0 <= changed.min() < changed.max() <= 1
    brightness = changed.mean(dim=(1, 2, 3)) / images.mean(dim=(1, 2, 3))
    assert brightness.min() < 0.55
    assert brightness.max() > 1.2
    warmth = (changed[:, 0].mean(dim=(1, 2)) / changed[:, 2].mean(dim=(1, 2))).log()
    assert (warmth - warmth.median()).abs().max() > np.log(1.13 / 0.87)


def test_most_images_stay_near_what_they_were() -> None:
    images = batch(400)
    changed = change_light(images, generator(), strength=1)
    assert (changed - images).abs().mean(dim=(1, 2, 3)).median() < 0.12


def test_each_image_changes_in_its_own_way_and_repeatably() -> None:
    changed = change_light(batch(4), generator(), strength=1)
    assert all((changed[0] - changed[other]).abs().mean() > 0.005 for other in range(1, 4))
    assert torch.equal(changed, change_light(batch(4), generator(), strength=1))


def test_half_the_strength_changes_about_half_as_much() -> None:
    images = batch(200)
    means = [(change_light(images, generator(), strength=s) - images).abs().mean().item() for s in (0.5, 1.0)]
    assert means[0] / means[1] == pytest.approx(0.55, abs=0.08)


def test_a_grey_picture_only_gets_a_tint() -> None:
    """Saturation and contrast of a plain grey picture change nothing; each channel stays plain."""
    changed = change_light(torch.full((20, 3, 8, 8), 0.5), generator(), strength=1)
    assert changed.std(dim=(2, 3)).max() < 1e-6
