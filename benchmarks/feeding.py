"""Time feeding beside the training step, and beside the naive way of feeding.

    python benchmarks/feeding.py --root data    # HAM10000 after prepare
    python benchmarks/feeding.py                # drawings, made by the script

Three things are timed for each batch, in turn, so that other load on the machine affects all of them:
- feeding: reading a batch from the cache, augmenting it and scaling its values, as `train` does;
- the rest of the step: forward, backward, optimizer, averaged weights;
- the naive route to such a batch: Pillow opens each file, and torchvision's transforms change each image by itself.
  Its DataLoader has no workers: if the network trains on the CPU, they would take time from the network.
The result is feeding as a share of the rest of the step, which should be at most 10 %. Run it on a quiet machine, and
twice, so that the files are in the system's cache.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project's folder, wherever this is run from

from skinnet.data.cache import build_cache
from skinnet.data.dataset import Images, LesionDataset, draw_batches, training_loader
from skinnet.data.index import FRAME, load_cache, load_index
from skinnet.device import describe, keep_freed_memory, pick_device
from skinnet.images.photo import SQUASHED_SIZE
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.models.registry import normalisation
from skinnet.training.augment import Augmentation
from skinnet.training.config import TrainConfig
from skinnet.training.run_state import new_run
from skinnet.training.train import augmented, learn
from tests.drawings import LOOKS, draw_lesion

WARM_UP = 3
"""Batches before the timing starts."""
DRAWINGS = 70
PARTS = ("feeding", "step", "naive")


@dataclass(frozen=True)
class Data:
    """The same images twice: decoded, and as files. `labels` are int (N,), positions in `CLASSES`."""

    images: Images
    paths: list[Path]
    labels: np.ndarray


def read_data(root: Path) -> Data:
    """Read a prepared data set, all splits."""
    table = load_index(root)
    labels = table["dx"].map(CLASS_NUMBERS).to_numpy()
    return Data(load_cache(root, table), [root / path for path in table["path"]], labels)


def draw_data(folder: Path) -> Data:
    """Make drawings as squashed JPEGs, in the size and quality of the real images."""
    names = [name for _ in range(DRAWINGS // len(CLASSES)) for name in CLASSES]
    paths = [folder / f"{number:04d}.jpg" for number in range(len(names))]
    for number, (name, path) in enumerate(zip(names, paths, strict=True)):
        squashed = draw_lesion(LOOKS[name], seed=number).resize(SQUASHED_SIZE, Image.Resampling.BOX)
        squashed.save(path, quality=95)
    cache = build_cache(paths, folder=folder / "cache", frame=FRAME)
    return Data(cache, paths, np.array([CLASS_NUMBERS[name] for name in names]))


class NaiveDataset(Dataset[tuple[Tensor, int]]):
    """Images opened and augmented one by one, with changes of the same kinds and sizes as in `augment`."""

    def __init__(self, data: Data, config: TrainConfig) -> None:
        self.data = data
        far, scale, aspect = Augmentation(), normalisation(config.network), FRAME[1] / FRAME[0]
        self.change = transforms.Compose(
            [
                transforms.Resize(FRAME),
                transforms.RandomResizedCrop(
                    FRAME,
                    scale=(far.min_view**2, 1),
                    ratio=(aspect * (1 - far.aspect), aspect * (1 + far.aspect)),
                ),
                transforms.RandomHorizontalFlip(),
                transforms.RandomRotation(180, transforms.InterpolationMode.BILINEAR),
                transforms.ColorJitter(far.brightness, far.contrast, far.saturation, hue=0.02),
                transforms.ToTensor(),
                transforms.Normalize(scale.mean, scale.std),
            ]
        )

    def __len__(self) -> int:
        return len(self.data.paths)

    def __getitem__(self, item: int) -> tuple[Tensor, int]:
        with Image.open(self.data.paths[item]) as image:
            return self.change(image.convert("RGB")), int(self.data.labels[item])


def fed_batches(data: Data, config: TrainConfig, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches as `train` makes them, without end."""
    dataset = LesionDataset(data.images, data.labels, np.arange(len(data.labels)), frame=FRAME)
    epoch = 0
    while True:
        batches = draw_batches(
            dataset, batch_size=config.batch_size, sampling_power=config.sampling_power, seed=0, epoch=epoch
        )
        for step, (images, labels) in enumerate(training_loader(dataset, batches)):
            yield augmented(images, config, device, seed=epoch * 100_003 + step), labels
        epoch += 1


def naive_batches(data: Data, config: TrainConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of the naive route, without end."""
    loader = DataLoader(NaiveDataset(data, config), config.batch_size, shuffle=True, drop_last=True)
    while True:
        yield from loader


def training_step(config: TrainConfig, device: torch.device) -> Callable[[Tensor, Tensor], float]:
    """Return the step of `train`: a function of images and labels that returns the loss."""
    run = new_run(config, device)
    run.network.train()
    return lambda images, labels: learn(run, images, labels, config, device)


def measure(data: Data, config: TrainConfig, *, batches: int) -> pd.DataFrame:
    """Time each batch in milliseconds: columns feeding, step, naive."""
    device = pick_device()
    fed, naive, step = fed_batches(data, config, device), naive_batches(data, config), training_step(config, device)
    rows = []
    for _ in tqdm(range(WARM_UP + batches), "timing", unit="batch"):
        times = [time.perf_counter()]
        images, labels = next(fed)
        times.append(time.perf_counter())
        step(images, labels)
        times.append(time.perf_counter())
        next(naive)
        times.append(time.perf_counter())
        rows.append(np.diff(times) * 1000)
    return pd.DataFrame(rows[WARM_UP:], columns=list(PARTS))


def report(times: pd.DataFrame, config: TrainConfig) -> str:
    """Format the result: medians, and 10th to 90th percentile."""
    middle, low, high = times.median(), times.quantile(0.1), times.quantile(0.9)
    threads = f"{torch.get_num_threads()} threads of torch {torch.__version__}"
    lines = [
        f"{platform.platform()}, {describe(pick_device())}, {threads}",
        f"{config.network}, {FRAME[0]} x {FRAME[1]}, batches of {config.batch_size}, {len(times)} of them",
        *(f"{name:8} {middle[name]:7.1f} ms ({low[name]:.1f} to {high[name]:.1f})" for name in PARTS),
        f"feeding takes {middle['feeding'] / middle['step']:.1%} of a step; the naive route "
        f"{middle['naive'] / middle['step']:.1%}, {middle['naive'] / middle['feeding']:.1f} times as long",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time feeding beside the training step and the naive route.")
    parser.add_argument("--root", type=Path, help="folder of the data sets, after prepare (default: drawings)")
    parser.add_argument("--batches", type=int, default=30, help="how many are timed (default: 30)")
    parser.add_argument("--batch-size", type=int, default=TrainConfig().batch_size, help="(default: that of train)")
    parser.add_argument("--artefacts", type=float, default=0.0, help="as for train (default: 0)")
    options = parser.parse_args()
    config = TrainConfig(weights="none", batch_size=options.batch_size, artefacts=options.artefacts)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        data = read_data(options.root) if options.root else draw_data(Path(folder))
        print(report(measure(data, config, batches=options.batches), config))


if __name__ == "__main__":
    main()
