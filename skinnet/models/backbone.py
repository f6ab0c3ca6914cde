"""What a network must tell about itself: its trunk, head, middle layers and last feature layer.

    features = trunk(network)(images)   # (B, 3, H, W) -> (B, C, h, w)
    logits = head(network)(features)    # (B, C, h, w) -> (B, 7)

Two families are known. Most networks have their layers in `features` and `classifier`: EfficientNet-Lite, MobileNet,
ConvNeXt. ResNets have `layer1` to `layer4` and `fc`. A network of either shape needs no change here.
"""

from __future__ import annotations

import copy
import re

from torch import nn

from skinnet.errors import TrainingError

ABOVE_ALL_BLOCKS = 1000
"""Depth of the final layers, larger than the number of blocks of any network."""


class Head(nn.Sequential):
    """The layers after the last feature layer: (B, C, h, w) -> logits (B, 7).

    The first one is an identity, so that a hook on it sees the features.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(nn.Identity(), *layers)
        self.eval().requires_grad_(False)

    @property
    def closed_form(self) -> bool:
        """Whether it is global average pooling and a linear layer, nothing else that acts in evaluation mode."""
        acting = [layer for layer in self.modules() if not isinstance(layer, nn.Identity | nn.Dropout | nn.Sequential)]
        kinds = (nn.AdaptiveAvgPool2d, nn.Flatten, nn.Linear)
        return [type(layer) for layer in acting] == list(kinds) and acting[0].output_size in (1, (1, 1))

    @property
    def linear(self) -> nn.Linear:
        """The first linear layer: the classifier itself where the head has a closed form."""
        return next(layer for layer in self.modules() if isinstance(layer, nn.Linear))


def head(network: nn.Module) -> Head:
    """Copy a network's head.

    Raises:
        TrainingError: if the network is of no known family.
    """
    last_feature_layer(network)  # refuses unknown families
    final = copy.deepcopy(classifier_layers(network))
    pooling = copy.deepcopy(getattr(network, "avgpool", nn.AdaptiveAvgPool2d(1)))
    flattens = any(isinstance(layer, nn.Flatten) for layer in final.modules())  # ConvNeXt's classifier does
    return Head(pooling, *([] if flattens else [nn.Flatten(1)]), final)


def classifier_layers(network: nn.Module) -> nn.Module:
    """Return the layers after pooling: `classifier`, or `fc` of a ResNet.

    Raises:
        TrainingError: if the network is of no known family.
    """
    layers = getattr(network, "classifier", getattr(network, "fc", None))
    if not isinstance(layers, nn.Module):
        raise TrainingError(f"No heat map for {type(network).__name__}: its head is not known.")
    return layers


def trunk(network: nn.Module) -> nn.Sequential:
    """Return the layers up to the last one with positions; they share the network's weights.

    Raises:
        TrainingError: if the network is of no known family.
    """
    features = getattr(network, "features", None)
    if isinstance(features, nn.Sequential):
        return features
    if not isinstance(getattr(network, "layer4", None), nn.Sequential):
        raise TrainingError(f"No heat map for {type(network).__name__}: its last feature layer is not known.")
    names = [name for name, _ in network.named_children()]
    return nn.Sequential(*(network.get_submodule(name) for name in names[: names.index("layer4") + 1]))


def last_feature_layer(network: nn.Module) -> nn.Module:
    """Return the last layer with positions, whose output class activation maps are made of: (B, C, h, w).

    Raises:
        TrainingError: if the network is of no known family.
    """
    return trunk(network)[-1]


def last_feature_layer_name(network: nn.Module) -> str | None:
    """Return the name of the last feature layer; None if the network is of no known family."""
    try:
        layer = last_feature_layer(network)
    except TrainingError:
        return None
    names: dict[nn.Module, str] = {module: name for name, module in network.named_modules()}
    return names[layer]


def middle_layers(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the four middle layers whose outputs the gate summarises: the ends of stages.

    A network may name them itself, in an attribute `middle_layers`.

    Raises:
        TrainingError: if the network has no such stages.
    """
    named = getattr(network, "middle_layers", None)
    if named is not None:
        return tuple(named)
    if hasattr(network, "layer4"):
        return ("layer1", "layer2", "layer3", "layer4")
    features = getattr(network, "features", None)
    if isinstance(features, nn.Sequential) and len(features) >= 5:
        return tuple(f"features.{len(features) * part // 5}" for part in (1, 2, 3, 4))
    raise TrainingError(f"No gate for {type(network).__name__}: its stages are not known.")


def layer_depth(parameter: str) -> int:
    """Return how far from the input a parameter's layer lies, from the parameter's name.

    The stem is 0, a block its number plus 1, and the final layers `ABOVE_ALL_BLOCKS`.
    """
    if match := re.search(r"\b(?:features|blocks)\.(\d+)\.", parameter):
        return int(match[1]) + 1
    return ABOVE_ALL_BLOCKS if re.search(r"\b(norm|classifier|head|fc)\.", parameter) else 0
