"""Groups of images that must stay together, and the splits into training, validation and test.

    table["group"] = group_images(table, pixels)
    table = add_splits(table)  # columns split, fold, official

HAM10000's split is published, so that everyone's figures are on the same images. Images that other sources share with
it follow it; what is left is dealt source by source.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data import DEVELOPMENT
from skinnet.data.grouping import (
    MAX_HASH_DISTANCE,
    deal,
    follow,
    join_groups,
    near_duplicates,
    perceptual_hashes,
    split_groups,
)
from skinnet.errors import DataError
from skinnet.files import atomic_path, read_table
from skinnet.labels import CLASSES

log = logging.getLogger(__name__)

SPLIT_SEED = 2018
SPLIT_VERSION = 2
"""1: the first; 2: training and validation images that show a lesion of the test split are excluded; folds."""
FOLDS = 5
PARTITIONS = ("split", "official")
FOLD_PARTITIONS = tuple(f"fold-{fold}" for fold in range(FOLDS))
"""Each keeps one fold of train and val back for validation."""
WITHOUT = "without-"
"""Before the name of a clinic or a diagnosis: a network that never saw its photos is tested on them."""
IN_USE = ("train", "val", "test")
PUBLISHED = "ham10000"
OFFICIAL_KINDS = (PUBLISHED, "isic2018-test", "isic2018-val")
"""Sources that have a part in the ISIC 2018 challenge."""
ISIC2017 = "isic2017"
DEALT_KINDS = (PUBLISHED, ISIC2017)
"""Sources whose split is published, in `splits`."""
ARCHIVE_KINDS = (*OFFICIAL_KINDS, ISIC2017, "isic")
"""Sources whose image ids are the ISIC Archive's: the same id is the same image."""


def group_images(table: pd.DataFrame, pixels: Sequence[np.ndarray]) -> np.ndarray:
    """Number the groups: images of one lesion or patient, of one id or file, and duplicates.

    Args:
        table: columns of `readers`, and sha256.
        pixels: the N pictures, each uint8 (H, W, 3).

    Returns:
        int (N,).
    """
    archive = table["kind"].isin(ARCHIVE_KINDS)
    position = {image_id: number for number, image_id in table["image_id"][archive].items()}
    duplicates = pd.concat([known_duplicates(kind) for kind in DEALT_KINDS])
    known = [
        (position[first], position[second])
        for first, second in zip(duplicates["image_id_a"], duplicates["image_id_b"], strict=True)
        if first in position and second in position
    ]
    near = near_duplicates(perceptual_hashes(pixels), max_distance=MAX_HASH_DISTANCE)[:, :2]
    log.info("Joined %d known pairs and %d pairs of near-duplicates.", len(known), len(near))
    pairs = np.concatenate([np.array(kind, dtype=int).reshape(-1, 2) for kind in (known, near)])
    searches = table["source"].mask(table["kind"] == "isic", "isic")  # two searches name lesions alike
    lesions, patients = (searches + "/" + table[f"{name}_id"] for name in ("lesion", "patient"))
    return join_groups([lesions, patients, table["image_id"].where(archive), table["sha256"]], pairs)


def add_splits(table: pd.DataFrame) -> pd.DataFrame:
    """Add the columns split (train, val, test, excluded), fold (0 to 4) and official to a table with groups."""
    published = pd.concat([published_split(kind) for kind in DEALT_KINDS]).reindex(table["image_id"])
    covered = table["kind"].isin((*DEALT_KINDS, "isic")).to_numpy()
    groups = table["group"].to_numpy()
    frozen = np.where(covered, published["split"].fillna("").to_numpy(), "")
    frozen[(table["kind"] == ISIC2017) & (frozen == "")] = "excluded"
    ham10000 = covered & table["image_id"].isin(published_split().index).to_numpy()
    official = np.where((table["kind"] == PUBLISHED) | ham10000, "train", "")
    official[ham10000 & (frozen == "val")] = "val"
    for part in ("test", "val"):
        challenge = (table["kind"] == f"isic2018-{part}").to_numpy()
        frozen[challenge] = official[challenge] = part
    followed = follow(frozen, groups)
    _tell_changes(frozen, followed)
    table = table.assign(
        split=_dealt(table, followed), official=pd.Series(follow(official, groups), dtype="str").replace("", np.nan)
    )
    table["fold"] = _folds(table, published["fold"].where(covered).to_numpy())
    assert all(_is_tight(table, partition) for partition in PARTITIONS)
    return table


def choose_partition(table: pd.DataFrame, partition: str) -> pd.Series:
    """Choose the split of each image (train, val, test, excluded) under a partition.

    Args:
        table: an index.
        partition: "split" or "official"; "train-and-val": as split, but val is train too; "fold-0" to "fold-4": as
            split, but val is that fold and train the others;
            "without-CLINIC": as split, but test is all images of that clinic and nothing else;
            "without-DIAGNOSIS": as split, but all images of that diagnosis are in test.

    Raises:
        DataError: if there is no such partition.
    """
    if partition in PARTITIONS:
        return table[partition]
    if partition == DEVELOPMENT:
        return table["split"].replace("val", "train")
    if partition in FOLD_PARTITIONS:
        kept_back = (table["fold"] == FOLD_PARTITIONS.index(partition)).fillna(False)
        return table["split"].mask(table["fold"].notna(), "train").mask(kept_back, "val")
    if partition not in (known := _known_partitions(table)):
        raise DataError(f"Unknown partition {partition!r}: use {', '.join(known)}.")
    name = partition.removeprefix(WITHOUT)
    kept = table["split"] if name in CLASSES else table["split"].replace("test", "excluded")
    theirs = table["dx" if name in CLASSES else "clinic"] == name
    beside_theirs = table["group"].isin(table["group"][theirs])  # of a lesion that another clinic photographed too
    return kept.mask(beside_theirs, "excluded").mask(theirs, "test")


