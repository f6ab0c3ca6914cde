"""What a photo can suffer on its way, at five strengths each, after medmnist-C (Di Salvo et al. 2024) for dermoscopy.

    darker = CORRUPTIONS["dark"].apply(images, strength=3)  # uint8 (B, 3, H, W) -> the same

Strength 1 is what a reader may overlook, 5 what nobody would send. Lengths are in pixels of the network's 256 x 192.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

STRENGTHS = (1, 2, 3, 4, 5)
NOISE_SEED = 0
VERSION = 1
"""Raise it when a corruption changes pixels in another way: caches of logits depend on it."""


@dataclass(frozen=True)
class Corruption:
    """One kind of damage.

    Attributes:
        change: (uint8 (B, 3, H, W), amount) -> uint8 (B, 3, H, W).
        amounts: of strength 1 to 5.
        unit: of the amounts.
    """

    change: Callable[[Tensor, float], Tensor]
    amounts: tuple[float, float, float, float, float]
    unit: str

    def apply(self, images: Tensor, *, strength: int) -> Tensor:
        return self.change(images, self.amounts[strength - 1])


def _blur(images: Tensor, sigma: float) -> Tensor:
    return torch.as_tensor(
        transforms.gaussian_blur(images, kernel_size=[2 * round(3 * sigma) + 1] * 2, sigma=[sigma] * 2)
    )


def _noise(images: Tensor, sigma: float) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(NOISE_SEED))
    return _as_bytes(images + noise * (sigma * 255))


def _jpeg(images: Tensor, quality: float) -> Tensor:
    return torch.stack([_through_jpeg(image, quality=int(quality)) for image in images])


def _through_jpeg(image: Tensor, *, quality: int) -> Tensor:
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
    return torch.as_tensor(transforms.pil_to_tensor(Image.open(file).convert("RGB")))


def _warm(images: Tensor, gain: float) -> Tensor:
    return _as_bytes(images * torch.tensor([1 + gain, 1.0, 1 - gain]).view(3, 1, 1))


def _as_bytes(values: Tensor) -> Tensor:
    return values.clamp(0, 255).round().to(torch.uint8)


def _near(images: Tensor, zoom: float) -> Tensor:
    size = list(images.shape[-2:])
    middle = transforms.center_crop(images, [round(side / zoom) for side in size])
    return torch.as_tensor(transforms.resize(middle, size, antialias=True))


def _far(images: Tensor, zoom: float) -> Tensor:
    height, width = images.shape[-2:]
    small = transforms.resize(images, [round(side * zoom) for side in (height, width)], antialias=True)
    return _with_mirrored_rim(small, height, width)


def _turn(images: Tensor, degrees: float) -> Tensor:
    size = list(images.shape[-2:])
    diagonal = round((size[0] ** 2 + size[1] ** 2) ** 0.5) + 2
    wide = _with_mirrored_rim(images, diagonal, diagonal)
    turned = transforms.rotate(wide, degrees, interpolation=transforms.InterpolationMode.BILINEAR)
    return torch.as_tensor(transforms.center_crop(turned, size))


def _with_mirrored_rim(images: Tensor, height: int, width: int) -> Tensor:
    """Continue pictures by their mirror images to a size."""
    above, left = (height - images.shape[-2]) // 2, (width - images.shape[-1]) // 2
    below, right = height - images.shape[-2] - above, width - images.shape[-1] - left
    return torch.as_tensor(transforms.pad(images, [left, above, right, below], padding_mode="symmetric"))


CORRUPTIONS = {
    "blur": Corruption(_blur, (0.5, 1.0, 1.5, 2.25, 3.0), "standard deviation, pixels"),
    "noise": Corruption(_noise, (0.02, 0.04, 0.07, 0.11, 0.16), "standard deviation, share of the range"),
    "jpeg": Corruption(_jpeg, (50, 30, 18, 11, 7), "quality"),
    "dark": Corruption(transforms.adjust_brightness, (0.85, 0.7, 0.55, 0.42, 0.3), "factor on all values"),
    "bright": Corruption(transforms.adjust_brightness, (1.1, 1.2, 1.35, 1.5, 1.7), "factor on all values"),
    "pale": Corruption(transforms.adjust_contrast, (0.85, 0.7, 0.55, 0.42, 0.3), "factor on the contrast"),
    "grey": Corruption(transforms.adjust_saturation, (0.8, 0.6, 0.4, 0.2, 0.0), "factor on the saturation"),
    "warm": Corruption(_warm, (0.04, 0.08, 0.13, 0.19, 0.26), "gain of red and loss of blue"),
    "near": Corruption(_near, (1.15, 1.35, 1.6, 1.9, 2.3), "zoom in"),
    "far": Corruption(_far, (0.85, 0.7, 0.58, 0.48, 0.4), "zoom out, mirrored beyond the rim"),
    "turn": Corruption(_turn, (15, 30, 45, 60, 90), "degrees, mirrored beyond the rim"),
}
