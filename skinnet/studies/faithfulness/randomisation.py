"""Do heat maps depend on what the network learned (Adebayo et al., NeurIPS 2018)?

The weights of the layers are shuffled, one layer after the other, from the output down. A map that stays the same
shows the photo, not what the network learned.

    table = cascade(classifier, photos, numbers, methods=["gradcam"])  # layers, method, photo, similarity
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from skinnet.explain.cam import photo_features
from skinnet.explain.heatmaps import coarse_maps
from skinnet.inference.classifier import Classifier
from skinnet.models.backbone import classifier_layers, head, trunk
from skinnet.models.committee import Branches
from skinnet.progress import progress


def cascade(
    classifier: Classifier,
    photos: Sequence[np.ndarray],
    numbers: Sequence[int],
    *,
    methods: Sequence[str],
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the map of each photo after each shuffled layer with the map before any was shuffled.

    Args:
        photos: uint8 (H, W, 3) each.
        numbers: of the diagnosis that is explained for each photo.

    Returns:
        A row for each number of shuffled layers from the top (1 is the classifier), method and photo; `similarity` is
        Spearman's rank correlation in the features' resolution, 0 where a map is flat.
    """
    shuffled = copy.copy(classifier)
    shuffled.network, shuffled.graph = copy.deepcopy(classifier.network), None
    before = _maps(shuffled, photos, numbers, methods)
    layers = list(_from_the_top(shuffled.network))
    generator, rows = torch.Generator().manual_seed(seed), []
    for count, layer in enumerate(progress(layers, "randomising", unit="layer"), start=1):
        shuffle_weights(layer, generator)
        after = _maps(shuffled, photos, numbers, methods)
        rows += [
            {"layers": count, "method": method, "photo": photo, "similarity": similarity(before[key], after[key])}
            for key in before
            for method, photo in [key]
        ]
    return pd.DataFrame(rows)


def _from_the_top(network: nn.Module) -> Iterator[nn.Module]:
    """The classifier, then the layers from the last to the first; a committee's members take each step together."""
    yield classifier_layers(network)
    below = trunk(network)
    members = below[0].members if isinstance(below[0], Branches) else [below]
    for step in zip_longest(*(reversed(list(_layers(member))) for member in members)):
        yield nn.ModuleList(layer for layer in step if layer is not None)


def _layers(module: nn.Module) -> Iterator[nn.Module]:
    """The layers of a trunk in their order, those of plain containers one by one."""
    children = list(module.children())
    for child in children:
        if type(child) is nn.Sequential or len(children) == 1:
            yield from _layers(child)
        else:
            yield child


@torch.no_grad()
def shuffle_weights(layer: nn.Module, generator: torch.Generator) -> None:
    """Permute the weights within each tensor: their distribution stays, what was learned is lost."""
    for weight in layer.parameters():
        order = torch.randperm(weight.numel(), generator=generator)
        weight.copy_(weight.flatten()[order].view_as(weight))


def _maps(
    classifier: Classifier, photos: Sequence[np.ndarray], numbers: Sequence[int], methods: Sequence[str]
) -> dict[tuple[str, int], Tensor]:
    maps = {}
    for photo, (pixels, number) in enumerate(zip(photos, numbers, strict=True)):
        features = photo_features(classifier, pixels)
        for method in methods:
            maps[method, photo] = coarse_maps(head(classifier.network), features, method=method)[number]
    return maps


def similarity(first: Tensor, second: Tensor) -> float:
    """Spearman's rank correlation of two maps; 0 if one is flat."""
    if first.min() == first.max() or second.min() == second.max():
        return 0.0
    return float(spearmanr(first.flatten().numpy(), second.flatten().numpy()).statistic)
