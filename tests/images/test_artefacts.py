from __future__ import annotations

import pytest
import torch

from skinnet.images.artefacts import ARTEFACTS
from skinnet.training.augment import Augmentation

SKIN = torch.tensor([0.85, 0.66, 0.58])


def skin(count: int = 8, height: int = 96, width: int = 128) -> torch.Tensor:
    return SKIN[:, None, None].expand(count, 3, height, width).clone()


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def changed(name: str, **size: int) -> torch.Tensor:
    """How far each pixel moves, (B, H, W)."""
    images = skin(**size)
    return (ARTEFACTS[name](images, generator()) - images).abs().amax(dim=1)


def test_each_artefact_has_its_probability_in_the_augmentation() -> None:
    assert {name: getattr(Augmentation(), name) for name in ARTEFACTS} == dict.fromkeys(ARTEFACTS, 0.0)


@pytest.mark.parametrize("name", ARTEFACTS)
@pytest.mark.parametrize(("height", "width"), [(96, 128), (128, 96), (70, 140)])
def test_every_image_is_drawn_on_differently_and_repeatably_within_range(name: str, height: int, width: int) -> None:
    images = skin(height=height, width=width)
    drawn = ARTEFACTS[name](images, generator())
    assert drawn.shape == images.shape
    assert 0 <= drawn.min() < drawn.max() <= 1
    assert ((drawn - images).abs().amax(dim=(1, 2, 3)) > 0.05).all()
    assert all((drawn[0] != drawn[other]).any() for other in range(1, len(images)))
    assert (drawn == ARTEFACTS[name](images, generator())).all()
    assert (images == skin(height=height, width=width)).all()


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("hair", 0.005, 0.2), ("ruler", 0.002, 0.08), ("ink", 0.005, 0.2), ("bubbles", 0.002, 0.1)],
)
def test_most_of_the_skin_stays_as_it_was(name: str, least: float, most: float) -> None:
    share = (changed(name, count=50) > 0.02).float().mean(dim=(1, 2))
    assert share.median() > least
    assert share.max() < most


def test_dark_corners_leave_the_middle_and_darken_the_corners() -> None:
    images = skin(count=50)
    drawn = ARTEFACTS["dark_corners"](images, generator())
    assert (drawn - images)[:, :, 40:56, 56:72].abs().max() < 0.01
    assert (drawn[:, :, ::95, ::127].amin(dim=(1, 2, 3)) < 0.3).all()


def test_a_ruler_lies_along_one_side() -> None:
    rows, columns = (changed("ruler", count=50) > 0.1).nonzero()[:, 1:].T
    assert (((rows - 47.5).abs() > 24) | ((columns - 63.5).abs() > 32)).all()


def test_hair_is_as_thick_at_any_size_of_the_picture() -> None:
    small, large = (changed("hair", count=20, height=size, width=size).mean().item() for size in (150, 300))
    assert small == pytest.approx(large, rel=0.1)
