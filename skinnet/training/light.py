"""Strong changes of light and colour on whole batches: other lamps, cameras and exposures.

    images = change_light(images, generator, strength=1.0)  # float32 (B, 3, H, W) in [0, 1] -> the same

`augment` changes light a little; this goes as far as the strength 3 or 4 of `corruptions`. Each image is changed to its
own extent, evenly distributed from none to all, so most stay near what cameras give.
"""

from __future__ import annotations

import torch
from torch import Tensor

from skinnet.images.drawing import uniform

EXPOSURE = (-0.75, 0.45)
"""Logarithm of the factor on all values: 0.47 to 1.57."""
GAMMA = (-0.45, 0.45)
"""Logarithm of the exponent."""
WHITE_BALANCE = 0.17
"""Largest logarithm of the factor on one channel."""
CONTRAST = (-0.55, 0.3)
SATURATION = (-0.7, 0.5)
"""Added to a factor of one."""
GREY = (0.299, 0.587, 0.114)


def change_light(images: Tensor, generator: torch.Generator, *, strength: float) -> Tensor:
    """Change saturation, contrast, exposure, white balance and gamma of each image differently.

    Args:
        images: float32 (B, 3, H, W) in [0, 1].
        generator: source of all randomness, on the CPU.
        strength: share of the ranges above that is used; without any, no random number is spent.
    """
    if not strength:
        return images
    count = len(images)
    extent = strength * uniform(count, 0, 1, generator)

    def change(low: float, high: float, channels: int = 1) -> Tensor:
        drawn = uniform(count * channels, low, high, generator).view(count, channels)
        return (drawn * extent[:, None]).view(count, channels, 1, 1).to(images.device)

    saturation, contrast = 1 + change(*SATURATION), 1 + change(*CONTRAST)
    gain = torch.exp(change(*EXPOSURE) + change(-WHITE_BALANCE, WHITE_BALANCE, channels=3))
    gamma = torch.exp(change(*GAMMA))
    grey = (images * torch.tensor(GREY, device=images.device).view(3, 1, 1)).sum(dim=1, keepdim=True)
    coloured = grey + saturation * (images - grey)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    lit = (mean + contrast * (coloured - mean)) * gain
    return lit.clamp(0, 1).pow(gamma)
