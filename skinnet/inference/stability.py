"""A variant of a photo, turned and cropped, to see how much the score depends on how the photo was taken.

    variants = variants_of(pixels)      # uint8 (B, H, W, 3), as the pixels

It is made from the network's input. So it is softer than a photo taken from nearer, and its corners are filled with the
mirror image of what it shows.
"""

from __future__ import annotations

import numpy as np
import torch

from skinnet.images.corruptions import CORRUPTIONS

VARIANT = (("near", 2), ("turn", 5))
"""Names and strengths of `CORRUPTIONS`, one after the other."""


def variant_in_words() -> str:
    """Describe the variant."""
    zoom, degrees = (CORRUPTIONS[name].amounts[strength - 1] for name, strength in VARIANT)
    return f"turned by {degrees:g} degrees and cropped to the middle {100 / zoom:.0f} % of each side"


def variants_of(pixels: np.ndarray) -> np.ndarray:
    """Make the variant of each of B images of one shape: uint8 (B, H, W, 3), the network's input, -> the same."""
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    for name, strength in VARIANT:
        images = CORRUPTIONS[name].apply(images, strength=strength)
    return np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())


def crosses(malignant: np.ndarray, threshold: float) -> np.ndarray:
    """Tell whether the first axis has values on both sides of a threshold: (V, ...) -> bool (...)."""
    return np.asarray((malignant.min(axis=0) < threshold) & (malignant.max(axis=0) >= threshold))
