"""Draw artefacts of dermoscopy on whole batches: hair, rulers, dark corners, ink and bubbles.

They lie over the skin and tell nothing about the lesion. Still, networks take ink and rulers for signs of disease
(Winkler et al., JAMA Dermatology 2019). So training may draw them on any lesion, and a study measures their effect.

    images = draw_hair(images, generator)  # float32 (B, 3, H, W) in [0, 1] -> the same, on every image
    images = ARTEFACTS["ruler"](images, generator)

Lengths are shares of the picture's height, as in `drawing`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from skinnet.images.drawing import (
    broadcast,
    draw_discs,
    edge_coverage,
    empty_layer,
    layer_as_picture,
    paint,
    pixels_around,
    random_colours,
    random_positions,
    random_presence,
    rotated_coordinates,
    uniform,
    uniform_each,
)

VERSION = 1
"""Raise it when an artefact is drawn in another way: caches of logits depend on it."""
MOST_HAIRS = 14
LONGEST_HAIR = 0.8
THICKEST_HAIR = 0.012
HAIR_COLOURS = ((0.10, 0.07, 0.06), (0.24, 0.16, 0.11), (0.62, 0.50, 0.38))
"""Black, brown and fair, RGB."""
MOST_BUBBLES = 14
LARGEST_BUBBLE = 0.05
"""Radius."""
MARK_COLOURS = ((0.08, 0.08, 0.10), (0.20, 0.16, 0.15))
"""Of a ruler, RGB."""
INKS = ((0.36, 0.20, 0.52), (0.16, 0.22, 0.50), (0.12, 0.12, 0.18))
"""Gentian violet, blue and black pens, RGB."""


def draw_hair(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw three to fourteen curved hairs of one colour and about one direction, thinner towards the tip."""
    count, height = len(images), images.shape[-2]
    colour = random_colours(HAIR_COLOURS, (5, 4, 1), count, generator)
    direction = uniform(count, 0, 2 * math.pi, generator)[:, None]
    angle = broadcast(direction + 0.35 * torch.randn(count, MOST_HAIRS, generator=generator), images)  # (B, HAIRS, 1)
    x, y = random_positions(images, MOST_HAIRS, generator)
    length = broadcast(uniform_each(count, MOST_HAIRS, 0.25, LONGEST_HAIR, generator), images)
    bend = broadcast(uniform_each(count, MOST_HAIRS, -0.9, 0.9, generator), images)
    half_width = broadcast(uniform(count, 0.005, THICKEST_HAIR, generator)[:, None] / 2, images)
    opacity = uniform_each(count, MOST_HAIRS, 0.55, 0.95, generator) * random_presence(3, MOST_HAIRS, count, generator)
    root_to_tip = torch.linspace(-0.5, 0.5, round(LONGEST_HAIR * height / 0.75), device=images.device)
    along = root_to_tip * length  # (B, HAIRS, discs), at most 0.75 pixels apart
    across = bend * along.square()
    cos, sin = torch.cos(angle), torch.sin(angle)
    cover = draw_discs(
        images,
        (x[..., None] + along * cos - across * sin).flatten(1),
        (y[..., None] + along * sin + across * cos).flatten(1),
        (half_width * (0.75 - 0.5 * root_to_tip)).expand_as(along).flatten(1),
        broadcast(opacity, images).expand_as(along).flatten(1),
        largest=THICKEST_HAIR / 2,
    )
    return paint(images, colour, cover)


