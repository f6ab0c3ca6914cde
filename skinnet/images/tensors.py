"""Pixels as torch tensors.

images = pixels_to_tensor(pixels)  # uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [0, 1]
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def pixels_to_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [0, 1], channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(255)
