"""Splits without leaks: images of one lesion and near-duplicates stay together.

pairs = near_duplicates(perceptual_hashes(pixels), max_distance=MAX_HASH_DISTANCE)
groups = join_groups([lesion_ids, patient_ids], pairs)
splits = split_groups(diagnoses, groups, seed=0)  # "train", "val" or "test" for each image
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from skinnet.progress import progress

TENTHS = 10
HASH_SIDE = 16
THUMBNAIL_SIDE = 64
MAX_HASH_DISTANCE = 20
"""Of 255 bits. The pairs of HAM10000 at up to 50 bits that carry different lesion ids were looked at: one, at
10 bits, shows the same lesion (it is also among the published duplicates); from 26 bits upwards the lesions
differ, small dark moles on plain skin that only share a layout. Nothing lies between."""


def perceptual_hashes(pixels: Iterable[np.ndarray]) -> np.ndarray:
    """Hash pictures so that scaling, recompression or other colours change little (Zauner 2010).

    Args:
        pixels: N pictures, each uint8 (H, W, 3).

    Returns:
        int8 (8, N, 255) of -1 and 1: one hash for each of the 8 turns and mirrorings; the first is unturned.
    """
    thumbnails = np.stack([_thumbnail(picture) for picture in progress(pixels, "hashing", unit="image")])  # (N, 64, 64)
    turned = [np.rot90(thumbnails, turns, axes=(1, 2)) for turns in range(4)]
    return np.stack([_signs(views) for view in turned for views in (view, view[:, :, ::-1])])


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    """The central square in grey, whose shape survives turns by 90 degrees."""
    height, width, _ = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side]).convert("L")
    return np.asarray(square.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BOX), dtype=np.float32)


def _signs(thumbnails: np.ndarray) -> np.ndarray:
    frequencies = dctn(thumbnails, axes=(1, 2), norm="ortho")[:, :HASH_SIDE, :HASH_SIDE]
    flat = frequencies.reshape(len(thumbnails), -1)[:, 1:]  # without the mean brightness
    above = flat > np.median(flat, axis=1, keepdims=True)
    return np.where(above, 1, -1).astype(np.int8)


def near_duplicates(hashes: np.ndarray, *, max_distance: int) -> np.ndarray:
    """Find pairs of pictures that differ in at most `max_distance` bits in any turn or mirroring.

    Args:
        hashes: int8 (8, N, bits) from `perceptual_hashes`.

    Returns:
        int (P, 3): first position, second position, distance in bits; first < second, each pair once.
    """
    upright = hashes[0].astype(np.float32)
    bits = upright.shape[1]
    nearest: dict[tuple[int, int], int] = {}
    for view in progress(hashes, "comparing hashes", unit="view"):
        for start in range(0, len(upright), 2048):
            agreement = view[start : start + 2048].astype(np.float32) @ upright.T
            distance = (bits - agreement) / 2
            for first, second in np.argwhere(distance <= max_distance):
                pair = (int(first) + start, int(second))
                if pair[0] < pair[1]:
                    nearest[pair] = min(nearest.get(pair, bits), int(distance[first, second]))
    rows = [(first, second, distance) for (first, second), distance in sorted(nearest.items())]
    return np.array(rows, dtype=int).reshape(-1, 3)


def join_groups(links: Sequence[pd.Series], pairs: np.ndarray) -> np.ndarray:
    """Number the groups of images that must stay together.

    Args:
        links: columns (N,) of any hashable kind, such as lesion and patient ids: images with an equal value in one of
            them belong together; a missing value belongs to nobody.
        pairs: int (P, 2), positions of images that belong together as well.

    Returns:
        int (N,), from 0.
    """
    count = len(links[0])
    first, second = list(pairs.reshape(-1, 2)[:, 0]), list(pairs.reshape(-1, 2)[:, 1])
    for values in links:
        codes, _ = pd.factorize(values)
        order = np.argsort(codes, kind="stable")
        same = (codes[order][1:] == codes[order][:-1]) & (codes[order][1:] >= 0)
        first.extend(order[:-1][same])
        second.extend(order[1:][same])
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    _, components = connected_components(graph, directed=False)
    return np.asarray(components)


def split_groups(strata: np.ndarray, groups: np.ndarray, *, seed: int) -> np.ndarray:
    """Deal groups into train (70 %), val (10 %) and test (20 %), each stratum in about these shares.

    Args:
        strata: (N,) class of each image.
        groups: int (N,) from `join_groups`.

    Returns:
        str (N,): "train", "val" or "test"; all "test" where there are fewer than `TENTHS` groups.
    """
    tenths = deal(strata, groups, parts=TENTHS, seed=seed)
    if tenths is None:
        return np.full(len(strata), "test")
    return _with_every_class(np.select([tenths < 2, tenths == 2], ["test", "val"], "train"), strata, groups)


def _with_every_class(splits: np.ndarray, strata: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Give each split a group of every stratum that has at least `TENTHS` groups of its own.

    The dealer balances sizes, and may leave a small stratum out of the smallest split: the smallest group of the split
    that has most of them moves.
    """
    table = pd.DataFrame({"group": groups, "stratum": strata, "split": splits})
    whole = table.groupby("group").agg(
        strata=("stratum", "nunique"), stratum=("stratum", "first"), split=("split", "first"), images=("split", "size")
    )
    for _, own in whole[whole["strata"] == 1].groupby("stratum"):
        for split in ("val", "test", "train") if len(own) >= TENTHS else ():
            if not (own["split"] == split).any():
                richest = own["split"].value_counts().idxmax()
                moved = own[own["split"] == richest]["images"].idxmin()
                own.loc[moved, "split"] = whole.loc[moved, "split"] = split
    return whole["split"].loc[groups].to_numpy(dtype=str)