def draw_ruler(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the marks of a ruler along one side, every fifth one longer."""
    count = len(images)
    quarter = torch.randint(0, 4, (count,), generator=generator) * math.pi / 2
    angle = quarter + uniform(count, -0.12, 0.12, generator)
    half_side = torch.where(quarter.sin().abs() > 0.5, images.shape[-1] / images.shape[-2] / 2, 0.5)
    along, across = rotated_coordinates(images, angle, torch.zeros(count), torch.zeros(count))
    across = across - broadcast(half_side * uniform(count, 0.65, 0.9, generator), images)
    spacing = broadcast(uniform(count, 0.035, 0.08, generator), images)
    mark = (along / spacing).round()
    length = spacing * torch.where(mark.remainder(5) == 0, 1.6, 0.9)
    half_width = spacing * 0.09
    cover = edge_coverage(half_width - (along - mark * spacing).abs(), images)
    cover = cover * edge_coverage(across, images) * edge_coverage(length - across, images)
    cover = cover * broadcast(uniform(count, 0.5, 0.9, generator), images)
    return paint(images, random_colours(MARK_COLOURS, (1, 1), count, generator), cover)


def draw_dark_corners(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the round rim of a dermatoscope's view, sharp or soft."""
    count = len(images)
    centre = [uniform(count, -0.06, 0.06, generator) for _ in range(2)]
    x, y = rotated_coordinates(images, torch.zeros(count), *centre)
    corner = math.hypot(1, images.shape[-1] / images.shape[-2]) / 2
    radius = broadcast(corner * uniform(count, 0.67, 0.9, generator), images)
    softness = broadcast(torch.exp(uniform(count, math.log(0.004), math.log(0.06), generator)), images)
    cover = torch.sigmoid((torch.hypot(x, y) - radius) / softness)
    return paint(images, uniform(count, 0, 0.08, generator)[:, None].expand(count, 3), cover)


def draw_ink(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a blotchy, translucent stroke of a pen around a part of the lesion."""
    count = len(images)
    centre = [uniform(count, -0.1, 0.1, generator) for _ in range(2)]
    x, y = rotated_coordinates(images, uniform(count, 0, 2 * math.pi, generator), *centre)
    direction = torch.atan2(y, x)
    radius = broadcast(uniform(count, 0.28, 0.5, generator), images) * (1 + 0.06 * torch.sin(3 * direction))
    width = broadcast(uniform(count, 0.012, 0.035, generator), images)
    half_angle = broadcast(uniform(count, 0.3, 1.4, generator), images)
    blotches = torch.randn(count, 1, 24, 32, generator=generator).to(images.device)
    blotches = F.interpolate(blotches, images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    distance = (torch.hypot(x, y) - radius).abs() + width * 0.25 * blotches
    cover = torch.sigmoid((width - distance) / (0.12 * width)) * torch.sigmoid((half_angle - direction.abs()) / 0.03)
    cover = cover * (broadcast(uniform(count, 0.5, 0.85, generator), images) + 0.12 * blotches).clamp(0, 1)
    ink = random_colours(INKS, (5, 3, 2), count, generator).to(images.device)[:, :, None, None]
    return images * (1 - cover[:, None] * (1 - ink))


def draw_bubbles(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw three to fourteen air bubbles in the gel: a dark outline, a bright ring in it, a reflection of the lamp."""
    count = len(images)
    radius = torch.exp(uniform_each(count, MOST_BUBBLES, math.log(0.01), math.log(LARGEST_BUBBLE), generator))
    x, y = random_positions(images, MOST_BUBBLES, generator)
    pixels, right, down = pixels_around(images, x, y, reach=1.3 * LARGEST_BUBBLE)
    right, down = right / broadcast(radius, images), down / broadcast(radius, images)
    distance = torch.hypot(right, down)
    ring = torch.exp(-((distance - 0.85) / 0.12).square()) - 0.7 * torch.exp(-((distance - 1.05) / 0.1).square())
    reflection = torch.exp(-(torch.hypot(right + 0.4, down + 0.4) / 0.2).square())
    shown = broadcast(random_presence(3, MOST_BUBBLES, count, generator), images)
    light = empty_layer(images).scatter_add_(1, pixels, ((0.3 * ring + 0.6 * reflection) * shown).flatten(1))
    return (images + layer_as_picture(light, images)[:, None]).clamp(0, 1)


ARTEFACTS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "hair": draw_hair,
    "ruler": draw_ruler,
    "dark_corners": draw_dark_corners,
    "ink": draw_ink,
    "bubbles": draw_bubbles,
}
