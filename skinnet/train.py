"""Train a network on a prepared data set.

    config = TrainConfig(epochs=8)
    train(config, root=Path("data"), out=Path("runs/first"))

The run folder holds `state.pt` (everything needed to resume, saved every minute and after each epoch), `history.csv`
(the validation table) and `best.safetensors` (the averaged weights of the best epoch so far, never overwritten by a
worse one). All random numbers are drawn from the seed, the epoch and the step, so a run that was killed amid an epoch
and resumed ends with the same weights as one that was not, bit for bit on one machine with one number of threads.

Class imbalance (nv is 67 % of the images, df 1 %): images are drawn with weight n ** -0.5, n being the images of
their class. Without it the rare classes hardly move the weights; drawing all classes alike (n ** -1) would show
each of the 80 dermatofibromas 12 times an epoch and learn them by heart. What the drawing does to the
probabilities is known exactly and undone in `calibrate`.
"""

from __future__ import annotations

import logging
import math
import pickle
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.transforms.v2 import MixUp

from skinnet.artefacts import ARTEFACTS
from skinnet.augment import Augmentation, augment
from skinnet.config import LITES, VIT, TrainConfig
from skinnet.dataset import LesionDataset, draw_batches, evaluation_loader, training_loader
from skinnet.degrade import degrade
from skinnet.device import describe, keep_freed_memory, pick_device
from skinnet.distil import file_hashes, load_targets
from skinnet.errors import TrainingError
from skinnet.evaluate import image_metrics, probability_columns
from skinnet.files import atomic_path, read_json, write_json
from skinnet.index import FRAME, load_cache, load_index, table_hash
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.model import build, normalisation
from skinnet.partitions import WITHOUT
from skinnet.processes import ALONE, Processes, joined_processes
from skinnet.progress import progress

log = logging.getLogger(__name__)

SELECTION_METRIC = "mean_auroc"
"""The best epoch has the largest validation value of this, the mean of the macro and the (pre)malignant AUROC: the
first alone hangs on 11 dermatofibromas, the second forgets the classes."""

SAVE_SECONDS = 60.0
"""A run that is killed loses at most this much."""
NAMED_IMAGES = 8
GROWING = 0.6
"""Share of the epochs in which the images grow to their full size."""
SIZE_STEP = 16
"""Heights and widths are multiples of so many pixels."""
SETTINGS = "run.json"
STATE = "state.pt"
BEST = "best.safetensors"
HISTORY = "history.csv"
HISTORY_METRICS = ("balanced_accuracy", "macro_auroc", "malignant_auroc", "accuracy")


@dataclass(frozen=True)
class _Data:
    """What a run learns from.

    Attributes:
        ids: of all N images of the index.
        targets: float32 (N, 7), what the network is to say of them.
    """

    train: LesionDataset
    val: LesionDataset
    ids: np.ndarray
    targets: Tensor