def deal(strata: np.ndarray, groups: np.ndarray, *, parts: int, seed: int) -> np.ndarray | None:
    """Deal groups into parts of about the same size and make-up.

    Returns:
        int (N,), the part of each image; None where there are fewer groups than parts.
    """
    if len(np.unique(groups)) < parts:
        return None
    numbers = np.full(len(strata), -1)
    dealer = StratifiedGroupKFold(n_splits=parts, shuffle=True, random_state=seed)
    for part, (_, held_out) in enumerate(dealer.split(np.zeros(len(strata)), _common(strata, parts), groups)):
        numbers[held_out] = part
    return numbers


def _common(strata: np.ndarray, parts: int) -> np.ndarray:
    """Merge strata that are too small to be dealt."""
    names, counts = np.unique(strata.astype(str), return_counts=True)
    small = names[counts < parts]
    merged = np.where(np.isin(strata.astype(str), small), "(small)", strata.astype(str))
    if 0 < (merged == "(small)").sum() < parts:
        merged[merged == "(small)"] = names[counts.argmax()]
    return merged


def follow(frozen: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Extend fixed splits to whole groups, without ever moving a frozen test image.

    A group with a frozen test image: its test images stay, its frozen training and validation images are excluded,
    and images that were free become test. A group in both training and validation goes to training.

    Args:
        frozen: str (N,): "train", "val", "test", "excluded", or "" for an image that is free.
        groups: int (N,) from `join_groups`.

    Returns:
        str (N,): the same with groups made whole; "" where no image of the group was frozen.
    """
    result = frozen.astype("<U8")
    for rows in pd.Series(groups).groupby(groups).indices.values():
        here = set(frozen[rows])
        if "test" in here:
            leaving = np.isin(frozen[rows], ["train", "val", "excluded"])
            result[rows] = np.where(leaving, "excluded", "test")
        elif "train" in here or "val" in here:
            free = frozen[rows] != "excluded"
            result[rows[free]] = "train" if "train" in here else "val"
        elif "excluded" in here:
            result[rows] = "excluded"
    return result
