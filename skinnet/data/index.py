"""One table of all acquired images, with their splits.

    index = prepare(Path("data"))     # reads and checks everything, writes data/index.csv and the cache
    table = load_index(Path("data"))  # HAM10000, with its published split

Columns: those of `readers`, and
    width, height   of the picture in pixels, turned upright
    sha256          of its file
    group           number of the set of images that must stay together
    split           train, val, test or excluded (a near-duplicate of a test image)
    fold            0 to 4: the part of train and val that an image is in for cross-validation
    official        the split of the ISIC 2018 challenge: train on HAM10000, test on isic2018-test
What is unknown is missing.

Beside it, `left_out.csv` lists every row without an image, image without a row, image that does not decode and
diagnosis that is none of ours; `splits.csv` is the split alone, with seed, data hash and version.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.cache import Cache, build_cache
from skinnet.data.download.manifest import RECORD
from skinnet.data.metadata import COLUMNS, HAM10000_METADATA, NUMBERS, images_folder, pictures_in, read_source
from skinnet.data.partitions import (
    OFFICIAL_KINDS,
    PUBLISHED,
    add_splits,
    choose_partition,
    group_images,
    rows_hash,
    write_split,
)
from skinnet.errors import DataError
from skinnet.files import LOCK, exclusive, read_table, remove_leftovers, write_table
from skinnet.labels import CLASS_NUMBERS, CLASSES

log = logging.getLogger(__name__)

INDEX = "index.csv"
LEFT_OUT = "left_out.csv"
SPLITS = "splits.csv"
FRAME = (192, 256)
"""Height and width of the network's input: 4:3, as the photos of HAM10000."""
TYPES = {column: "str" for column in COLUMNS if column not in NUMBERS}
TYPES |= {"fold": "Int64", "malignant": "boolean", "skin_type": "Int64"}
WRITTEN = (*COLUMNS, "sha256", "width", "height", "group", "split", "official", "fold")
"""Columns of the index."""


@dataclass(frozen=True)
class Index:
    """The table of images, and the list of what it leaves out (source, image_id, reason, detail)."""

    table: pd.DataFrame
    left_out: pd.DataFrame


def prepare(root: Path, sources: Sequence[str] | None = None) -> Index:
    """Read the metadata, decode every image into the cache, join duplicates, split, and write the index.

    HAM10000 gets its published split, so that everyone's figures are on the same images. Images of other sources
    that show the same lesion follow it; all others are dealt source by source, stratified by diagnosis.

    Args:
        root: the folder of all sources.
        sources: names of folders in it; all that were acquired, if None.

    Raises:
        DataError: if a source was not acquired or its metadata are damaged, or another process prepares the same.
    """
    names = list(dict.fromkeys(sources or acquired(root)))
    with exclusive(root / LOCK):
        for folder in (root, root / "cache"):
            remove_leftovers(folder, deep=False)
        return _prepare(root, names)


def _prepare(root: Path, names: Sequence[str]) -> Index:
    rows = pd.concat([read_source(root / name) for name in names], ignore_index=True)
    rows, left_out = _checked(rows, root)
    cache = build_cache([root / path for path in rows["path"]], folder=root / "cache", frame=FRAME)
    rows = rows.assign(sha256=cache.sha256, width=cache.sizes[:, 0], height=cache.sizes[:, 1])
    bad = {position: ("image does not decode", why) for position, why in cache.failures.items()} | _contradictory(rows)
    left_out = pd.concat([left_out, _listed(rows, bad)], ignore_index=True)
    kept = np.array([position not in bad for position in range(len(rows))], dtype=bool)
    table = rows[kept].reset_index(drop=True)
    write_table(left_out, root / LEFT_OUT)
    if table.empty:
        raise DataError(f"Not one image in {root} can be used: see {root / LEFT_OUT}.")
    table["group"] = group_images(table, [cache[position] for position in np.flatnonzero(kept).tolist()])
    table = add_splits(table)
    write_split(table, root / SPLITS)
    write_table(table, root / INDEX)
    return Index(table, left_out)


def acquired(root: Path) -> list[str]:
    """List the acquired sources in a folder.

    Raises:
        DataError: if there are none.
    """
    folders = sorted(root.iterdir()) if root.is_dir() else []
    names = [folder.name for folder in folders if any((folder / name).exists() for name in (RECORD, HAM10000_METADATA))]
    if not names:
        raise DataError(f"Nothing was acquired in {root}: run python -m skinnet acquire {PUBLISHED} --root {root}")
    return names


