"""Random changes to whole batches of images in training.

A lesion has no up, no fixed size and no fixed light. Doing this on the batch costs about 1 ms an image, a
twentieth of what the usual per-image transforms cost.

    images = augment(images, generator)  # float32 (B, 3, H, W) in [0, 1] -> the same
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from skinnet.images.artefacts import ARTEFACTS
from skinnet.images.drawing import uniform


@dataclass(frozen=True)
class Augmentation:
    """The ranges of the random changes."""

    min_view: float = 0.7
    """Smallest part of the frame's side that is kept (zoom in)."""
    max_view: float = 1.15
    """Largest one (zoom out; the outside is a reflection)."""
    aspect: float = 0.12
    """Largest stretch of width over height, as a share."""
    shift: float = 0.08
    """Largest shift, as a share of the side."""
    brightness: float = 0.15
    contrast: float = 0.15
    saturation: float = 0.1
    tint: float = 0.04
    """Largest gain of one colour channel: lamps and cameras differ."""
    hair: float = 0.0
    ruler: float = 0.0
    dark_corners: float = 0.0
    ink: float = 0.0
    bubbles: float = 0.0
    """Probabilities that `artefacts` draws them on an image; without any, no random number is spent on them."""


def augment(images: Tensor, generator: torch.Generator, settings: Augmentation = Augmentation()) -> Tensor:
    """Draw on, flip, turn by any angle, zoom, stretch, shift and recolour each image of a batch differently.

    Args:
        images: float32 (B, 3, H, W) in [0, 1].
        generator: source of all randomness, on the CPU.

    Returns:
        float32 (B, 3, H, W) in [0, 1].
    """
    moved = _move(_draw_artefacts(images, generator, settings), generator, settings)
    return _recolour(moved, generator, settings).clamp_(0, 1)


def _draw_artefacts(images: Tensor, generator: torch.Generator, settings: Augmentation) -> Tensor:
    for name, draw in ARTEFACTS.items():
        probability = getattr(settings, name)
        if not probability:
            continue
        chosen = (torch.rand(len(images), generator=generator) < probability).to(images.device)
        if chosen.any():
            images = images.index_put((chosen,), draw(images[chosen], generator))
    return images


def _move(images: Tensor, generator: torch.Generator, settings: Augmentation) -> Tensor:
    count, _, height, width = images.shape
    angle = uniform(count, 0, 2 * math.pi, generator)
    mirror = torch.randint(0, 2, (count,), generator=generator) * 2.0 - 1
    view = torch.exp(uniform(count, math.log(settings.min_view), math.log(settings.max_view), generator))
    stretch = torch.exp(uniform(count, -settings.aspect, settings.aspect, generator) / 2)
    across, down = view * stretch, view / stretch
    cos, sin = torch.cos(angle), torch.sin(angle)
    ratio = width / height  # grid_sample counts both axes from -1 to 1: turn in pixels, not in shares
    theta = torch.stack(
        [
            torch.stack([across * cos * mirror, -down * sin / ratio, _shift(count, generator, settings)], dim=1),
            torch.stack([across * sin * mirror * ratio, down * cos, _shift(count, generator, settings)], dim=1),
        ],
        dim=1,
    )  # (B, 2, 3)
    grid = _grid(theta.to(images.device), height, width)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _grid(theta: Tensor, height: int, width: int) -> Tensor:
    """Where each pixel comes from, (B, H, W, 2): `affine_grid` with align_corners=False, in a fraction of its time."""
    right = (torch.arange(width, device=theta.device) * 2 + 1) / width - 1
    down = (torch.arange(height, device=theta.device) * 2 + 1) / height - 1
    along_row = theta[:, None, :, 0] * right[:, None]  # (B, W, 2)
    along_column = theta[:, None, :, 1] * down[:, None] + theta[:, None, :, 2]  # (B, H, 2)
    return along_row[:, None] + along_column[:, :, None]


def _shift(count: int, generator: torch.Generator, settings: Augmentation) -> Tensor:
    return uniform(count, -2 * settings.shift, 2 * settings.shift, generator)


def _recolour(images: Tensor, generator: torch.Generator, settings: Augmentation) -> Tensor:
    """Contrast, saturation, brightness and tint together are one 3 x 3 matrix and an offset per image."""
    count = len(images)

    def gain(spread: float, channels: int = 1) -> Tensor:
        return 1 + uniform(count * channels, -spread, spread, generator).view(count, channels)

    contrast, saturation = gain(settings.contrast), gain(settings.saturation)
    brightness, tint = gain(settings.brightness), gain(settings.tint, 3)
    grey = torch.tensor([0.299, 0.587, 0.114])
    mix = saturation[:, :, None] * torch.eye(3) + (1 - saturation)[:, :, None] * grey.expand(3, 3)
    matrix = (contrast * brightness * tint)[:, :, None] * mix  # (B, 3, 3)
    mean = images.mean(dim=(1, 2, 3), keepdim=False).cpu()
    offset = (1 - contrast) * brightness * mean[:, None] * tint  # (B, 3)
    flat = torch.baddbmm(offset[:, :, None].to(images.device), matrix.to(images.device), images.flatten(2))
    return flat.view_as(images)
