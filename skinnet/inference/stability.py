"""Variants of a photo, turned and cropped, to see how much the score depends on how the photo was taken.

    variants = variants_of(pixels[None])      # uint8 (2, 1, H, W, 3)

They are made from the network's input. So a crop, enlarged, is softer than a photo taken from nearer, and the
corners of a turned variant are filled with its mirror image.
"""

from __future__ import annotations

import numpy as np
import torch

from skinnet.images.corruptions import CORRUPTIONS

VARIANTS = (("turn", 5), ("near", 2))
"""Names and strengths of `CORRUPTIONS`."""


def variants_in_words() -> str:
    """Describe the variants."""

    def amounts(name: str) -> list[float]:
        return [CORRUPTIONS[name].amounts[strength - 1] for kind, strength in VARIANTS if kind == name]

    degrees = " and ".join(f"{degrees:g}" for degrees in amounts("turn"))
    middles = " and ".join(f"{100 / zoom:.0f}" for zoom in amounts("near"))
    return f"turned by {degrees} degrees, and cropped to the middle {middles} % of each side"


def variants_of(pixels: np.ndarray) -> np.ndarray:
    """Make the `VARIANTS` of B images of one shape.

    Args:
        pixels: uint8 (B, H, W, 3), the network's input.

    Returns:
        uint8 (variants, B, H, W, 3).
    """
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    made = [CORRUPTIONS[name].apply(images, strength=strength) for name, strength in VARIANTS]
    return np.ascontiguousarray(torch.stack(made).permute(0, 1, 3, 4, 2).numpy())


def crosses(malignant: np.ndarray, threshold: float) -> np.ndarray:
    """Tell whether the first axis has values on both sides of a threshold: (V, ...) -> bool (...)."""
    return np.asarray((malignant.min(axis=0) < threshold) & (malignant.max(axis=0) >= threshold))
