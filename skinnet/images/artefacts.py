"""What lies over the skin in dermatoscopic photos and says nothing of the lesion, drawn on whole batches.

Networks take ink and rulers for signs of disease (Winkler et al., JAMA Dermatology 2019), so training may draw them on
any lesion, and a test may ask what they change.

    images = draw_hair(images, generator)  # float32 (B, 3, H, W) in [0, 1] -> the same, on every image
    images = ARTEFACTS["ruler"](images, generator)

Lengths are in heights of the picture, with (0, 0) in its middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

VERSION = 1
"""Raise it when an artefact is drawn in another way: caches of logits depend on it."""
HAIRS = 14
BUBBLES = 14
"""At most, in one picture."""
LONGEST_HAIR = 0.8
THICKEST_HAIR = 0.012
LARGEST_BUBBLE = 0.05
INKS = ((0.36, 0.20, 0.52), (0.16, 0.22, 0.50), (0.12, 0.12, 0.18))
"""Gentian violet, blue and black pens, RGB."""


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """float32 (count,)."""
    return torch.rand(count, generator=generator) * (high - low) + low


def draw_hair(images: Tensor, generator: torch.Generator) -> Tensor:
    """Three to fourteen curved hairs of one colour that lie about the same way, thinner towards the tip."""
    count, height = len(images), images.shape[-2]
    colour = _colours(((0.10, 0.07, 0.06), (0.24, 0.16, 0.11), (0.62, 0.50, 0.38)), (5, 4, 1), count, generator)
    growth = uniform(count, 0, 2 * math.pi, generator)[:, None]
    angle = _on(images, growth + 0.35 * torch.randn(count, HAIRS, generator=generator))  # (B, HAIRS, 1)
    x, y = _places(images, HAIRS, generator)
    length = _on(images, _uniform(count, HAIRS, 0.25, LONGEST_HAIR, generator))
    bend = _on(images, _uniform(count, HAIRS, -0.9, 0.9, generator))
    half = _on(images, uniform(count, 0.005, THICKEST_HAIR, generator)[:, None] / 2)
    opacity = _on(images, _uniform(count, HAIRS, 0.55, 0.95, generator) * _first(3, HAIRS, count, generator))
    place = torch.linspace(-0.5, 0.5, round(LONGEST_HAIR * height / 0.75), device=images.device)  # root to tip
    along = place * length  # (B, HAIRS, discs), at most 0.75 pixels apart
    across = bend * along.square()
    cos, sin = torch.cos(angle), torch.sin(angle)
    pixels, right, down = _windows(
        images,
        (x[..., None] + along * cos - across * sin).flatten(1),
        (y[..., None] + along * sin + across * cos).flatten(1),
        reach=THICKEST_HAIR / 2,
    )
    radius = (half * (0.75 - 0.5 * place)).expand_as(along).flatten(1)[..., None]
    disc = _inside(radius - torch.hypot(right, down), images) * opacity.expand_as(along).flatten(1)[..., None]
    cover = _blank(images).scatter_reduce_(1, pixels, disc.flatten(1), "amax")
    return _lay_over(images, colour, _unflatten(cover, images))


def draw_ruler(images: Tensor, generator: torch.Generator) -> Tensor:
    """The marks of a ruler along one side, every fifth one longer."""
    count = len(images)
    quarter = torch.randint(0, 4, (count,), generator=generator) * math.pi / 2
    angle = quarter + uniform(count, -0.12, 0.12, generator)
    reach = torch.where(quarter.sin().abs() > 0.5, images.shape[-1] / images.shape[-2] / 2, 0.5)
    along, across = _turned(images, angle, torch.zeros(count), torch.zeros(count))
    across = across - _on(images, reach * uniform(count, 0.65, 0.9, generator))
    spacing = _on(images, uniform(count, 0.035, 0.08, generator))
    mark = (along / spacing).round()
    length = spacing * torch.where(mark.remainder(5) == 0, 1.6, 0.9)
    half = spacing * 0.09
    tick = _inside(half - (along - mark * spacing).abs(), images)
    cover = tick * _inside(across, images) * _inside(length - across, images)
    cover = cover * _on(images, uniform(count, 0.5, 0.9, generator))
    return _lay_over(images, _colours(((0.08, 0.08, 0.10), (0.20, 0.16, 0.15)), (1, 1), count, generator), cover)


def draw_dark_corners(images: Tensor, generator: torch.Generator) -> Tensor:
    """The round rim of a dermatoscope's view, sharp or soft."""
    count = len(images)
    middle = [uniform(count, -0.06, 0.06, generator) for _ in range(2)]
    x, y = _turned(images, torch.zeros(count), *middle)
    corner = math.hypot(1, images.shape[-1] / images.shape[-2]) / 2
    radius = _on(images, corner * uniform(count, 0.67, 0.9, generator))
    softness = _on(images, torch.exp(uniform(count, math.log(0.004), math.log(0.06), generator)))
    cover = torch.sigmoid((torch.hypot(x, y) - radius) / softness)
    return _lay_over(images, uniform(count, 0, 0.08, generator)[:, None].expand(count, 3), cover)


