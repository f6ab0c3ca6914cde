"""Any torchvision classifier that takes photos of any size, with a new final layer.

network = build("resnet18", classes=7, imagenet=True)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision import models

from skinnet.errors import TrainingError
from skinnet.models.registry import NETWORKS

IMAGENET_CLASSES = 1000


def build(name: str, *, classes: int, imagenet: bool, stochastic_depth: float = 0.1) -> nn.Module:  # noqa: ARG001
    """Build a torchvision classifier with `classes` outputs.

    Args:
        imagenet: start from torchvision's best ImageNet weights, which it downloads.
        stochastic_depth: not used, since these networks have their own.

    Raises:
        TrainingError: if torchvision has no such classifier, if it does not suit photos of any size, or if the weights
            cannot be downloaded.
    """
    if name not in models.list_models(module=models):
        raise TrainingError(
            f"Unknown network {name!r}: use {', '.join(NETWORKS)} or a torchvision classifier "
            "(resnet18, mobilenet_v3_large, convnext_tiny, ...)."
        )
    try:
        network: nn.Module = models.get_model(name, weights="DEFAULT" if imagenet else None)
    except OSError as error:
        raise TrainingError(
            f"torchvision could not download the ImageNet weights of {name} ({error}): "
            "check the connection, or start from random weights with --weights none."
        ) from error
    _replace_final_layer(network, name, classes)
    _check_takes_photos(network, name)
    return network


def _replace_final_layer(network: nn.Module, name: str, classes: int) -> None:
    linear = [(path, layer) for path, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    if not linear or linear[-1][1].out_features != IMAGENET_CLASSES or hasattr(network, "AuxLogits"):
        raise TrainingError(f"{name} has no single linear classifier at its end: choose another network.")
    path, layer = linear[-1]
    parent, _, attribute = path.rpartition(".")
    setattr(network.get_submodule(parent), attribute, nn.Linear(layer.in_features, classes))


@torch.no_grad()
def _check_takes_photos(network: nn.Module, name: str) -> None:
    """Refuse classifiers that take square inputs of one size only, or that return more than logits."""
    try:
        fits = isinstance(network.eval()(torch.zeros(1, 3, 192, 256)), Tensor)
    except (AssertionError, RuntimeError):
        fits = False
    if not fits:
        raise TrainingError(f"{name} does not take photos of any size, or returns more than logits: choose another.")