@dataclass
class _Run:
    """What changes during training and is saved to resume from.

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
        with atomic_path(path) as temporary:
            torch.save(
                {
                    "network": self.network.state_dict(),
                    "average": self.average.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "history": self.history,
                    "losses": self.losses,
                    "seconds": self.seconds,
                },
                temporary,
            )

    def write_history(self, path: Path) -> None:
        with atomic_path(path) as temporary:
            pd.DataFrame(self.history).to_csv(temporary, index=False)

    def load(self, path: Path) -> None:
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.history, self.losses, self.seconds = state["history"], state["losses"], state["seconds"]
        except (OSError, RuntimeError, LookupError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f"{path} is damaged: delete it and train again.") from error


def train(config: TrainConfig, *, root: Path, out: Path, resume: bool = False) -> pd.DataFrame:
    """Train, or go on with a run that was stopped.

    Args:
        root: the data folder, after `prepare`.
        out: the run folder; new unless `resume`.
        resume: go on after the last saved step.

    Returns:
        The validation table, a row for each epoch.

    Raises:
        TrainingError: if the folder is in use, the settings differ from those of the run to resume, or the loss
            is not finite.
    """
    keep_freed_memory()
    table = load_index(root, sources=config.source_names, partition=config.partition)
    device = pick_device()
    data = _training_data(root, table, config)
    settings = {
        "training": asdict(config), "data_sha256": table_hash(table), "soft_labels_sha256": file_hashes(config),
    }  # fmt: skip
    state_path = out / STATE
    with joined_processes(device, batch_size=config.batch_size) as processes:
        run = _new_run(config, device, processes)
        if processes.is_first:
            _open_run_folder(out, settings, machine=describe(device), resume=resume)
        processes.wait()
        if state_path.exists():
            run.load(state_path)
        if len(run.history) == config.epochs:
            log.info("All %d epochs of %s are done already.", config.epochs, out)
        elif run.history or run.losses:
            log.info("Resuming after epoch %d of %d, step %d.", len(run.history), config.epochs, len(run.losses))
        for epoch in range(len(run.history), config.epochs):
            for _ in _train_epoch(run, data, config, epoch, device, processes):
                if processes.is_first:
                    run.save(state_path)
            if processes.is_first:
                _end_epoch(run, data.val, config, epoch, device, out)
            run.losses, run.seconds = [], 0.0
            if processes.is_first:
                run.save(state_path)
            processes.wait()
    return pd.DataFrame(run.history)


def train_or_go_on(config: TrainConfig, *, root: Path, out: Path, judgement: Path) -> None:
    """Train, or go on with the run in a folder; what an earlier run there left as its judgement goes with that run.

    Raises:
        TrainingError: as `train`.
    """
    begun = (out / STATE).exists()
    if not begun:
        judgement.unlink(missing_ok=True)
    train(config, root=root, out=out, resume=begun)


def _end_epoch(
    run: _Run, validation: LesionDataset, config: TrainConfig, epoch: int, device: torch.device, out: Path
) -> None:
    """Validate, keep the weights if they are the best so far, and write the table."""
    started = time.monotonic()
    row = {"epoch": epoch + 1, "loss": float(np.mean(run.losses))}
    row |= _validate(run.average.module, validation, device, config)
    row["seconds"] = round(run.seconds + time.monotonic() - started, 1)
    best = max((past[SELECTION_METRIC] for past in run.history), default=-math.inf)
    run.history.append(row)
    log.info(_line(row))
    if row[SELECTION_METRIC] > best:
        _save_weights(run.average.module, out / BEST)
    run.write_history(out / HISTORY)


def _open_run_folder(out: Path, settings: dict[str, Any], *, machine: str, resume: bool) -> None:
    """Make a run folder, or check that a run in it goes on with the same settings; one that was stopped before its
    state was first saved begins anew."""
    path = out / SETTINGS
    if not (out / STATE).exists():
        if resume and not path.exists():
            raise TrainingError(f"There is no run in {out} to resume: leave out --resume, or name its folder.")
        write_json(path, {**settings, "machine": machine, "versions": package_versions()})
        return
    if not resume:
        raise TrainingError(f"{out} holds a run already: go on with --resume, or name another folder.")
    earlier = read_json(path, mend=f"delete {out} and train again")
    before = asdict(TrainConfig()) | earlier.get("training", {})  # a setting that is newer than the run had its default
    changed = [name for name in settings["training"] if before.get(name) != settings["training"][name]]
    if changed:
        raise TrainingError(
            f"{out} was trained with another {changed[0]} ({before.get(changed[0])}): resume with the same settings."
        )
    if any(earlier.get(name) != settings[name] for name in ("data_sha256", "soft_labels_sha256")):
        raise TrainingError(f"{out} was trained on other data: resume with the same data, or start a new run.")


def package_versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}


def _training_data(root: Path, table: pd.DataFrame, config: TrainConfig) -> _Data:
    images = load_cache(root, table)
    labels = table["dx"].map(CLASS_NUMBERS).to_numpy()
    positions = {split: np.flatnonzero(table["split"] == split) for split in ("train", "val")}
    meant = {*table["dx"].iloc[positions["train"]], config.partition.removeprefix(WITHOUT)}
    if absent := [name for name in CLASSES if name not in meant]:
        raise TrainingError(f"The training split has no image of {', '.join(absent)}: add a data set with --sources.")
    if not len(positions["val"]):
        raise TrainingError("The validation split has no image: add a data set with --sources.")
    return _Data(
        train=LesionDataset(images, labels, positions["train"], frame=FRAME),
        val=LesionDataset(images, labels, positions["val"]),
        ids=table["image_id"].to_numpy(),
        targets=torch.from_numpy(load_targets(table, config)),
    )


def _new_run(config: TrainConfig, device: torch.device, processes: Processes = ALONE) -> _Run:
    torch.manual_seed(config.seed)
    network = build(config.network, classes=len(CLASSES), imagenet=config.weights == "imagenet")
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if processes.count > 1 and device.type == "cuda":  # on the CPU each process normalises by its own share
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    optimizer = torch.optim.AdamW(parameter_groups(network, config), lr=config.learning_rate)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=True)
    return _Run(network, processes.wrap(network, device), average, optimizer)


def last_network(config: TrainConfig, run: Path) -> nn.Module:
    """The averaged network after the last step of a run, whether or not it was the best, in evaluation mode."""
    trained = _new_run(replace(config, weights="none"), torch.device("cpu"))
    trained.load(run / STATE)
    average: nn.Module = trained.average.module
    return average.eval()


def parameter_groups(network: nn.Module, config: TrainConfig) -> list[dict[str, Any]]:
    """Weights and biases of each depth with their weight decay and the `scale` of their learning rate.

    The classifier learns at the full rate, each layer below at `layer_decay` times that of the one above (Howard &
    Ruder 2018): what pretraining learned first is changed least.
    """
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        groups.setdefault((_depth(name), parameter.ndim > 1), []).append(parameter)
    depths = sorted({depth for depth, _ in groups})
    return [
        {
            "params": parameters,
            "weight_decay": config.weight_decay if matrix else 0.0,
            "scale": config.layer_decay ** (len(depths) - 1 - depths.index(depth)),
        }
        for (depth, matrix), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def _depth(name: str) -> int:
    """Position of a layer from the input: 0 for the stem, its number for a block, more for what follows."""
    if match := re.search(r"\b(?:features|blocks)\.(\d+)\.", name):
        return int(match[1]) + 1
    return 1000 if re.search(r"\b(norm|classifier|head|fc)\.", name) else 0


def learning_rate(config: TrainConfig, progress: float) -> float:
    """Rate at `progress` epochs: linear warm-up, then half a cosine down to 0 (Loshchilov & Hutter 2017)."""
    warmup = min(config.warmup_epochs, config.epochs / 2)
    if progress < warmup:
        return config.learning_rate * progress / warmup
    done = (progress - warmup) / (config.epochs - warmup)
    return config.learning_rate * (1 + math.cos(math.pi * done)) / 2


def _train_epoch(
    run: _Run, data: _Data, config: TrainConfig, epoch: int, device: torch.device, processes: Processes
) -> Iterator[None]:
    """Take the steps of an epoch that are still to take; yields when it is time to save."""
    drawn = draw_batches(
        data.train, batch_size=config.batch_size, sampling_power=config.sampling_power, seed=config.seed, epoch=epoch
    )
    batches = [processes.share(batch) for batch in drawn]
    run.network.train()
    done, seconds_before = len(run.losses), run.seconds
    started = saved = time.monotonic()
    images_before, images_in_all = sum(map(len, batches[:done])), sum(map(len, batches))
    with progress(
        None,
        f"epoch {epoch + 1}/{config.epochs}",
        total=images_in_all,
        initial=images_before,
        unit="image",
        leave=False,
    ) as bar:
        for step, (images, _) in enumerate(training_loader(data.train, batches[done:]), start=done):
            positions = data.train.positions[batches[step]]
            _set_learning_rate(run.optimizer, learning_rate(config, epoch + (step + 1) / len(batches)))
            seed = ((processes.rank * 10_007 + config.seed) * 1009 + epoch) * 100_003 + step
            small = smaller(images, image_share(config, epoch))
            loss = processes.mean(_step(run, small, data.targets[positions], config, device, seed=seed), device)
            if not math.isfinite(loss):
                named = ", ".join(data.ids[positions][:NAMED_IMAGES])
                raise TrainingError(
                    f"The loss is not finite in epoch {epoch + 1}, batch {step + 1} ({named}, ...): "
                    "try a lower --learning-rate, or look at these images."
                )
            run.losses.append(loss)
            bar.update(len(images))
            bar.set_postfix(loss=f"{np.mean(run.losses[-50:]):.3f}", refresh=False)
            run.seconds = seconds_before + time.monotonic() - started
            if time.monotonic() - saved > SAVE_SECONDS:
                yield
                saved = time.monotonic()


def _set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["scale"] * rate


def image_share(config: TrainConfig, epoch: int) -> float:
    """Share of its full side that an image has in an epoch, counted from 0 (Howard 2018; Tan & Le, ICML 2021)."""
    return min(1.0, config.first_size + (1 - config.first_size) * epoch / (GROWING * config.epochs))


def smaller(images: Tensor, share: float) -> Tensor:
    """(B, 3, H, W) -> about `share` of its height and width; the images themselves for 1."""
    if share == 1:
        return images
    size = [round(side * share / SIZE_STEP) * SIZE_STEP for side in images.shape[-2:]]
    return nn.functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def _step(run: _Run, images: Tensor, targets: Tensor, config: TrainConfig, device: torch.device, *, seed: int) -> float:
    """Augment a batch and learn from it; returns the loss, and changes nothing if that is not finite."""
    torch.manual_seed(seed)  # mixup, dropout and stochastic depth
    images, targets = augmented(images, config, device, seed=seed), targets.to(device)
    if config.mixup:  # Zhang et al., ICLR 2018
        images, targets = MixUp(alpha=config.mixup)(images, targets)
    return learn(run, images, targets, config, device)


def augmented(images: Tensor, config: TrainConfig, device: torch.device, *, seed: int) -> Tensor:
    """float32 (B, 3, H, W) in [0, 1] -> the same, changed at random, as the network takes them."""
    if device.type == "cuda":  # faster there; Apple's GPUs lack the mirrored rim of grid_sample
        images = images.to(device)
    generator, changes = torch.Generator().manual_seed(seed), Augmentation(**dict.fromkeys(ARTEFACTS, config.artefacts))
    changed = degrade(augment(images, generator, changes), generator, probability=config.degradation)
    return normalise(changed, config.network, device)


def learn(run: _Run, images: Tensor, targets: Tensor, config: TrainConfig, device: torch.device) -> float:
    """One step of the optimizer towards targets (B, 7); returns the loss, and changes nothing if that is not finite."""
    with torch.autocast(device.type, torch.bfloat16, enabled=mixed_precision(config.network, device)):
        logits = run.parallel(images)
    loss = nn.functional.cross_entropy(logits.float(), targets.to(device), label_smoothing=config.label_smoothing)
    if torch.isfinite(loss):
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        run.optimizer.step()
        run.average.update_parameters(run.network)
    return loss.item()


def mixed_precision(network: str, device: torch.device) -> bool:
    """Whether bfloat16 pays: on CUDA always; on the CPU only where no depthwise gradient is computed in it."""
    return device.type == "cuda" or (device.type == "cpu" and network in (*LITES, VIT))


def normalise(images: Tensor, network: str, device: torch.device) -> Tensor:
    """float32 (B, 3, H, W) in [0, 1] -> what a network expects, on its device, channels last."""
    scale = normalisation(network)
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (scale.mean, scale.std))
    return ((images.to(device) - mean) / std).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def _validate(
    network: nn.Module, dataset: LesionDataset, device: torch.device, config: TrainConfig
) -> dict[str, float]:
    """Metrics of one view of each validation image, as the network itself judges: not calibrated."""
    network.eval()
    batches = progress(evaluation_loader(dataset), "validating", unit="batch", leave=False)
    judged = [
        (network(normalise(images, config.network, device)).float().cpu(), batch_labels)
        for images, batch_labels in batches
    ]
    logits, labels = (torch.cat(parts) for parts in zip(*judged, strict=True))
    log_loss = nn.functional.cross_entropy(logits, labels).item()
    probabilities = logits.softmax(dim=1).numpy()
    names = np.array(CLASSES)
    table = pd.DataFrame(probabilities, columns=probability_columns()).assign(
        lesion_id=range(len(labels)), dx=names[labels]
    )
    measured = image_metrics(table)
    metrics = {name: measured[name] for name in HISTORY_METRICS}
    mean = (metrics["macro_auroc"] + metrics["malignant_auroc"]) / 2
    return {"val_log_loss": log_loss, SELECTION_METRIC: mean, **metrics}


def _line(row: dict[str, float]) -> str:
    values = "  ".join(f"{name} {value:.3f}" for name, value in row.items() if name not in ("epoch", "seconds"))
    return f"epoch {row['epoch']:.0f}  {values}  {row['seconds']:.0f} s"


def _save_weights(network: nn.Module, path: Path) -> None:
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary)
