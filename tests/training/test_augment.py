from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from skinnet.images.tensors import pixels_to_tensor
from skinnet.training.augment import Augmentation, _grid, augment
from tests.drawings import LOOKS, draw_lesion

STILL = Augmentation(
    min_view=1, max_view=1, aspect=0, shift=0, brightness=0, contrast=0, saturation=0, tint=0
)  # fmt: skip


def batch(count: int = 4) -> torch.Tensor:
    return pixels_to_tensor(np.stack([np.asarray(draw_lesion(LOOKS["mel"], seed=3, size=(224, 168)))] * count))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shape_and_range_are_kept() -> None:
    changed = augment(batch(), generator())
    assert changed.shape == (4, 3, 168, 224)
    assert 0 <= changed.min() < changed.max() <= 1


def test_each_image_changes_in_its_own_way_and_repeatably() -> None:
    changed = augment(batch(), generator())
    assert all((changed[0] - changed[other]).abs().mean() > 0.01 for other in range(1, 4))
    assert (changed == augment(batch(), generator())).all()
    assert (changed != augment(batch(), generator(1))).any()


def test_turning_keeps_round_things_round() -> None:
    """A disc in a 4:3 frame stays the same disc: the angle is counted in pixels, not in shares of the sides."""
    y, x = torch.meshgrid(torch.arange(168.0) - 83.5, torch.arange(224.0) - 111.5, indexing="ij")
    disc = (torch.hypot(x, y) < 50).float().expand(8, 3, 168, 224)
    turned = augment(disc, generator(), STILL)
    assert (turned - disc).abs().mean() < 0.01


def test_colour_changes_keep_grey_pictures_within_the_tint() -> None:
    settings = Augmentation(min_view=1, max_view=1, aspect=0, shift=0, tint=0)
    grey = torch.rand(1, 1, 168, 224, generator=generator()).expand(6, 3, 168, 224) * 0.5 + 0.2
    changed = augment(grey, generator(), settings)
    assert (changed[:, 0] - changed[:, 1]).abs().max() < 1e-5


def test_artefacts_are_drawn_on_about_as_many_images_as_asked() -> None:
    settings = dataclasses.replace(STILL, dark_corners=0.25)
    white = torch.ones(400, 3, 24, 32)
    drawn = augment(white, generator(), settings).amin(dim=(1, 2, 3)) < 0.5
    assert drawn.float().mean().item() == pytest.approx(0.25, abs=0.06)
    assert white.min() == 1


def test_without_artefacts_the_random_numbers_are_those_of_the_shipped_recipe() -> None:
    """The means are those of the code before artefacts could be drawn."""
    ramp = torch.linspace(0, 1, 64 * 48).view(1, 1, 48, 64).expand(4, 3, 48, 64)
    assert augment(ramp, generator()).mean(dim=(1, 2, 3)).tolist() == pytest.approx(
        [0.48281, 0.50615, 0.42629, 0.47548], abs=2e-5
    )


def test_the_grid_is_that_of_torch() -> None:
    theta = torch.randn(3, 2, 3, generator=generator())
    expected = torch.nn.functional.affine_grid(theta, [3, 3, 24, 32], align_corners=False)
    assert (_grid(theta, 24, 32) - expected).abs().max() < 1e-5