def draw_ink(images: Tensor, generator: torch.Generator) -> Tensor:
    """A stroke of a pen around a part of the lesion, blotchy, through which the skin shines."""
    count = len(images)
    middle = [uniform(count, -0.1, 0.1, generator) for _ in range(2)]
    x, y = _turned(images, uniform(count, 0, 2 * math.pi, generator), *middle)
    direction = torch.atan2(y, x)
    radius = _on(images, uniform(count, 0.28, 0.5, generator)) * (1 + 0.06 * torch.sin(3 * direction))
    width = _on(images, uniform(count, 0.012, 0.035, generator))
    extent = _on(images, uniform(count, 0.3, 1.4, generator))
    blotches = torch.randn(count, 1, 24, 32, generator=generator).to(images.device)
    blotches = F.interpolate(blotches, images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    distance = (torch.hypot(x, y) - radius).abs() + width * 0.25 * blotches
    cover = torch.sigmoid((width - distance) / (0.12 * width)) * torch.sigmoid((extent - direction.abs()) / 0.03)
    cover = cover * (_on(images, uniform(count, 0.5, 0.85, generator)) + 0.12 * blotches).clamp(0, 1)
    ink = _colours(INKS, (5, 3, 2), count, generator).to(images.device)[:, :, None, None]
    return images * (1 - cover[:, None] * (1 - ink))


def draw_bubbles(images: Tensor, generator: torch.Generator) -> Tensor:
    """Three to fourteen bubbles of air in the gel: a dark outline, a bright ring inside it, a glint of the lamp."""
    count = len(images)
    radius = torch.exp(_uniform(count, BUBBLES, math.log(0.01), math.log(LARGEST_BUBBLE), generator))
    pixels, right, down = _windows(images, *_places(images, BUBBLES, generator), reach=1.3 * LARGEST_BUBBLE)
    right, down = right / _on(images, radius), down / _on(images, radius)
    apart = torch.hypot(right, down)
    ring = torch.exp(-((apart - 0.85) / 0.12).square()) - 0.7 * torch.exp(-((apart - 1.05) / 0.1).square())
    glint = torch.exp(-(torch.hypot(right + 0.4, down + 0.4) / 0.2).square())
    light = (0.3 * ring + 0.6 * glint) * _on(images, _first(3, BUBBLES, count, generator))
    light = _unflatten(_blank(images).scatter_add_(1, pixels, light.flatten(1)), images)
    return (images + light[:, None]).clamp(0, 1)


ARTEFACTS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "hair": draw_hair,
    "ruler": draw_ruler,
    "dark_corners": draw_dark_corners,
    "ink": draw_ink,
    "bubbles": draw_bubbles,
}


