"""One table of images, with splits, for a data set that `acquire` has fetched.

    table = prepare(Path("data"))   # reads and checks everything, writes data/ham10000/index.csv and the cache
    table = load_index(Path("data"))

Columns: image_id, lesion_id, dx, dx_type, age (years), sex, site, source, group, split, sha256, path.
What is unknown is missing.
"""

from __future__ import annotations

import hashlib
import logging
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.cache import Cache, build_cache
from skinnet.errors import DataError
from skinnet.files import atomic_path, read_table
from skinnet.labels import CLASSES
from skinnet.split import MAX_HASH_DISTANCE, join_groups, near_duplicates, perceptual_hashes, split_groups

log = logging.getLogger(__name__)

DATASET = "ham10000"
METADATA = "HAM10000_metadata.csv"
INDEX = "index.csv"
FRAME = (192, 256)
"""Height and width of the network's input: 4:3, as the photos of HAM10000."""
SPLIT_SEED = 2018
MIN_LESIONS = 10
"""Fewer lesions of a class cannot be dealt into ten parts."""


def prepare(root: Path) -> pd.DataFrame:
    """Read the metadata, decode every image into the cache, join duplicates, split, and write the index.

    HAM10000 gets the published split, so that everyone's figures are on the same images; any other data set of
    the same layout gets a new one.

    Raises:
        DataError: if files are missing, or rows and images do not match.
    """
    folder = root / DATASET
    table = read_metadata(folder)
    cache = build_cache([folder / path for path in table["path"]], folder=folder / "cache", frame=FRAME)
    for position, failure in cache.failures.items():
        raise DataError(f"{folder / table['path'][position]}: {failure} Or delete it and acquire it again.")
    table["sha256"] = cache.sha256
    table["group"] = _groups(table, cache)
    published = published_split()
    if set(table["image_id"]) <= set(published.index):
        table["split"] = published.loc[table["image_id"]].to_numpy()
    else:
        table["split"] = new_split(table)
    _check_no_leak(table)
    with atomic_path(folder / INDEX) as temporary:
        table.to_csv(temporary, index=False)
    return table


def new_split(table: pd.DataFrame) -> np.ndarray:
    """The split of a table that has columns `dx` and `group`, as it was made for HAM10000."""
    lesions = table.groupby("dx")["lesion_id"].nunique()
    if lesions.min() < MIN_LESIONS:
        rare = ", ".join(f"{dx} ({count})" for dx, count in lesions[lesions < MIN_LESIONS].items())
        raise DataError(f"Too few lesions to split: {rare}. Each diagnosis needs at least {MIN_LESIONS}.")
    return split_groups(table["dx"].to_numpy(), table["group"].to_numpy(), seed=SPLIT_SEED)


def read_metadata(folder: Path) -> pd.DataFrame:
    """Read a metadata file with HAM10000's columns and check it against the images beside it, sorted by image_id."""
    path = folder / METADATA
    if not path.exists():
        raise DataError(f"No {METADATA} in {folder}: run python -m skinnet acquire {DATASET} --root {folder.parent}")
    raw = read_table(path, mend="acquire it again", dtype=str, keep_default_na=False, na_values=["", "unknown"])
    required = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset"]
    if missing := [column for column in required if column not in raw]:
        raise DataError(f"{path} lacks the column {missing[0]}: acquire it again.")
    if raw[["image_id", "lesion_id", "dx"]].isna().any(axis=None):
        raise DataError(f"{path} has rows without image_id, lesion_id or dx: acquire it again.")
    unknown = sorted(set(raw["dx"]) - set(CLASSES))
    if unknown:
        raise DataError(f"{path} has the diagnosis {unknown[0]!r}, which is none of {', '.join(CLASSES)}.")
    if raw["image_id"].duplicated().any():
        raise DataError(f"{path} names image {raw['image_id'][raw['image_id'].duplicated()].iloc[0]} twice.")
    table = raw.rename(columns={"localization": "site", "dataset": "source"})
    table["age"] = pd.to_numeric(table["age"], errors="coerce")
    table = table.sort_values("image_id", ignore_index=True)
    table["path"] = "images/" + table["image_id"] + ".jpg"
    absent = [name for name in table["path"] if not (folder / name).exists()]
    if absent:
        raise DataError(
            f"{len(absent)} of {len(table)} images are missing in {folder}, the first is {absent[0]}: "
            f"run python -m skinnet acquire {DATASET} --root {folder.parent}"
        )
    return table


