"""A photo turned and cropped, to see how far the verdict hangs on how it was taken.

The copies are made of the network's input. So a crop, enlarged, is softer than a photo taken from nearer, and the
corners of a turned copy are its mirror image.

pictures = copies(pixels[None])      # uint8 (4, 1, H, W, 3)
"""

from __future__ import annotations

import numpy as np
import torch

from skinnet.images.corruptions import CORRUPTIONS

COPIES = (("turn", 2), ("turn", 5), ("near", 1), ("near", 2))
"""Names and strengths of `CORRUPTIONS`."""


def described() -> str:
    """The copies in words."""
    amounts = {name: [CORRUPTIONS[name].amounts[at - 1] for kind, at in COPIES if kind == name] for name, _ in COPIES}
    degrees = " and ".join(f"{degrees:g}" for degrees in amounts["turn"])
    middles = " and ".join(f"{100 / zoom:.0f}" for zoom in amounts["near"])
    return f"turned by {degrees} degrees, and cropped to the middle {middles} % of each side"


def copies(pixels: np.ndarray) -> np.ndarray:
    """The `COPIES` of B images of one shape.

    Args:
        pixels: uint8 (B, H, W, 3), the network's input.

    Returns:
        uint8 (copies, B, H, W, 3).
    """
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    made = [CORRUPTIONS[name].apply(images, strength=strength) for name, strength in COPIES]
    return np.ascontiguousarray(torch.stack(made).permute(0, 1, 3, 4, 2).numpy())