def _uniform(count: int, things: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """float32 (count, things)."""
    return uniform(count * things, low, high, generator).view(count, things)


def _first(least: int, things: int, count: int, generator: torch.Generator) -> Tensor:
    """Bool (count, things): which of them are there, at least the first `least`."""
    return torch.arange(things) < torch.randint(least, things + 1, (count, 1), generator=generator)


def _on(images: Tensor, values: Tensor) -> Tensor:
    """(B, ...) -> (B, ..., 1) where the images are; (B,) -> (B, 1, 1)."""
    return values.to(images.device)[:, None, None] if values.ndim == 1 else values.to(images.device)[..., None]


def _places(images: Tensor, things: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Places in the picture, x and y, (B, things) each, where the images are."""
    half = images.shape[-1] / images.shape[-2] / 2
    x, y = (_uniform(len(images), things, -side, side, generator) for side in (half, 0.5))
    return x.to(images.device), y.to(images.device)


def _windows(images: Tensor, x: Tensor, y: Tensor, *, reach: float) -> tuple[Tensor, Tensor, Tensor]:
    """The pixels around each of P places, given by x and y (B, P): small things are drawn there alone.

    Returns:
        positions in the flattened picture (B, P * K), one past its end for what is outside, and how far right and
        down of the place each pixel lies (B, P, K).
    """
    height, width = images.shape[-2:]
    margin = math.ceil(reach * height + 0.5)
    offsets = torch.arange(-margin, margin + 1, device=images.device)
    columns = (x * height + (width - 1) / 2).round().long()[..., None, None] + offsets  # (B, P, 1, side)
    rows = (y * height + (height - 1) / 2).round().long()[..., None, None] + offsets[:, None]  # (B, P, side, 1)
    right = (columns - (width - 1) / 2) / height - x[..., None, None]
    down = (rows - (height - 1) / 2) / height - y[..., None, None]
    outside = (columns < 0) | (columns >= width) | (rows < 0) | (rows >= height)
    pixels = torch.where(outside, height * width, rows * width + columns)
    right, down = torch.broadcast_tensors(right, down)
    return pixels.flatten(1), right.flatten(2), down.flatten(2)


def _blank(images: Tensor) -> Tensor:
    """A flat layer to draw on, (B, H * W + 1): the last pixel is for what is outside."""
    return images.new_zeros(len(images), images.shape[-2] * images.shape[-1] + 1)


def _unflatten(layer: Tensor, images: Tensor) -> Tensor:
    return layer[:, :-1].reshape(len(images), *images.shape[-2:])


def _turned(images: Tensor, angle: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Two coordinates (B, H, W) of each pixel, seen from (x, y) along `angle` and across it."""
    height, width = images.shape[-2:]
    down = (torch.arange(height, device=images.device) + 0.5 - height / 2) / height
    right = (torch.arange(width, device=images.device) + 0.5 - width / 2) / height
    dx, dy = right - _on(images, x), down[:, None] - _on(images, y)
    cos, sin = _on(images, torch.cos(angle)), _on(images, torch.sin(angle))
    return dx * cos + dy * sin, dy * cos - dx * sin


def _inside(depth: Tensor, images: Tensor) -> Tensor:
    """How much of a pixel lies inside an edge that is `depth` away: 0 to 1."""
    return (depth * images.shape[-2] + 0.5).clamp(0, 1)


def _colours(
    colours: tuple[tuple[float, ...], ...], weights: tuple[float, ...], count: int, generator: torch.Generator
) -> Tensor:
    """One of `colours` for each image, (B, 3), a little varied."""
    chosen = torch.multinomial(torch.tensor(weights, dtype=torch.float32), count, True, generator=generator)
    varied = torch.tensor(colours)[chosen] * uniform(count, 0.8, 1.2, generator)[:, None]
    return varied.clamp(0, 1)


def _lay_over(images: Tensor, colour: Tensor, cover: Tensor) -> Tensor:
    """Paint `colour` (B, 3) over the images where `cover` (B, H, W) is above 0."""
    return torch.lerp(images, colour.to(images.device)[:, :, None, None], cover[:, None])
