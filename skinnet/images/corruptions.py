"""Damage to photos: corruptions of five strengths for batches, and mild alterations of single photos.

    darker = CORRUPTIONS["dark"].apply(images, strength=3)  # uint8 (B, 3, H, W) -> the same
    brighter = ALTERATIONS["a fifth brighter"](photo)    # PIL RGB -> PIL RGB

The corruptions follow medmnist-C (Di Salvo et al. 2024), adapted to dermoscopy. Strength 1 is easily overlooked; nobody
would send a photo of strength 5. Lengths are in pixels of the network's 256 x 192.

The alterations have one strength. Genuine photos differ like this between cameras and programs, so a gate should accept
most altered photos.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from torch import Tensor

STRENGTHS = (1, 2, 3, 4, 5)
NOISE_SEED = 0
VERSION = 1
"""Raise it when a corruption changes pixels in another way: caches of logits depend on it."""


@dataclass(frozen=True)
class Corruption:
    """One kind of damage.

    Attributes:
        change: (uint8 (B, 3, H, W), amount) -> uint8 (B, 3, H, W).
        amounts: the amount of damage at each of the `STRENGTHS`.
        unit: unit of the amounts.
    """

    change: Callable[[Tensor, float], Tensor]
    amounts: tuple[float, float, float, float, float]
    unit: str

    def apply(self, images: Tensor, *, strength: int) -> Tensor:
        """Damage a batch, uint8 (B, 3, H, W)."""
        return self.change(images, self.amounts[strength - 1])


def _by_torchvision(name: str, images: Tensor, *amounts: Any, **options: Any) -> Tensor:
    """Call a function of torchvision, which takes seconds to import: a photo's way to its verdict does without."""
    from torchvision.transforms.v2 import functional

    return torch.as_tensor(getattr(functional, name)(images, *amounts, **options))


def _adjust(name: str) -> Callable[[Tensor, float], Tensor]:
    return partial(_by_torchvision, f"adjust_{name}")


def _blur(images: Tensor, sigma: float) -> Tensor:
    size = [2 * round(3 * sigma) + 1] * 2
    return _by_torchvision("gaussian_blur", images, kernel_size=size, sigma=[sigma] * 2)


def _add_noise(images: Tensor, sigma: float) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(NOISE_SEED))
    return _as_bytes(images + noise * (sigma * 255))


def _compress(images: Tensor, quality: float) -> Tensor:
    pictures = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in images]
    compressed = [_through_jpeg(picture, quality=int(quality)) for picture in pictures]
    return torch.stack([torch.from_numpy(np.array(picture)).permute(2, 0, 1) for picture in compressed])


