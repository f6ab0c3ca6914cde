from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from skinnet.images.corruptions import ALTERATIONS, CORRUPTIONS, STRENGTHS, cut_to_aspect
from tests.drawings import LOOKS, draw_lesion


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """Two smooth pictures with a dark disc in the middle, uint8 (2, 3, 96, 128)."""
    down, right = torch.meshgrid(torch.linspace(-0.75, 0.75, 96), torch.linspace(-1, 1, 128), indexing="ij")
    disc = (torch.hypot(down, right) < 0.35).float()
    skin = torch.tensor([205.0, 150.0, 130.0]).view(3, 1, 1) * (1 + 0.1 * right)
    one = skin * (1 - 0.6 * disc)
    return torch.stack([one, one.flip(2)]).round().to(torch.uint8)


def corrupted(name: str, images: torch.Tensor, strength: int) -> torch.Tensor:
    return CORRUPTIONS[name].apply(images, strength=strength)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_strength_changes_more_than_the_one_before(name: str, images: torch.Tensor) -> None:
    before = images.clone()
    changes = []
    for strength in STRENGTHS:
        result = corrupted(name, images, strength)
        assert (result.dtype, result.shape) == (torch.uint8, images.shape)
        changes.append((result.float() - images.float()).abs().mean().item())
    assert changes[0] > 0
    assert changes == sorted(changes)
    assert torch.equal(images, before)
    assert torch.equal(corrupted(name, images, 3), corrupted(name, images, 3))


def test_light_and_colour_change_as_their_names_say(images: torch.Tensor) -> None:
    def mean(name: str) -> torch.Tensor:
        return corrupted(name, images, 2).float().mean(dim=(0, 2, 3))

    plain = images.float().mean(dim=(0, 2, 3))
    assert mean("dark") == pytest.approx(0.7 * plain, rel=0.01)
    assert (mean("bright") > 1.1 * plain).all()
    assert mean("warm") == pytest.approx(plain * torch.tensor([1.08, 1.0, 0.92]), rel=0.01)
    assert corrupted("grey", images, 5).float().std(dim=1).max() == 0
    assert corrupted("pale", images, 5).float().std() < 0.4 * images.float().std()


def test_zooming_changes_the_share_of_the_lesion(images: torch.Tensor) -> None:
    def share(pictures: torch.Tensor) -> float:
        return (pictures[:, 0] < 120).float().mean().item()

    assert share(corrupted("near", images, 3)) == pytest.approx(share(images) * 1.6**2, rel=0.06)
    middle = corrupted("far", images, 2)[:, :, 96 // 2 - 33 : 96 // 2 + 33, 64 - 44 : 64 + 44]
    assert share(middle) * middle[0, 0].numel() == pytest.approx(
        share(images) * images[0, 0].numel() * 0.7**2, rel=0.06
    )


def test_zooming_and_turning_are_those_of_torchvision(images: torch.Tensor) -> None:
    def mirrored(pictures: torch.Tensor, left: int, above: int, right: int, below: int) -> torch.Tensor:
        return functional.pad(pictures, [left, above, right, below], padding_mode="symmetric")

    near = functional.resize(functional.center_crop(images, [48, 64]), [96, 128], antialias=True)
    assert torch.equal(CORRUPTIONS["near"].change(images, 2.0), near)
    far = functional.resize(images, [67, 90], antialias=True)
    assert torch.equal(corrupted("far", images, 2), mirrored(far, 19, 14, 19, 15))
    wide = mirrored(images, 17, 33, 17, 33)
    turned = functional.center_crop(functional.rotate(wide, 90.0), [96, 128])
    assert torch.equal(corrupted("turn", images, 5), turned)


def test_turning_leaves_no_black_corner(images: torch.Tensor) -> None:
    turned = corrupted("turn", images, 3)
    assert turned.amin() >= images.amin() - 1


def test_each_alteration_does_what_it_is_named_for() -> None:
    photo = draw_lesion(LOOKS["mel"], seed=0, size=(300, 224))
    altered = {name: alter(photo) for name, alter in ALTERATIONS.items()}
    before = np.asarray(photo, dtype=float)
    assert altered["none"] is photo
    assert altered["enlarged to 600 x 450"].size == (600, 450)
    assert altered["turned by 90 degrees"].size == (224, 300)
    assert altered["middle half of each side"].size == (150, 112)
    assert altered["cut to 1:1"].size == (448, 448)
    assert altered["cut to 16:9"].size == (600, 338)
    assert (np.asarray(cut_to_aspect(photo, 1)) == np.asarray(photo)[:, 38:262]).all()
    assert np.asarray(altered["a quarter darker"]).mean() / before.mean() == pytest.approx(0.75, abs=0.01)
    assert np.asarray(altered["a fifth brighter"]).mean() > 1.1 * before.mean()
    warmth = np.asarray(altered["warmer colours"], dtype=float) - before
    assert warmth[..., 0].mean() > 0 > warmth[..., 2].mean()
    assert np.std(np.asarray(altered["noise of 5 levels"]) - before) == pytest.approx(5, abs=0.3)
    assert _roughness(altered["sharpened"]) > _roughness(photo) > _roughness(altered["blurred by 1 pixel"])


def _roughness(photo: Image.Image) -> float:
    return float(np.abs(np.diff(np.asarray(photo, dtype=float), axis=1)).mean())