def _groups(table: pd.DataFrame, cache: Cache) -> np.ndarray:
    position = {image_id: number for number, image_id in enumerate(table["image_id"])}
    duplicates = _packaged_csv("ham10000_duplicates.csv")
    published = [
        (position[first], position[second])
        for first, second in zip(duplicates["image_id_a"], duplicates["image_id_b"], strict=True)
        if first in position and second in position
    ]
    identical = [(rows[0], row) for rows in table.groupby("sha256").indices.values() for row in rows[1:]]
    near = near_duplicates(
        perceptual_hashes(cache[position] for position in range(len(cache))), max_distance=MAX_HASH_DISTANCE
    )[:, :2]
    log.info(
        "Joined: %d published pairs, %d byte-identical, %d near-duplicate.", len(published), len(identical), len(near)
    )
    pairs = np.concatenate([np.array(kind, dtype=int).reshape(-1, 2) for kind in (published, identical, near)])
    return join_groups(table["lesion_id"].to_numpy(), pairs)


def published_split() -> pd.Series:
    """The frozen split of HAM10000: "train", "val" or "test" by image_id."""
    return _packaged_csv("ham10000_split.csv").set_index("image_id")["split"]


def _packaged_csv(name: str) -> pd.DataFrame:
    with resources.files("skinnet").joinpath("splits", name).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def _check_no_leak(table: pd.DataFrame) -> None:
    for _, rows in table.groupby("group"):
        if rows["split"].nunique() > 1:
            names = ", ".join(rows["image_id"])
            raise DataError(f"The images {names} belong together but are in two splits: were files exchanged?")


def load_index(root: Path) -> pd.DataFrame:
    """Read what `prepare` wrote.

    Raises:
        DataError: if it is not there or damaged.
    """
    path = root / DATASET / INDEX
    if not path.exists():
        raise DataError(f"No {path}: run python -m skinnet prepare --root {root}")
    table = read_table(path, mend=f"run python -m skinnet prepare --root {root}")
    if missing := [name for name in ("image_id", "lesion_id", "dx", "split", "sha256", "path") if name not in table]:
        raise DataError(f"{path} lacks the column {missing[0]}: run python -m skinnet prepare --root {root}")
    return table


def load_cache(root: Path, table: pd.DataFrame) -> Cache:
    """The decoded images of an index, in its order.

    Raises:
        DataError: if images are missing or changed since `prepare`.
    """
    folder = root / DATASET
    if absent := [path for path in table["path"] if not (folder / path).exists()]:
        raise DataError(f"{folder / absent[0]} is missing: run python -m skinnet acquire {DATASET} --root {root}")
    cache = build_cache([folder / path for path in table["path"]], folder=folder / "cache", frame=FRAME)
    if cache.sha256 != table["sha256"].tolist():
        raise DataError(
            f"Images in {folder} changed since they were split: run python -m skinnet prepare --root {root}"
        )
    return cache


def split_hash(table: pd.DataFrame) -> str:
    """SHA-256 over image ids and splits."""
    return _rows_hash(table, ["image_id", "split"])


def table_hash(table: pd.DataFrame) -> str:
    """SHA-256 over image ids, diagnoses, splits and file hashes: what a checkpoint was trained on."""
    return _rows_hash(table, ["image_id", "dx", "split", "sha256"])


def _rows_hash(table: pd.DataFrame, columns: list[str]) -> str:
    rows = table.sort_values("image_id")[columns].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(rows.encode()).hexdigest()
