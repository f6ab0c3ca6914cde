"""The Dataset and DataLoaders over decoded images.

dataset = LesionDataset(cache, labels, positions, frame=(192, 256))
batches = draw_batches(dataset, batch_size=32, sampling_power=0.5, seed=0, epoch=3)
loader = training_loader(dataset, batches)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, WeightedRandomSampler

from skinnet.data.shapes import Shape, cut_to_shape
from skinnet.images.tensors import pixels_to_tensor


class Images(Protocol):
    """Images by position, each uint8 (H, W, 3): a `Cache`, or an array (N, H, W, 3)."""

    def __getitem__(self, position: int, /) -> np.ndarray: ...


def fit_to_frame(pixels: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """Give a picture the shape of a training batch without scaling it.

    A picture that lies across the frame is turned by 90 degrees, since a lesion has no up. What is too long then is
    cut, what is too short is continued by its mirror image, both alike on either side.

    Args:
        pixels: uint8 (H, W, 3).
        frame: (height, width) in pixels.

    Returns:
        uint8 (*frame, 3); the picture itself if it fits.
    """
    if pixels.shape[:2] == frame:
        return pixels
    if (pixels.shape[0] - pixels.shape[1]) * (frame[0] - frame[1]) < 0:
        pixels = np.rot90(pixels)
    height, width = (min(frame[axis], pixels.shape[axis]) for axis in range(2))
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    above, before = (frame[0] - height) // 2, (frame[1] - width) // 2
    margins = ((above, frame[0] - height - above), (before, frame[1] - width - before), (0, 0))
    return np.pad(pixels[top : top + height, left : left + width], margins, mode="reflect")


def equal_shapes(images: Images, positions: np.ndarray, *, batch_size: int) -> list[list[int]]:
    """Deal images into batches of one shape each, in order where all shapes are equal.

    Args:
        positions: int (M,), the images to deal.

    Returns:
        batches of items 0 to M - 1, which count along `positions`.
    """
    by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for item, position in enumerate(positions):
        by_shape[images[position].shape].append(item)
    return [
        items[start : start + batch_size] for items in by_shape.values() for start in range(0, len(items), batch_size)
    ]


class LesionDataset(Dataset[tuple[np.ndarray, int]]):
    """Images and diagnoses for a torch DataLoader; takes whole batches through `__getitems__`.

    Args:
        images: N images.
        labels: int (N,), positions in `CLASSES`.
        positions: int (M,), the images that belong to this set.
        frame: (height, width) that every image is fitted to, for training; without it they stay whole.
        sources: int (N,), the data set of each image; one for all, if None.
    """

    def __init__(
        self,
        images: Images,
        labels: np.ndarray,
        positions: np.ndarray,
        *,
        frame: tuple[int, int] | None = None,
        sources: np.ndarray | None = None,
    ) -> None:
        self.images = images
        self.labels = labels
        self.positions = positions
        self.frame = frame
        self.sources = np.zeros(len(labels), dtype=int) if sources is None else sources

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, item: int) -> tuple[np.ndarray, int]:
        position = self.positions[item]
        pixels = self.images[position]
        return pixels if self.frame is None else fit_to_frame(pixels, self.frame), int(self.labels[position])

    def __getitems__(self, items: list[int]) -> list[tuple[np.ndarray, int]]:
        return [self[item] for item in items]


class _Shaped(Dataset[tuple[np.ndarray, int]]):
    """The images of a dataset, each cut to the shape of its batch."""

    def __init__(self, dataset: LesionDataset) -> None:
        self.dataset = dataset

    def __getitem__(self, key: tuple[int, Shape]) -> tuple[np.ndarray, int]:
        item, shape = key
        position = self.dataset.positions[item]
        return cut_to_shape(self.dataset.images[position], shape), int(self.dataset.labels[position])

    def __getitems__(self, keys: list[tuple[int, Shape]]) -> list[tuple[np.ndarray, int]]:
        return [self[key] for key in keys]


def collate(items: list[tuple[np.ndarray, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack items into float32 (B, 3, H, W) in [0, 1] and int64 (B,)."""
    pixels, labels = zip(*items, strict=True)
    return pixels_to_tensor(np.stack(pixels)), torch.tensor(labels)


def draw_batches(
    dataset: LesionDataset, *, batch_size: int, sampling_power: float, source_power: float = 0.0, seed: int, epoch: int
) -> list[list[int]]:
    """Draw the batches of one epoch.

    An image is drawn with weight (images of its class) ** -sampling_power * (images of its source) ** -source_power.
    They depend on `seed` and `epoch` alone, so a resumed run sees what an unbroken one would have seen. A last batch
    that is not full is left out.
    """
    weights = np.ones(len(dataset))
    for numbers, power in ((dataset.labels, sampling_power), (dataset.sources, source_power)):
        chosen = numbers[dataset.positions]
        weights *= np.bincount(chosen).clip(min=1)[chosen].astype(float) ** -power
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    sampler = WeightedRandomSampler(weights.tolist(), len(dataset), generator=generator)
    return list(BatchSampler(sampler, batch_size, drop_last=len(dataset) > batch_size))


def training_loader(
    dataset: LesionDataset, batches: list[list[int]], shapes: Sequence[Shape] | None = None
) -> DataLoader[tuple[np.ndarray, int]]:
    """Load the images and labels of given batches, in their order, each batch cut to its shape."""
    if shapes is None:
        return DataLoader(dataset, batch_sampler=batches, collate_fn=collate)
    shaped = [[(item, shape) for item in batch] for batch, shape in zip(batches, shapes, strict=True)]
    return DataLoader(_Shaped(dataset), batch_sampler=shaped, collate_fn=collate)


def evaluation_batches(dataset: LesionDataset, *, batch_size: int = 32) -> list[list[int]]:
    """Deal all images into batches of one shape each; in order where all have the same shape."""
    return equal_shapes(dataset.images, dataset.positions, batch_size=batch_size)


def evaluation_loader(dataset: LesionDataset, *, batch_size: int = 32) -> DataLoader[tuple[np.ndarray, int]]:
    """Load every image once, uncut."""
    return DataLoader(dataset, batch_sampler=evaluation_batches(dataset, batch_size=batch_size), collate_fn=collate)
