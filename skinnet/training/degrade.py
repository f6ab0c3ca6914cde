"""Random damage to photos in training, so that the network withstands it.

    images = degrade(images, generator, probability=0.3)  # float32 (B, 3, H, W) in [0, 1] -> the same

Three of the kinds of `corruptions`, of which `augment` has nothing: blur, noise and JPEG. Light and colour it has.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from skinnet.data.index import FRAME
from skinnet.images.corruptions import CORRUPTIONS
from skinnet.images.drawing import uniform

MOST = 3
"""The strength of `corruptions` up to which images are damaged."""


def degrade(images: Tensor, generator: torch.Generator, *, probability: float) -> Tensor:
    """Damage each image of a batch in one random way, or leave it.

    Args:
        images: float32 (B, 3, H, W) in [0, 1].
        generator: source of all randomness, on the CPU.
        probability: that an image is damaged; without any, no random number is spent.
    """
    if not probability:
        return images
    chosen = torch.rand(len(images), generator=generator) < probability
    kinds = torch.randint(len(KINDS), (len(images),), generator=generator)
    damaged = images.clone()
    for position in torch.nonzero(chosen).flatten().tolist():
        damaged[position] = KINDS[int(kinds[position])](images[position], generator)
    return damaged


def _noisy(image: Tensor, generator: torch.Generator) -> Tensor:
    noise = torch.randn(image.shape, generator=generator).to(image.device)
    return (image + _amount("noise", generator) * noise).clamp(0, 1)


def _blurred(image: Tensor, generator: torch.Generator) -> Tensor:
    share = min(image.shape[-2:]) / min(FRAME)  # of full size, which its strength is counted in
    return _changed("blur", image, share * _amount("blur", generator))


def _compressed(image: Tensor, generator: torch.Generator) -> Tensor:
    return _changed("jpeg", image.cpu(), _amount("jpeg", generator)).to(image.device)


KINDS: tuple[Callable[[Tensor, torch.Generator], Tensor], ...] = (_blurred, _noisy, _compressed)


def _amount(name: str, generator: torch.Generator) -> float:
    """Between those of strength 1 and `MOST`."""
    amounts = CORRUPTIONS[name].amounts
    return uniform(1, amounts[0], amounts[MOST - 1], generator).item()


def _changed(name: str, image: Tensor, amount: float) -> Tensor:
    pixels = (image[None] * 255).round().to(torch.uint8)
    return CORRUPTIONS[name].change(pixels, amount)[0].float() / 255
