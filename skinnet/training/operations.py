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
        kinds = torch.randint(len(OPERATIONS), (len(images),), generator=generator).tolist()
        changed = [OPERATIONS[kind](image, generator) for kind, image in zip(kinds, images, strict=True)]
        images = torch.stack(changed).clamp(0, 1)
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


def _draw(low: float, high: float, generator: torch.Generator) -> float:
    return uniform(1, low, high, generator).item()


def _stretched(image: Tensor, _generator: torch.Generator) -> Tensor:
    return torch.as_tensor(transforms.autocontrast(image))


def _equalised(image: Tensor, generator: torch.Generator) -> Tensor:
    """Equalise the values up to half way; all the way would remove the darkness of a lesion."""
    even = transforms.equalize((image * 255).round().to(torch.uint8)).float() / 255
    mixed: Tensor = torch.lerp(image, even, _draw(0, 0.5, generator))
    return mixed


def _posterised(image: Tensor, generator: torch.Generator) -> Tensor:
    bits = int(torch.randint(FEWEST_BITS, MOST_BITS + 1, (1,), generator=generator))
    return torch.as_tensor(transforms.posterize((image * 255).round().to(torch.uint8), bits)).float() / 255


def _sharpened(image: Tensor, generator: torch.Generator) -> Tensor:
    return torch.as_tensor(transforms.adjust_sharpness(image, _draw(1, SHARPEST, generator)))


def _unevenly_lit(image: Tensor, generator: torch.Generator) -> Tensor:
    """Brighter on one side than on the other."""
    angle, amount = _draw(0, 2 * math.pi, generator), _draw(0, UNEVEN, generator)
    down = torch.linspace(-1, 1, image.shape[-2], device=image.device)[:, None]
    right = torch.linspace(-1, 1, image.shape[-1], device=image.device)
    return image * (1 + amount * (math.cos(angle) * right + math.sin(angle) * down) / math.sqrt(2))


def _grey_world(image: Tensor, generator: torch.Generator) -> Tensor:
    """Part of the way to channels of equal means, the simplest automatic white balance."""
    means = image.mean(dim=(1, 2), keepdim=True).clamp(min=1 / 255)
    return image * torch.lerp(torch.ones_like(means), means.mean() / means, _draw(0, 1, generator))


OPERATIONS: tuple[Callable[[Tensor, torch.Generator], Tensor], ...] = (
    _stretched, _equalised, _posterised, _sharpened, _unevenly_lit, _grey_world,
)  # fmt: skip