def _known_partitions(table: pd.DataFrame) -> list[str]:
    left_out = [*sorted(table["clinic"].dropna().unique()), *CLASSES]
    return [*PARTITIONS, DEVELOPMENT, *FOLD_PARTITIONS, *(WITHOUT + name for name in left_out)]


def _tell_changes(frozen: np.ndarray, followed: np.ndarray) -> None:
    changed = int(((frozen != followed) & (frozen != "")).sum())
    if changed:
        log.warning(
            "%d images leave their published split: another source shows that they belong to images of another one.",
            changed,
        )


def _by_source(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each source, those with a published split first."""
    sources = sorted(table["source"].unique(), key=lambda source: (source != PUBLISHED, source))
    return [table[table["source"] == source] for source in sources]


def _strata(rows: pd.DataFrame) -> np.ndarray:
    malignancy = rows["malignant"].astype("str").fillna("unknown")
    return rows["dx"].fillna(malignancy).to_numpy()


def _dealt(table: pd.DataFrame, splits: np.ndarray) -> np.ndarray:
    """Deal images that have no split yet, source by source."""
    groups = table["group"].to_numpy()
    for rows in _by_source(table):
        free = rows.iloc[splits[rows.index] == ""]
        if len(free):
            splits[free.index] = split_groups(_strata(free), groups[free.index], seed=SPLIT_SEED)
            splits = follow(splits, groups)
    return splits


def _folds(table: pd.DataFrame, published: np.ndarray) -> pd.Series:
    """Parts of train and val for cross-validation; those that are fixed extend to their whole group."""
    used = table["split"].isin(["train", "val"])
    folds = pd.Series(published, dtype=float).where(used)
    for rows in _by_source(table):
        folds = folds.groupby(table["group"]).transform("first").where(used)
        free = rows[used[rows.index] & folds[rows.index].isna()]
        parts = deal(_strata(free), free["group"].to_numpy(), parts=FOLDS, seed=SPLIT_SEED)
        folds[free.index] = free["group"].to_numpy() % FOLDS if parts is None else parts
    return folds.groupby(table["group"]).transform("first").where(used).astype("Int64")


def _is_tight(table: pd.DataFrame, partition: str) -> bool:
    """Tell whether no group is in two parts."""
    used = table[table[partition].isin(IN_USE)]
    return bool((used.groupby("group")[partition].nunique() <= 1).all())


def published_split(kind: str = PUBLISHED) -> pd.DataFrame:
    """Read the frozen split of a source by image_id: columns split (train, val, test, excluded) and fold (0 to 4).

    The file is what `write_split` writes for that source. That of `isic2017` also names the 60 photos of the app's
    examples, which are excluded.
    """
    return _packaged_csv(f"{kind}_split.csv").set_index("image_id")[["split", "fold"]]


def known_duplicates(kind: str = PUBLISHED) -> pd.DataFrame:
    """Read the pairs of images that show one lesion under two ids: image_id_a, image_id_b, found_by.

    Those of `isic2017` are inside it, or one of the two is HAM10000's.
    """
    return _packaged_csv(f"{kind}_duplicates.csv")


def _packaged_csv(name: str) -> pd.DataFrame:
    with resources.files("skinnet.data").joinpath("splits", name).open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")


def write_split(table: pd.DataFrame, path: Path) -> None:
    """Write the split alone; the first line names its version, seed and label hash."""
    columns = ["source", "image_id", "split", "fold", "official"]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# version {SPLIT_VERSION}, seed {SPLIT_SEED}, labels sha256 {label_hash(table)}\n")
        table[columns].to_csv(file, index=False, lineterminator="\n")


def label_hash(table: pd.DataFrame) -> str:
    """Hash what a split is made from (SHA-256): ids, lesions, patients and diagnoses."""
    return rows_hash(table, ["source", "image_id", "lesion_id", "patient_id", "dx"])


def rows_hash(table: pd.DataFrame, columns: Sequence[str]) -> str:
    """Hash some columns of a table (SHA-256), independent of the order of its rows."""
    keys = [key for key in ("source", "image_id") if key in table]
    rows = table.sort_values(keys)[list(columns)].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(rows.encode()).hexdigest()


def seen_in_training(split_table: Path, rows: pd.DataFrame) -> np.ndarray:
    """Tell which rows of an index a checkpoint was trained on: bool (N,).

    The same id is the same image within a source, and among all that come from the ISIC Archive.

    Args:
        split_table: the checkpoint's, from `write_split`.
    """
    split = read_table(split_table, advice="restore it", comment="#", needs=("source", "image_id", "split"))
    trained = split[split["split"] == "train"]
    same_source = pd.MultiIndex.from_frame(rows[["source", "image_id"]]).isin(
        pd.MultiIndex.from_frame(trained[["source", "image_id"]])
    )
    archive = rows["kind"].isin(ARCHIVE_KINDS) & rows["image_id"].str.match(r"ISIC_\d+$")
    return np.asarray(same_source | (archive & rows["image_id"].isin(trained["image_id"])).to_numpy())
