"""A photo as it might as well have been taken: turned, and from nearer. The verdict should not hang on that.

pictures = copies(pixels[None])      # uint8 (4, 1, H, W, 3)
"""

from __future__ import annotations

import numpy as np
import torch

from skinnet.corruptions import CORRUPTIONS

COPIES = (("turn", 2), ("turn", 5), ("near", 1), ("near", 2))
"""Names and strengths of `CORRUPTIONS`: turned by 30 and 90 degrees, the middle 87 and 74 % of each side."""


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
