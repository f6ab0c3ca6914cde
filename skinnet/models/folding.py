"""Merge batch norms into the convolutions before them, for a network that trains no more.

    fold_norms(network.eval())

The outputs stay the same up to the rounding of float32; a pass gets faster, most on few CPU cores.
"""

from __future__ import annotations

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_norms(network: nn.Module) -> None:
    """Fold, in place, each batch norm that follows a convolution in an `nn.Sequential`; names of layers stay."""
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for (number, first), (following, second) in pairwise(enumerate(layers)):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                layers[number], layers[following] = fuse_conv_bn_eval(first, second), nn.Identity()
