"""Draw on batches of images: random values, coordinates, and soft-edged shapes laid over the pictures.

    x, y = rotated_coordinates(images, angle, centre_x, centre_y)  # (B, H, W) each
    images = paint(images, colour, cover=edge_coverage(0.3 - x.abs(), images))

Lengths are shares of the picture's height. Coordinates have (0, 0) in its middle, x to the right and y down. Random
values are drawn on the CPU, so that they are the same on any device.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw uniform values: float32 (count,)."""
    return torch.rand(count, generator=generator) * (high - low) + low


def uniform_each(count: int, things: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw uniform values for the things in each of `count` images: float32 (count, things)."""
    return uniform(count * things, low, high, generator).view(count, things)


def random_presence(least: int, things: int, count: int, generator: torch.Generator) -> Tensor:
    """Draw which things each image shows: bool (count, things), true for the first `least` or more."""
    return torch.arange(things) < torch.randint(least, things + 1, (count, 1), generator=generator)


def random_positions(images: Tensor, things: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw positions in the picture: x and y, (B, things) each, on the images' device."""
    half_width = images.shape[-1] / images.shape[-2] / 2
    x, y = (uniform_each(len(images), things, -half, half, generator) for half in (half_width, 0.5))
    return x.to(images.device), y.to(images.device)


def random_colours(
    colours: tuple[tuple[float, ...], ...], weights: tuple[float, ...], count: int, generator: torch.Generator
) -> Tensor:
    """Draw one of `colours` for each image, made up to a fifth darker or brighter: (count, 3)."""
    chosen = torch.multinomial(torch.tensor(weights, dtype=torch.float32), count, True, generator=generator)
    varied = torch.tensor(colours)[chosen] * uniform(count, 0.8, 1.2, generator)[:, None]
    return varied.clamp(0, 1)


def broadcast(values: Tensor, images: Tensor) -> Tensor:
    """Add axes for positions, on the images' device: (B,) -> (B, 1, 1); (B, ...) -> (B, ..., 1)."""
    return values.to(images.device)[:, None, None] if values.ndim == 1 else values.to(images.device)[..., None]


def rotated_coordinates(images: Tensor, angle: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Compute each pixel's coordinates along `angle` and across it, from the origin (x, y): (B, H, W) each.

    Args:
        angle, x, y: (B,) each.
    """
    height, width = images.shape[-2:]
    down = (torch.arange(height, device=images.device) + 0.5 - height / 2) / height
    right = (torch.arange(width, device=images.device) + 0.5 - width / 2) / height
    dx, dy = right - broadcast(x, images), down[:, None] - broadcast(y, images)
    cos, sin = broadcast(torch.cos(angle), images), broadcast(torch.sin(angle), images)
    return dx * cos + dy * sin, dy * cos - dx * sin


def pixels_around(images: Tensor, x: Tensor, y: Tensor, *, reach: float) -> tuple[Tensor, Tensor, Tensor]:
    """Find the pixels around each of P points, so that small things need not be drawn on whole pictures.

    Args:
        x, y: (B, P) each.
        reach: how far from its point a thing extends.

    Returns:
        positions in the flattened layer (B, P * K), its last one for what lies beyond the picture, and how far right
        of the point and below it each pixel lies (B, P, K).
    """
    height, width = images.shape[-2:]
    margin = math.ceil(reach * height + 0.5)
    offsets = torch.arange(-margin, margin + 1, device=images.device)
    columns = (x * height + (width - 1) / 2).round().long()[..., None, None] + offsets  # (B, P, 1, side)
    rows = (y * height + (height - 1) / 2).round().long()[..., None, None] + offsets[:, None]  # (B, P, side, 1)
    right = (columns - (width - 1) / 2) / height - x[..., None, None]
    down = (rows - (height - 1) / 2) / height - y[..., None, None]
    beyond = (columns < 0) | (columns >= width) | (rows < 0) | (rows >= height)
    pixels = torch.where(beyond, height * width, rows * width + columns)
    right, down = torch.broadcast_tensors(right, down)
    return pixels.flatten(1), right.flatten(2), down.flatten(2)


def empty_layer(images: Tensor) -> Tensor:
    """Make a flattened layer to draw on: zeros (B, H * W + 1), the last pixel for what lies beyond the picture."""
    return images.new_zeros(len(images), images.shape[-2] * images.shape[-1] + 1)


def layer_as_picture(layer: Tensor, images: Tensor) -> Tensor:
    """(B, H * W + 1) -> (B, H, W)."""
    return layer[:, :-1].reshape(len(images), *images.shape[-2:])


def edge_coverage(depth: Tensor, images: Tensor) -> Tensor:
    """Compute the share of a pixel inside a shape, 0 to 1, from how deep inside the shape's edge the pixel lies."""
    return (depth * images.shape[-2] + 0.5).clamp(0, 1)


def draw_discs(images: Tensor, x: Tensor, y: Tensor, radius: Tensor, opacity: Tensor, *, largest: float) -> Tensor:
    """Draw discs and return how much they cover of each pixel, 0 to 1: (B, H, W).

    Args:
        x, y, radius, opacity: (B, P) each.
        largest: largest radius.
    """
    pixels, right, down = pixels_around(images, x, y, reach=largest)
    discs = edge_coverage(radius[..., None] - torch.hypot(right, down), images) * opacity[..., None]
    return layer_as_picture(empty_layer(images).scatter_reduce_(1, pixels, discs.flatten(1), "amax"), images)


def paint(images: Tensor, colour: Tensor, cover: Tensor) -> Tensor:
    """Paint `colour` (B, 3) over the images, as opaque as `cover` (B, H, W) says."""
    return torch.lerp(images, colour.to(images.device)[:, :, None, None], cover[:, None])