def _through_jpeg(picture: Image.Image, *, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def _warm(images: Tensor, gain: float) -> Tensor:
    return _as_bytes(images * torch.tensor([1 + gain, 1.0, 1 - gain]).view(3, 1, 1))


def _as_bytes(values: Tensor) -> Tensor:
    return values.clamp(0, 255).round().to(torch.uint8)


def _zoom_in(images: Tensor, zoom: float) -> Tensor:
    height, width = images.shape[-2:]
    return _resized(_middle(images, round(height / zoom), round(width / zoom)), height, width)


def _zoom_out(images: Tensor, zoom: float) -> Tensor:
    height, width = images.shape[-2:]
    return _with_mirrored_rim(_resized(images, round(height * zoom), round(width * zoom)), height, width)


def _turn(images: Tensor, degrees: float) -> Tensor:
    height, width = images.shape[-2:]
    diagonal = round((height**2 + width**2) ** 0.5) + 2
    wide = _with_mirrored_rim(images, diagonal, diagonal)
    if degrees == 90:
        return _middle(torch.rot90(wide, dims=(-2, -1)), height, width)
    return _middle(_by_torchvision("rotate", wide, degrees, interpolation="bilinear"), height, width)


def _resized(images: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(images, (height, width), mode="bilinear", antialias=True, align_corners=False)


def _middle(images: Tensor, height: int, width: int) -> Tensor:
    top, left = (round((side - part) / 2) for side, part in zip(images.shape[-2:], (height, width), strict=True))
    return images[..., top : top + height, left : left + width]


def _with_mirrored_rim(images: Tensor, height: int, width: int) -> Tensor:
    """Continue pictures by their mirror images up to a size."""
    rows, columns = (
        np.pad(np.arange(side), ((whole - side) // 2, whole - side - (whole - side) // 2), "symmetric")
        for side, whole in zip(images.shape[-2:], (height, width), strict=True)
    )
    return images[..., torch.from_numpy(rows)[:, None], torch.from_numpy(columns)]


CORRUPTIONS = {
    "blur": Corruption(_blur, (0.5, 1.0, 1.5, 2.25, 3.0), "standard deviation, pixels"),
    "noise": Corruption(_add_noise, (0.02, 0.04, 0.07, 0.11, 0.16), "standard deviation, share of the range"),
    "jpeg": Corruption(_compress, (50, 30, 18, 11, 7), "quality"),
    "dark": Corruption(_adjust("brightness"), (0.85, 0.7, 0.55, 0.42, 0.3), "factor on all values"),
    "bright": Corruption(_adjust("brightness"), (1.1, 1.2, 1.35, 1.5, 1.7), "factor on all values"),
    "pale": Corruption(_adjust("contrast"), (0.85, 0.7, 0.55, 0.42, 0.3), "factor on the contrast"),
    "grey": Corruption(_adjust("saturation"), (0.8, 0.6, 0.4, 0.2, 0.0), "factor on the saturation"),
    "warm": Corruption(_warm, (0.04, 0.08, 0.13, 0.19, 0.26), "gain of red and loss of blue"),
    "near": Corruption(_zoom_in, (1.15, 1.35, 1.6, 1.9, 2.3), "zoom in"),
    "far": Corruption(_zoom_out, (0.85, 0.7, 0.58, 0.48, 0.4), "zoom out, mirrored beyond the rim"),
    "turn": Corruption(_turn, (15, 30, 45, 60, 90), "degrees, mirrored beyond the rim"),
}


def cut_to_aspect(photo: Image.Image, aspect: float) -> Image.Image:
    """Cut the largest part of an aspect (width over height) out of the middle of a photo."""
    width, height = photo.size
    return ImageOps.fit(photo, (min(width, round(height * aspect)), min(height, round(width / aspect))))


def _cut_and_enlarge(photo: Image.Image, aspect: float) -> Image.Image:
    """Cut to an aspect, twice as large: a cut of 224 x 224 pixels would be taken for a squashed export."""
    cut = cut_to_aspect(photo, aspect)
    return cut.resize((2 * cut.width, 2 * cut.height), Image.Resampling.BICUBIC)


def _crop_to_middle(photo: Image.Image, share: float) -> Image.Image:
    width, height = photo.size
    left, top = round(width * (1 - share) / 2), round(height * (1 - share) / 2)
    return photo.crop((left, top, width - left, height - top))


def _warmer(photo: Image.Image) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(photo) * np.array([1.08, 1.0, 0.92]), 0, 255).astype(np.uint8))


def _noisy(photo: Image.Image) -> Image.Image:
    pixels = np.asarray(photo)
    noise = np.random.default_rng(0).normal(0, 5, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "none": lambda photo: photo,
    "enlarged to 600 x 450": lambda photo: photo.resize((600, 450), Image.Resampling.BICUBIC),
    "turned by 90 degrees": lambda photo: photo.transpose(Image.Transpose.ROTATE_90),
    "a fifth brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.2),
    "a quarter darker": lambda photo: ImageEnhance.Brightness(photo).enhance(0.75),
    "warmer colours": _warmer,
    "blurred by 1 pixel": lambda photo: photo.filter(ImageFilter.GaussianBlur(1)),
    "sharpened": lambda photo: photo.filter(ImageFilter.UnsharpMask(2, 80)),
    "noise of 5 levels": _noisy,
    "cut to 1:1": lambda photo: _cut_and_enlarge(photo, 1),
    "cut to 5:4": lambda photo: _cut_and_enlarge(photo, 5 / 4),
    "cut to 3:2": lambda photo: _cut_and_enlarge(photo, 3 / 2),
    "cut to 16:9": lambda photo: _cut_and_enlarge(photo, 16 / 9),
    "cut to 3:4": lambda photo: _cut_and_enlarge(photo, 3 / 4),
    "middle 80 % of each side": lambda photo: _crop_to_middle(photo, 0.8),
    "middle half of each side": lambda photo: _crop_to_middle(photo, 0.5),
    "middle third of each side": lambda photo: _crop_to_middle(photo, 1 / 3),
    "JPEG of quality 30": lambda photo: _through_jpeg(photo, quality=30),
}
