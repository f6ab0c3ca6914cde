"""Read the weights of a checkpoint. They are plain arrays with a hash: nothing in the file is ever unpickled.

network = load_network(load_config(folder), folder)
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from skinnet.checkpoint import CONFIG, WEIGHTS, Config
from skinnet.errors import CheckpointError, TrainingError
from skinnet.files import digest
from skinnet.models.registry import build


def load_network(config: Config, folder: Path) -> nn.Module:
    """Build the network of a checkpoint with its weights.

    Raises:
        CheckpointError: if the file of weights is missing, damaged, or not the one that `config.json` names.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise CheckpointError(
            f"No {WEIGHTS} in {folder}, so it is not a checkpoint: name another folder, or restore the file."
        )
    try:
        if digest(path) != config.weights_sha256:
            raise CheckpointError(f"{path} is not the file whose hash {CONFIG} holds: restore both.")
        weights = load_file(path)
        network = build(config.network, classes=len(config.classes), imagenet=False, stochastic_depth=0.0)
        network.load_state_dict(weights)
    except (SafetensorError, RuntimeError, OSError, TrainingError) as error:
        raise CheckpointError(f"The weights in {folder} are damaged or do not fit: restore {WEIGHTS}.") from error
    if not torch.stack([each.sum(dtype=torch.float64) for each in weights.values()]).isfinite().all():
        raise CheckpointError(f"The weights in {folder} are not all finite numbers: restore {WEIGHTS}.")
    return network
