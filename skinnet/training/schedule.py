"""The schedules of training: the learning rate of each layer, and the size of the images."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from skinnet.models.backbone import layer_depth
from skinnet.training.config import TrainConfig

GROWING = 0.6
"""Share of the epochs in which the images grow to their full size."""
SIZE_STEP = 16
"""Heights and widths are multiples of so many pixels."""


def parameter_groups(network: nn.Module, config: TrainConfig) -> list[dict[str, Any]]:
    """Group the parameters by depth, with their weight decay and the `scale` of their learning rate.

    The classifier learns at the full rate, each layer below at `layer_decay` times that of the one above (Howard &
    Ruder 2018): what pretraining learned first is changed least.
    """
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        groups.setdefault((layer_depth(name), parameter.ndim > 1), []).append(parameter)
    depths = sorted({depth for depth, _ in groups})
    return [
        {
            "params": parameters,
            "weight_decay": config.weight_decay if matrix else 0.0,
            "scale": config.layer_decay ** (len(depths) - 1 - depths.index(depth)),
        }
        for (depth, matrix), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def learning_rate(config: TrainConfig, progress: float) -> float:
    """Compute the rate at `progress` epochs: linear warm-up, then half a cosine to 0 (Loshchilov & Hutter 2017)."""
    warmup = min(config.warmup_epochs, config.epochs / 2)
    if progress < warmup:
        return config.learning_rate * progress / warmup
    done = (progress - warmup) / (config.epochs - warmup)
    return config.learning_rate * (1 + math.cos(math.pi * done)) / 2


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["scale"] * rate


def image_share(config: TrainConfig, epoch: int) -> float:
    """The share of its full side that an image has in an epoch from 0 on (Howard 2018; Tan & Le, ICML 2021)."""
    return min(1.0, config.first_size + (1 - config.first_size) * epoch / (GROWING * config.epochs))


def smaller(images: Tensor, share: float) -> Tensor:
    """Shrink (B, 3, H, W) to about `share` of its height and width; 1 returns the images themselves."""
    if share == 1:
        return images
    size = [round(side * share / SIZE_STEP) * SIZE_STEP for side in images.shape[-2:]]
    return nn.functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)