def _checked(rows: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the rows with an image and a diagnosis from those without."""
    reasons = {
        "row without an image": rows["path"].isna(),
        "diagnosis unknown": rows["dx"].isna() & rows["malignant"].isna() & rows["path"].notna(),
    }
    lists = [_list(rows[chosen], reason, rows["dx_given"][chosen]) for reason, chosen in reasons.items()]
    for source in rows["source"].unique():
        lists.append(_images_without_row(root / source, rows, root))
    kept = ~(reasons["row without an image"] | reasons["diagnosis unknown"])
    return rows[kept].reset_index(drop=True), pd.concat(lists, ignore_index=True)


def _list(rows: pd.DataFrame, reason: str, detail: pd.Series | list[str]) -> pd.DataFrame:
    return rows[["source", "image_id"]].assign(reason=reason, detail=detail)


def _images_without_row(folder: Path, rows: pd.DataFrame, root: Path) -> pd.DataFrame:
    known = {(root / path).resolve() for path in rows["path"].dropna()}
    stray = [path.name for path in pictures_in(images_folder(folder)) if path.resolve() not in known]
    table = pd.DataFrame({"source": folder.name, "image_id": stray}, dtype="str")
    return _list(table, "image without a row", [""] * len(stray))


def _contradictory(rows: pd.DataFrame) -> dict[int, tuple[str, str]]:
    """Find images with the same bytes but different diagnoses: nobody knows which is right.

    Those of the challenge stay, so that nobody's copy can take an image out of a published split.
    """
    found: dict[int, tuple[str, str]] = {}
    for positions in rows[rows["sha256"] != ""].groupby("sha256").indices.values():
        same = rows.iloc[positions]
        if same["dx"].nunique() > 1 or same["malignant"].nunique() > 1:
            names = ", ".join(same["source"] + "/" + same["image_id"])
            leaving = np.asarray(positions)[~same["kind"].isin(OFFICIAL_KINDS).to_numpy()]
            chosen = leaving if len(leaving) else np.asarray(positions)
            found |= {int(position): ("same bytes, other diagnosis", names) for position in chosen}
    return found


def _listed(rows: pd.DataFrame, bad: dict[int, tuple[str, str]]) -> pd.DataFrame:
    listed = rows.iloc[list(bad)][["source", "image_id"]]
    return listed.assign(reason=[reason for reason, _ in bad.values()], detail=[detail for _, detail in bad.values()])


def load_index(root: Path, *, sources: Sequence[str] = (PUBLISHED,), partition: str = "split") -> pd.DataFrame:
    """Read the rows of `prepare` that a network for the seven diagnoses can be trained or tested on.

    Args:
        sources: which of them.
        partition: what becomes the column `split`, see `partitions.choose_partition`.

    Raises:
        DataError: if it is not there or damaged, or lacks a source or the partition.
    """
    table = load_prepared(root)
    if absent := [source for source in sources if source not in set(table["source"])]:
        raise DataError(
            f"{root / INDEX} has no images of {absent[0]}: acquire it, then run python -m skinnet prepare --root {root}"
        )
    chosen = table[table["source"].isin(sources)]
    strangers = chosen["source"][~chosen["kind"].isin(OFFICIAL_KINDS)].unique()
    if partition == "official" and len(strangers):
        raise DataError(f"{strangers[0]} has no part in the official partition: it is of {', '.join(OFFICIAL_KINDS)}.")
    named = chosen["dx"].notna()
    if not named.any():
        raise DataError(f"No image of {', '.join(sources)} has one of our diagnoses ({', '.join(CLASSES)}).")
    if not named.all():
        log.info("%d images are passed over: their diagnosis is none of ours.", (~named).sum())
    chosen = chosen[named].reset_index(drop=True)
    return chosen.assign(split=choose_partition(chosen, partition))


def load_prepared(root: Path) -> pd.DataFrame:
    """Read all rows of `prepare`: every source, both partitions, and other diagnoses too.

    Raises:
        DataError: if it is not there or damaged.
    """
    path = root / INDEX
    advice = f"run python -m skinnet prepare --root {root}"
    if not path.exists():
        raise DataError(f"No {path}: {advice}")
    table = read_table(path, advice=advice, dtype=TYPES)
    if missing := [name for name in WRITTEN if name not in table]:
        raise DataError(f"{path} lacks the column {missing[0]}: {advice}")
    return table


def lesion_names(table: pd.DataFrame) -> pd.Series:
    """Name each image's lesion; an image without one counts as a lesion of its own."""
    return table["source"] + "/" + table["lesion_id"].fillna(table["image_id"])


def load_cache(root: Path, table: pd.DataFrame) -> Cache:
    """Open the decoded images of an index, in its order.

    Raises:
        DataError: if images are missing or changed since `prepare`.
    """
    if absent := [path for path in table["path"] if not (root / path).exists()]:
        raise DataError(f"{root / absent[0]} is missing: acquire its source again.")
    cache = build_cache([root / path for path in table["path"]], folder=root / "cache", frame=FRAME)
    if cache.sha256 != table["sha256"].tolist():
        raise DataError(f"Images in {root} changed since they were split: run python -m skinnet prepare --root {root}")
    return cache


def split_hash(table: pd.DataFrame) -> str:
    """Hash image ids and splits (SHA-256)."""
    return rows_hash(table, ["image_id", "split"])


def table_hash(table: pd.DataFrame) -> str:
    """Hash image ids, diagnoses, splits and file hashes (SHA-256): the data of a checkpoint."""
    return rows_hash(table, ["image_id", "dx", "split", "sha256"])


def class_counts(rows: pd.DataFrame) -> np.ndarray:
    """Count the images of each source and class: (S, 7)."""
    parts = [part["dx"].map(CLASS_NUMBERS).to_numpy() for _, part in rows.groupby("source")]
    return np.stack([np.bincount(numbers, minlength=len(CLASSES)) for numbers in parts])
