"""The state of a training run, and the folder that it is saved in and resumed from.

    run = new_run(TrainConfig(), torch.device("cpu"))
    run.save(Path("runs/first") / STATE)

The folder holds `state.pt` (everything needed to resume), `history.csv` (the validation table), `best.safetensors`
(the averaged weights of the best epoch so far, never overwritten by a worse one) and `run.json` (the settings, and
a hash of the data: a run is resumed with the same only).
"""

from __future__ import annotations

import pickle
import platform
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from skinnet.device import memory_format
from skinnet.errors import TrainingError
from skinnet.files import atomic_path, read_json, write_json
from skinnet.labels import CLASSES
from skinnet.models.registry import build
from skinnet.training.config import TrainConfig
from skinnet.training.distributed import ALONE, Processes
from skinnet.training.schedule import parameter_groups

SETTINGS = "run.json"
STATE = "state.pt"
BEST = "best.safetensors"
HISTORY = "history.csv"


@dataclass
class Run:
    """The state that changes during training, saved to resume from.

    Attributes:
        parallel: what to call in training instead of `network`: the same, with gradients averaged over processes.
        history: a row for each finished epoch.
        losses: of each finished step of the epoch that is not.
        seconds: that the unfinished epoch has taken so far.
    """

    network: nn.Module
    parallel: nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    history: list[dict[str, float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write everything needed to resume.

        Raises:
            TrainingError: if there is no room for it.
        """
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
            "losses": self.losses,
            "seconds": self.seconds,
        }
        with atomic_path(path) as temporary:
            try:
                torch.save(state, temporary)
            except RuntimeError as error:  # torch hides the system's own
                raise TrainingError(f"{path} cannot be written: see whether the disk is full.") from error

    def write_history(self, path: Path) -> None:
        """Write the validation table."""
        with atomic_path(path) as temporary:
            pd.DataFrame(self.history).to_csv(temporary, index=False)

    def load(self, path: Path) -> None:
        """Restore a saved state.

        Raises:
            TrainingError: if the file is damaged.
        """
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.history, self.losses, self.seconds = state["history"], state["losses"], state["seconds"]
        except (OSError, RuntimeError, LookupError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f"{path} is damaged: delete it and train again.") from error


def new_run(config: TrainConfig, device: torch.device, processes: Processes = ALONE) -> Run:
    """Make the network, its average and the optimizer of a recipe, before the first step."""
    torch.manual_seed(config.seed)
    network = build(
        config.network, classes=len(CLASSES), imagenet=config.weights == "imagenet",
        stochastic_depth=config.stochastic_depth,
    )  # fmt: skip
    network = network.to(device, memory_format=memory_format(device))  # type: ignore[call-overload]
    if processes.count > 1 and device.type == "cuda":  # on the CPU each process normalises by its own share
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    optimizer = torch.optim.AdamW(parameter_groups(network, config), lr=config.learning_rate)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=True)
    return Run(network, processes.wrap(network, device), average, optimizer)


def last_network(config: TrainConfig, run: Path) -> nn.Module:
    """Load the averaged network after the last step of a run, best or not, in evaluation mode."""
    trained = new_run(replace(config, weights="none"), torch.device("cpu"))
    trained.load(run / STATE)
    average: nn.Module = trained.average.module
    return average.eval()


def open_run_folder(out: Path, settings: dict[str, Any], *, machine: str, resume: bool) -> None:
    """Make a run folder, or check that a run in it goes on with the same settings; one that was stopped before its
    state was first saved begins anew.

    Raises:
        TrainingError: if the folder holds a run and `resume` is not set, or none to resume, or one with other settings.
    """
    path = out / SETTINGS
    if not (out / STATE).exists():
        if resume and not path.exists():
            raise TrainingError(f"There is no run in {out} to resume: leave out --resume, or name its folder.")
        write_json(path, {**settings, "machine": machine, "versions": _package_versions()})
        return
    if not resume:
        raise TrainingError(f"{out} holds a run already: go on with --resume, or name another folder.")
    earlier = read_json(path, advice=f"delete {out} and train again")
    before = asdict(TrainConfig()) | earlier.get("training", {})  # a setting that is newer than the run had its default
    changed = [name for name in settings["training"] if before.get(name) != settings["training"][name]]
    if changed:
        raise TrainingError(
            f"{out} was trained with another {changed[0]} ({before.get(changed[0])}): resume with the same settings."
        )
    if earlier.get("data_sha256") != settings["data_sha256"]:
        raise TrainingError(f"{out} was trained on other data: resume with the same data, or start a new run.")


def _package_versions() -> dict[str, str]:
    """The versions of the packages that the result depends on."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's tensors under their own names."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors))
