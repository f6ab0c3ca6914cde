"""Several networks that vote as one: the logits are the mean of theirs.

    committee = join([cnn, vit], [normalisation(LITE0), normalisation(VIT)])
    logits = committee(images)  # (B, 3, H, W) float32 in [0, 1] -> (B, 7)

Networks of different kinds err on different photos, so their mean is better than either (Lakshminarayanan et al.,
NeurIPS 2017). The members' last feature layers are laid side by side as one, with one linear classifier over it. So a
committee has a trunk and a head as any network does, and its heat map is the mean of its members' maps.

A name such as "efficientnet_lite0+vit_small_dinov2" means a committee; its members are trained one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skinnet.errors import TrainingError
from skinnet.models.backbone import head, middle_layers, trunk

if TYPE_CHECKING:
    from skinnet.models.registry import Normalisation


class Branches(nn.Module):
    """The trunks of all members, side by side: (B, 3, H, W) in [0, 1] -> (B, sum of C, h, w).

    h and w are those of the finest member; the features of the others are spread over them.
    """

    def __init__(self, trunks: Sequence[nn.Module], scales: Sequence[Normalisation]) -> None:
        super().__init__()
        self.members = nn.ModuleList(trunks)
        values = torch.tensor([[scale.mean, scale.std] for scale in scales])  # (members, 2, 3)
        self.register_buffer("scales", values.view(len(scales), 2, 1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        scaled = ((images - mean) / std for mean, std in self.get_buffer("scales"))
        features = [member(photos) for member, photos in zip(self.members, scaled, strict=True)]
        grid = max(each.shape[-2:] for each in features)
        return torch.cat([spread(each, grid) for each in features], dim=1)


class Committee(nn.Module):
    """(B, 3, H, W) float32 in [0, 1] -> logits (B, classes), the mean of its members'.

    Attributes:
        middle_layers: those of the first member, for the gate.
    """

    def __init__(self, branches: Branches, classifier: nn.Linear, first_middle_layers: Sequence[str]) -> None:
        super().__init__()
        self.features = nn.Sequential(branches)
        self.classifier = classifier
        self.middle_layers = tuple(first_middle_layers)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(images).mean(dim=(2, 3)))
        return logits


def join(networks: Sequence[nn.Module], scales: Sequence[Normalisation]) -> Committee:
    """Make a committee of trained networks.

    Args:
        scales: the input scale of each.

    Raises:
        TrainingError: if a network's logits are not a linear function of its mean features.
    """
    heads = [head(network) for network in networks]
    for network, layers in zip(networks, heads, strict=True):
        if not layers.closed_form:
            raise TrainingError(f"{type(network).__name__} cannot join a committee: its head is not linear.")
    weight = torch.cat([layers.linear.weight for layers in heads], dim=1) / len(heads)
    classifier = nn.Linear(weight.shape[1], weight.shape[0])
    classifier.weight.data.copy_(weight)
    classifier.bias.data.copy_(torch.stack([layers.linear.bias for layers in heads]).mean(dim=0))
    trunks = [trunk(network) for network in networks]
    inside = {module: name for name, module in trunks[0].named_modules()}
    middle = [inside[networks[0].get_submodule(name)] for name in middle_layers(networks[0])]
    return Committee(Branches(trunks, scales), classifier, [f"features.0.members.0.{name}" for name in middle])


def spread(features: Tensor, grid: Sequence[int]) -> Tensor:
    """Give features (B, C, h, w) a finer grid, each of whose places takes the mean of those that it covers.

    The mean over all places stays what it is.
    """
    height, width = features.shape[-2:]
    if (height, width) == tuple(grid):
        return features
    return resampled(features, _overlaps(height, grid[0]).to(features), _overlaps(width, grid[1]).to(features))


def resampled(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Make each row and column a weighted sum of the old ones: (B, C, H, W), (h, H), (w, W) -> (B, C, h, w)."""
    return F.linear(F.linear(images, columns).transpose(2, 3), rows).transpose(2, 3)


def _overlaps(old: int, new: int) -> Tensor:
    """The share of each of `new` equal parts of a line that lies in each of `old` ones: (new, old)."""
    first, last = torch.arange(new)[:, None] / new, torch.arange(1, new + 1)[:, None] / new
    begin, end = torch.arange(old) / old, torch.arange(1, old + 1) / old
    return (torch.minimum(last, end) - torch.maximum(first, begin)).clamp(min=0) * new
