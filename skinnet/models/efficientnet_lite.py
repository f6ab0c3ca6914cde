"""EfficientNet-Lite in torch.nn.

This is EfficientNet (Tan & Le, ICML 2019) without squeeze-and-excitation and with ReLU6. Google released it in 2020 as
"Lite", made for CPUs. Lite0 has 3.4 million parameters without the ImageNet head, Lite1 4.1, Lite2 4.8.

    network = EfficientNetLite(LITE0, classes=7)
    logits = network(images)  # (B, 3, H, W) float32 -> (B, 7)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skinnet.models.registry import LITE0, LITE1, LITE2


@dataclass(frozen=True)
class Stage:
    """A stage of `repeats` blocks; the first one changes the channels and applies the stride."""

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
"""The stages of Lite0; `stages` scales them for the other members of the family."""
WIDTH = {LITE0: 1.0, LITE1: 1.0, LITE2: 1.1}
"""Factor on the channels of all stages. Stem and head have the same width in the whole family."""
DEPTH = {LITE0: 1.0, LITE1: 1.1, LITE2: 1.2}
"""Factor on the repeats of all stages but the first and the last."""
CHANNEL_STEP = 8
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's 'SAME' padding: an odd pixel is added on the right and at the bottom."""

    def forward(self, images: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        padding = kernel // 2 if stride == 1 else 0
        if stride > 1:
            images = F.pad(
                images,
                (*_same_padding(images.shape[-1], kernel, stride), *_same_padding(images.shape[-2], kernel, stride)),
            )
        if images.device.type == "cpu" and self.groups > 1 and (kernel > 3 or stride > 1):
            # On the CPU the gradient of these layers is ten times slower in bfloat16 than in float32.
            with torch.autocast("cpu", enabled=False):
                filtered = F.conv2d(images.float(), self.weight, self.bias, stride, padding, groups=self.groups)
            return filtered.to(images.dtype)
        return F.conv2d(images, self.weight, self.bias, stride, padding, groups=self.groups)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after with which `size` pixels give ceil(size / stride) outputs."""
    total = (size - 1) // stride * stride + kernel - size
    return total // 2, total - total // 2


class ConvNormAct(nn.Sequential):
    """A convolution, batch normalisation and, unless `linear`, ReLU6."""

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
    """The block of MobileNetV2: expand, filter each channel, project; added to its input if the shapes allow it.

    Args:
        survival: probability that the block contributes to an image in training; else the image skips it (stochastic
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
            survives = torch.rand(len(features), 1, 1, 1, device=features.device) < self.survival
            contribution = contribution * (survives / self.survival).to(contribution.dtype)
        return features + contribution


def stages(name: str) -> list[Stage]:
    """Return the stages of a member of the family."""
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
    """Round to the nearest multiple of 8, but never below nine tenths of the scaled width."""
    nearest = int(channels * width + CHANNEL_STEP / 2) // CHANNEL_STEP * CHANNEL_STEP
    return nearest if nearest >= 0.9 * channels * width else nearest + CHANNEL_STEP


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite for any input size.

    Args:
        name: a member of the family, of `LITES`.
        classes: number of outputs.
        dropout: probability that a pooled feature is dropped in training.
        stochastic_depth: probability that the last block is skipped in training; it rises linearly from 0.

    Attributes:
        middle_layers: names of the last blocks of stages 2 to 5, for the gate.
    """

    def __init__(self, name: str = LITE0, *, classes: int, dropout: float = 0.2, stochastic_depth: float = 0.1) -> None:
        super().__init__()
        scaled_stages = stages(name)
        ends = list(accumulate(stage.repeats for stage in scaled_stages))  # the stem is number 0 of `features`
        self.middle_layers = tuple(f"features.{end}" for end in ends[1:5])
        blocks = _blocks(scaled_stages, stochastic_depth=stochastic_depth)  # first: a seed fixes weights in this order
        self.features = nn.Sequential(
            ConvNormAct(3, STEM_CHANNELS, 3, stride=2),
            *blocks,
            ConvNormAct(scaled_stages[-1].channels_out, HEAD_CHANNELS, 1),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(HEAD_CHANNELS, classes)

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images)  # (B, 1280, H/32, W/32)
        pooled = features.mean(dim=(2, 3))  # (B, 1280)
        logits: Tensor = self.classifier(self.dropout(pooled))  # (B, classes)
        return logits


def _blocks(scaled_stages: list[Stage], *, stochastic_depth: float) -> list[InvertedResidual]:
    """Build the blocks of all stages in their order."""
    total = sum(stage.repeats for stage in scaled_stages)
    blocks: list[InvertedResidual] = []
    for stage in scaled_stages:
        for repeat in range(stage.repeats):
            block = InvertedResidual(
                stage.channels_in if repeat == 0 else stage.channels_out,
                stage.channels_out,
                stage,
                stride=stage.stride if repeat == 0 else 1,
                survival=1 - stochastic_depth * len(blocks) / total,
            )
            blocks.append(block)
    return blocks


def build(name: str, *, classes: int, imagenet: bool, stochastic_depth: float = 0.1) -> EfficientNetLite:
    """Build a member of the family.

    Args:
        imagenet: start from Google's ImageNet weights.
        stochastic_depth: see `EfficientNetLite`.

    Raises:
        TrainingError: if the package with the weights is not installed.
    """
    network = EfficientNetLite(name, classes=classes, stochastic_depth=stochastic_depth)
    if imagenet:
        from skinnet.models.lite_weights import load_imagenet  # a trained network does without

        load_imagenet(network.features, name)
    return network
