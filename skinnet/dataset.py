"""The uint8 cache of decoded images, and the Dataset and DataLoaders over it.

Decoding a JPEG costs more than training on it, so `prepare` decodes each once into a memory map:

    cache = build_cache(paths, folder=Path("data/ham10000/cache"), frame=(192, 256))
    loader = training_loader(dataset, batch_size=32, sampling_power=0.5, seed=0, epoch=3)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler
from tqdm import tqdm

from skinnet.errors import DataError, PhotoError
from skinnet.files import atomic_path, write_json
from skinnet.preprocess import open_photo, to_input

CACHE_VERSION = 1
"""Raised whenever preprocessing changes, so that no stale cache is read."""


@dataclass(frozen=True)
class Cache:
    """Decoded images: `pixels` uint8 (N, H, W, 3), read from disk as needed, and the sha256 of their files."""

    pixels: np.ndarray
    sha256: list[str]


def build_cache(paths: Sequence[Path], *, folder: Path, frame: tuple[int, int]) -> Cache:
    """Decode images into `folder`, or read back what an earlier call with the same files left there.

    Args:
        paths: the N image files; the cache keeps their order.
        folder: where `pixels.npy` and `index.json` go.
        frame: (height, width) of the network's input, in pixels.

    Raises:
        DataError: if an image cannot be decoded or has another aspect than the frame.
    """
    key = _cache_key(paths, frame)
    index_path, pixels_path = folder / "index.json", folder / "pixels.npy"
    with contextlib.suppress(OSError, ValueError, KeyError):  # absent or damaged: made anew
        index = json.loads(index_path.read_text(encoding="utf-8"))
        if index["key"] == key:
            return Cache(np.load(pixels_path, mmap_mode="r"), index["sha256"])
    index_path.unlink(missing_ok=True)
    with atomic_path(pixels_path) as temporary:
        pixels = np.lib.format.open_memmap(temporary, "w+", np.uint8, (len(paths), *frame, 3))
        digests = []
        with ThreadPoolExecutor() as pool:
            decoded = pool.map(lambda path: _decode(path, frame), paths)
            for position, (picture, digest) in enumerate(tqdm(decoded, "decoding", len(paths), unit="image")):
                pixels[position] = picture
                digests.append(digest)
        pixels.flush()
        del pixels
    write_json(index_path, {"key": key, "frame": frame, "sha256": digests})
    return Cache(np.load(pixels_path, mmap_mode="r"), digests)


def _cache_key(paths: Sequence[Path], frame: tuple[int, int]) -> str:
    digest = hashlib.sha256(f"{CACHE_VERSION} {frame}".encode())
    for path in paths:
        status = path.stat()
        digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _decode(path: Path, frame: tuple[int, int]) -> tuple[np.ndarray, str]:
    data = path.read_bytes()
    try:
        pixels = to_input(open_photo(data), frame=frame)
    except PhotoError as error:
        raise DataError(f"{path}: {error} Or delete it and acquire it again.") from error
    if pixels.shape[:2] != frame:
        raise DataError(f"{path}: training needs photos of aspect {frame[1]}:{frame[0]}, this one is otherwise.")
    return pixels, hashlib.sha256(data).hexdigest()


class LesionDataset(Dataset[tuple[np.ndarray, int]]):
    """Images and diagnoses for a torch DataLoader; takes whole batches through `__getitems__`.

    Args:
        pixels: uint8 (N, H, W, 3), a memory map will do.
        labels: int (N,), positions in `CLASSES`.
        positions: int (M,), the images that belong to this set.
    """

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, positions: np.ndarray) -> None:
        self.pixels = pixels
        self.labels = labels
        self.positions = positions

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, item: int) -> tuple[np.ndarray, int]:
        position = self.positions[item]
        return self.pixels[position], int(self.labels[position])

    def __getitems__(self, items: list[int]) -> list[tuple[np.ndarray, int]]:
        return [self[item] for item in items]


def collate(items: list[tuple[np.ndarray, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack items into float32 (B, 3, H, W) in [0, 1] and int64 (B,)."""
    pixels, labels = zip(*items, strict=True)
    return pixels_to_tensor(np.stack(pixels)), torch.tensor(labels)


def pixels_to_tensor(pixels: np.ndarray) -> torch.Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [0, 1], channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(255)


def training_loader(
    dataset: LesionDataset, *, batch_size: int, sampling_power: float, seed: int, epoch: int
) -> DataLoader[tuple[np.ndarray, int]]:
    """Batches of one epoch: images drawn with weight (images of the class) ** -sampling_power.

    The order depends on `seed` and `epoch` alone, so a resumed run sees what an unbroken one would have seen.
    """
    labels = dataset.labels[dataset.positions]
    weights = np.bincount(labels).clip(min=1)[labels].astype(float) ** -sampling_power
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    sampler = WeightedRandomSampler(weights.tolist(), len(dataset), generator=generator)
    return DataLoader(dataset, batch_size, sampler=sampler, collate_fn=collate, drop_last=len(dataset) > batch_size)


def evaluation_loader(dataset: LesionDataset, *, batch_size: int = 32) -> DataLoader[tuple[np.ndarray, int]]:
    """All images once, in order."""
    return DataLoader(dataset, batch_size, collate_fn=collate)
