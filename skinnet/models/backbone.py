"""The parts of a network that others need to know of."""

from __future__ import annotations

import numpy as np
from torch import nn

from skinnet.errors import TrainingError
from skinnet.models.efficientnet_lite import EfficientNetLite


def middle_layers(network: nn.Module) -> tuple[str, ...]:
    """Name the layers after which the gate takes its features: the ends of four middle stages.

    Raises:
        TrainingError: if the network has no such stages.
    """
    if isinstance(network, EfficientNetLite):
        ends = np.cumsum([stage.repeats for stage in network.stages])[1:5]  # the stem is number 0
        return tuple(f"features.{end}" for end in ends)
    if hasattr(network, "layer4"):
        return ("layer1", "layer2", "layer3", "layer4")
    if isinstance(features := getattr(network, "features", None), nn.Sequential) and len(features) >= 5:
        return tuple(f"features.{len(features) * part // 5}" for part in (1, 2, 3, 4))
    raise TrainingError(f"No gate for {type(network).__name__}: its stages are not known.")
