"""Train a network on a prepared data set.

    config = TrainConfig(epochs=8)
    train(config, root=Path("data"), out=Path("runs/first"))

The state is saved every minute and after each epoch (`run`). All random numbers are drawn from the seed, the epoch and
the step, so a run that was killed amid an epoch and resumed ends with the same weights as one that was not, bit for bit
on one machine with one number of threads.

Class imbalance (nv is 67 % of the images, df 1 %): images are drawn with weight n ** -0.5, n being the images of
their class. Without it the rare classes hardly move the weights; drawing all classes alike (n ** -1) would show
each of the 80 dermatofibromas 12 times an epoch and learn them by heart. What the drawing does to the
probabilities is known exactly and undone in `calibrate`.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import MixUp

from skinnet.data import DEVELOPMENT
from skinnet.data.dataset import LesionDataset, draw_batches, training_loader
from skinnet.data.index import FRAME, load_cache, load_index, table_hash
from skinnet.data.partitions import WITHOUT
from skinnet.data.shapes import draw_shapes
from skinnet.device import describe, keep_freed_memory, pick_device
from skinnet.errors import TrainingError
from skinnet.files import LOCK, exclusive, remove_leftovers
from skinnet.images.artefacts import ARTEFACTS
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.models.registry import LITES, VIT
from skinnet.progress import progress
from skinnet.training.augment import Augmentation, augment
from skinnet.training.config import TrainConfig
from skinnet.training.degrade import degrade
from skinnet.training.distributed import Processes, joined_processes
from skinnet.training.light import change_light
from skinnet.training.operations import cut_out, operate
from skinnet.training.run_state import BEST, HISTORY, STATE, Run, new_run, open_run_folder, save_weights
from skinnet.training.schedule import image_share, learning_rate, set_learning_rate, smaller
from skinnet.training.validation import SELECTION_METRIC, normalise, validate

log = logging.getLogger(__name__)

SAVE_SECONDS = 60.0
"""A run that is killed loses at most this much."""
NAMED_IMAGES = 8


@dataclass(frozen=True)
class _Data:
    """The data of a run.

    Attributes:
        ids: of all N images of the index.
        targets: float32 (N, 7), what the network is to say of them.
    """

    train: LesionDataset
    val: LesionDataset
    ids: np.ndarray
    targets: Tensor


def train(config: TrainConfig, *, root: Path, out: Path, resume: bool = False) -> pd.DataFrame:
    """Train, or resume an interrupted run.

    Args:
        root: the data folder, after `prepare`.
        out: the run folder; new unless `resume`.
        resume: go on after the last saved step.

    Returns:
        The validation table, a row for each epoch.

    Raises:
        TrainingError: if the folder is in use, the settings differ from those of the run to resume, or the loss
            is not finite.
        DataError: if another process trains into the same folder.
    """
    keep_freed_memory()
    table = load_index(root, sources=config.source_names, partition=config.partition)
    device = pick_device()
    data = _training_data(root, table, config)
    settings = {"training": asdict(config), "data_sha256": table_hash(table)}
    state_path = out / STATE
    with joined_processes(device, batch_size=config.batch_size) as processes, ExitStack() as held:
        run = new_run(config, device, processes)
        if processes.is_first:
            held.enter_context(exclusive(out / LOCK))
            open_run_folder(out, settings, machine=describe(device), resume=resume)
            remove_leftovers(out, deep=False)
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


def train_or_go_on(config: TrainConfig, *, root: Path, out: Path, predictions: Path) -> None:
    """Train, or resume the run in a folder; predictions left by an earlier run there are removed.

    Raises:
        TrainingError: as `train`.
    """
    begun = (out / STATE).exists()
    if not begun:
        predictions.unlink(missing_ok=True)
    train(config, root=root, out=out, resume=begun)


def _end_epoch(
    run: Run, validation: LesionDataset, config: TrainConfig, epoch: int, device: torch.device, out: Path
) -> None:
    """Validate, keep the weights if they are the best so far, and write the table; without validation, the last are."""
    started = time.monotonic()
    row = {"epoch": epoch + 1, "loss": float(np.mean(run.losses))}
    if len(validation):
        row |= validate(run.average.module, validation, device, config)
    row["seconds"] = round(run.seconds + time.monotonic() - started, 1)
    best = max((past[SELECTION_METRIC] for past in run.history if len(validation)), default=-math.inf)
    run.history.append(row)
    log.info(_line(row))
    if not len(validation) or row[SELECTION_METRIC] > best:
        save_weights(run.average.module, out / BEST)
    run.write_history(out / HISTORY)


def _training_data(root: Path, table: pd.DataFrame, config: TrainConfig) -> _Data:
    images = load_cache(root, table)
    labels = table["dx"].map(CLASS_NUMBERS).to_numpy()
    sources = table["source"].map(config.source_names.index).to_numpy()
    positions = {split: np.flatnonzero(table["split"] == split) for split in ("train", "val")}
    meant = {*table["dx"].iloc[positions["train"]], config.partition.removeprefix(WITHOUT)}
    if absent := [name for name in CLASSES if name not in meant]:
        raise TrainingError(f"The training split has no image of {', '.join(absent)}: add a data set with --sources.")
    if not len(positions["val"]) and config.partition != DEVELOPMENT:
        raise TrainingError("The validation split has no image: add a data set with --sources.")
    return _Data(
        train=LesionDataset(images, labels, positions["train"], frame=FRAME, sources=sources),
        val=LesionDataset(images, labels, positions["val"], sources=sources),
        ids=table["image_id"].to_numpy(),
        targets=torch.eye(len(CLASSES))[labels.copy()],
    )


def _train_epoch(
    run: Run, data: _Data, config: TrainConfig, epoch: int, device: torch.device, processes: Processes
) -> Iterator[None]:
    """Take the remaining steps of an epoch; yield when it is time to save."""
    drawn = draw_batches(
        data.train, batch_size=config.batch_size, sampling_power=config.sampling_power,
        source_power=config.source_power, seed=config.seed, epoch=epoch,
    )  # fmt: skip
    batches = [processes.share(batch) for batch in drawn]
    shapes = draw_shapes(len(batches), frame=FRAME, probability=config.shapes, seed=config.seed, epoch=epoch)
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
        loader = training_loader(data.train, batches[done:], shapes[done:] if config.shapes else None)
        for step, (images, _) in enumerate(loader, start=done):
            positions = data.train.positions[batches[step]]
            set_learning_rate(run.optimizer, learning_rate(config, epoch + (step + 1) / len(batches)))
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


def _step(run: Run, images: Tensor, targets: Tensor, config: TrainConfig, device: torch.device, *, seed: int) -> float:
    """Augment a batch and take a step; return the loss, and change nothing if it is not finite."""
    torch.manual_seed(seed)  # mixup, dropout and stochastic depth
    images, targets = augmented(images, config, device, seed=seed), targets.to(device)
    if config.mixup:  # Zhang et al., ICLR 2018
        images, targets = MixUp(alpha=config.mixup)(images, targets)
    return learn(run, images, targets, config, device)


def augmented(images: Tensor, config: TrainConfig, device: torch.device, *, seed: int) -> Tensor:
    """Augment float32 (B, 3, H, W) in [0, 1] and normalise it for the network."""
    if device.type == "cuda":  # faster there; Apple's GPUs lack the mirrored rim of grid_sample
        images = images.to(device)
    generator, changes = torch.Generator().manual_seed(seed), Augmentation(**dict.fromkeys(ARTEFACTS, config.artefacts))
    lit = change_light(augment(images, generator, changes), generator, strength=config.light)
    changed = degrade(operate(lit, generator, count=config.operations), generator, probability=config.degradation)
    return normalise(cut_out(changed, generator, probability=config.cutout), config.network, device)


def learn(run: Run, images: Tensor, targets: Tensor, config: TrainConfig, device: torch.device) -> float:
    """Take one optimizer step towards targets (B, 7); return the loss, and change nothing if it is not finite."""
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
    """Tell whether bfloat16 is faster: on CUDA without depthwise convolutions, on the CPU with our own networks."""
    return (device.type == "cuda" and network not in LITES) or (device.type == "cpu" and network in (*LITES, VIT))


def _line(row: dict[str, float]) -> str:
    values = "  ".join(f"{name} {value:.3f}" for name, value in row.items() if name not in ("epoch", "seconds"))
    return f"epoch {row['epoch']:.0f}  {values}  {row['seconds']:.0f} s"
