"""Random operations on training images, after RandAugment (Cubuk et al. 2020), and cut-out (DeVries & Taylor 2017).

    images = operate(images, generator, count=1)            # float32 (B, 3, H, W) in [0, 1] -> the same
    images = cut_out(images, generator, probability=0.25)

Turns, shifts, zoom, blur and noise are `augment`'s and `degrade`'s; these are what is left of RandAugment's list that a
camera or its software may do to a photo.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from skinnet.images.drawing import uniform

COVERED = (0.02, 0.15)
"""Share of the picture that cut-out covers."""
LONGEST = 2.0
"""Largest aspect of what it covers."""
UNEVEN = 0.5
"""Largest difference of light between the middle and a side."""
SHARPEST = 3.0
FEWEST_BITS, MOST_BITS = 4, 7


def operate(images: Tensor, generator: torch.Generator, *, count: int) -> Tensor:
    """Do `count` operations, drawn anew each time, on each image of a batch.

    Args:
        images: float32 (B, 3, H, W) in [0, 1].
        generator: source of all randomness, on the CPU.
    """
    for _ in range(count):
        kinds, changed = torch.randint(len(OPERATIONS), (len(images),), generator=generator), images.clone()
        for kind, operation in enumerate(OPERATIONS):
            chosen = torch.nonzero(kinds == kind).flatten().to(images.device)
            if len(chosen):
                changed[chosen] = operation(images[chosen], generator)
        images = changed.clamp(0, 1)
    return images


def cut_out(images: Tensor, generator: torch.Generator, *, probability: float) -> Tensor:
    """Cover a rectangle of some images with their mean colour; without a probability, no random number is spent."""
    if not probability:
        return images
    count, _, height, width = images.shape
    chosen = (uniform(count, 0, 1, generator) < probability).tolist()
    sides = torch.sqrt(uniform(count, *COVERED, generator))
    stretch = torch.exp(uniform(count, -math.log(LONGEST), math.log(LONGEST), generator) / 2)
    places = torch.rand(count, 2, generator=generator)
    covered = images.clone()
    for number in (number for number, chance in enumerate(chosen) if chance):
        tall, wide = int(sides[number] / stretch[number] * height), int(sides[number] * stretch[number] * width)
        top, left = int(places[number, 0] * (height - tall)), int(places[number, 1] * (width - wide))
        mean = images[number].mean(dim=(1, 2), keepdim=True)
        covered[number, :, top : top + tall, left : left + wide] = mean
    return covered


def _draw(images: Tensor, low: float, high: float, generator: torch.Generator) -> Tensor:
    """A number for each image, (B, 1, 1, 1)."""
    return uniform(len(images), low, high, generator).view(-1, 1, 1, 1).to(images.device)


def _stretched(images: Tensor, _generator: torch.Generator) -> Tensor:
    return torch.as_tensor(transforms.autocontrast(images))


def _equalised(images: Tensor, generator: torch.Generator) -> Tensor:
    """Equalise the values up to half way; all the way would remove the darkness of a lesion."""
    even = transforms.equalize((images * 255).round().to(torch.uint8)).float() / 255
    return torch.lerp(images, even, _draw(images, 0, 0.5, generator))


def _posterised(images: Tensor, generator: torch.Generator) -> Tensor:
    bits = torch.randint(FEWEST_BITS, MOST_BITS + 1, (len(images), 1, 1, 1), generator=generator)
    step = (2.0 ** (8 - bits)).to(images.device)
    return ((images * 255).round() / step).floor() * step / 255


def _sharpened(images: Tensor, generator: torch.Generator) -> Tensor:
    smooth = torch.as_tensor(transforms.adjust_sharpness(images, 0))
    return torch.lerp(smooth, images, _draw(images, 1, SHARPEST, generator))


def _unevenly_lit(images: Tensor, generator: torch.Generator) -> Tensor:
    """Brighter on one side than on the other."""
    angle, amount = _draw(images, 0, 2 * math.pi, generator), _draw(images, 0, UNEVEN, generator)
    down = torch.linspace(-1, 1, images.shape[-2], device=images.device)[:, None]
    right = torch.linspace(-1, 1, images.shape[-1], device=images.device)
    return images * (1 + amount * (torch.cos(angle) * right + torch.sin(angle) * down) / math.sqrt(2))


def _grey_world(images: Tensor, generator: torch.Generator) -> Tensor:
    """Part of the way to channels of equal means, the simplest automatic white balance."""
    means = images.mean(dim=(2, 3), keepdim=True).clamp(min=1 / 255)
    gains = means.mean(dim=1, keepdim=True) / means
    return images * torch.lerp(torch.ones_like(gains), gains, _draw(images, 0, 1, generator))


OPERATIONS: tuple[Callable[[Tensor, torch.Generator], Tensor], ...] = (
    _stretched, _equalised, _posterised, _sharpened, _unevenly_lit, _grey_world,
)  # fmt: skip
"""Each takes float32 (B, 3, H, W) and may leave [0, 1]."""
