"""One table of images, with splits, for everything that `acquire` has fetched.

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

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.cache import Cache, build_cache
from skinnet.errors import DataError
from skinnet.files import atomic_path, read_table
from skinnet.readers import COLUMNS, EXTENSIONS, HAM10000_METADATA, NUMBERS, images_folder, read_source
from skinnet.record import RECORD
from skinnet.split import MAX_HASH_DISTANCE, deal, follow, join_groups, near_duplicates, perceptual_hashes, split_groups

log = logging.getLogger(__name__)

DATASET = "ham10000"
INDEX = "index.csv"
LEFT_OUT = "left_out.csv"
SPLITS = "splits.csv"
FRAME = (192, 256)
"""Height and width of the network's input: 4:3, as the photos of HAM10000."""
SPLIT_SEED = 2018
SPLIT_VERSION = 2
"""1: the first; 2: training and validation images that show a lesion of the test split are excluded; folds."""
FOLDS = 5
PARTITIONS = ("split", "official")
TYPES = {column: "str" for column in COLUMNS if column not in NUMBERS}
TYPES |= {"fold": "Int64", "malignant": "boolean", "skin_type": "Int64"}
WRITTEN = (*COLUMNS, "sha256", "width", "height", "group", "split", "official", "fold")
"""Columns of the index."""
IN_USE = ("train", "val", "test")


@dataclass(frozen=True)
class Index:
    """What `prepare` found: the table, and what is not in it (source, image_id, reason, detail)."""

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
        DataError: if a source was not acquired or its metadata are damaged.
    """
    rows = pd.concat([read_source(root / name) for name in sources or acquired(root)], ignore_index=True)
    rows, left_out = _checked(rows, root)
    cache = build_cache([root / path for path in rows["path"]], folder=root / "cache", frame=FRAME)
    rows = rows.assign(sha256=cache.sha256, width=cache.sizes[:, 0], height=cache.sizes[:, 1])
    bad = {position: ("image does not decode", why) for position, why in cache.failures.items()} | _contradictory(rows)
    left_out = pd.concat([left_out, _listed(rows, bad)], ignore_index=True)
    kept = np.array([position not in bad for position in range(len(rows))], dtype=bool)
    table = rows[kept].reset_index(drop=True)
    if table.empty:
        raise DataError(f"Not one image in {root} can be used: see {root / LEFT_OUT}.")
    table["group"] = _groups(table, [cache[position] for position in np.flatnonzero(kept).tolist()])
    table = _with_splits(table)
    _write(root, table, left_out)
    return Index(table, left_out)


def acquired(root: Path) -> list[str]:
    """The sources in a folder.

    Raises:
        DataError: if there are none.
    """
    folders = sorted(root.iterdir()) if root.is_dir() else []
    names = [folder.name for folder in folders if any((folder / name).exists() for name in (RECORD, HAM10000_METADATA))]
    if not names:
        raise DataError(f"Nothing was acquired in {root}: run python -m skinnet acquire {DATASET} --root {root}")
    return names


def _checked(rows: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with an image and a diagnosis, and the list of what has none."""
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
    images = sorted(path for path in images_folder(folder).iterdir() if path.suffix.lower() in EXTENSIONS)
    stray = [path.name for path in images if path.resolve() not in known]
    table = pd.DataFrame({"source": folder.name, "image_id": stray}, dtype="str")
    return _list(table, "image without a row", [""] * len(stray))


def _contradictory(rows: pd.DataFrame) -> dict[int, tuple[str, str]]:
    """Images of the same bytes and another diagnosis: nobody knows which is right."""
    found: dict[int, tuple[str, str]] = {}
    for positions in rows[rows["sha256"] != ""].groupby("sha256").indices.values():
        labels = rows.iloc[positions][["dx", "malignant"]].astype("str").fillna("?").agg("/".join, axis=1)
        if labels.nunique() > 1:
            names = ", ".join(rows["source"].iloc[positions] + "/" + rows["image_id"].iloc[positions])
            found |= {int(position): ("same bytes, other diagnosis", names) for position in positions}
    return found


def _listed(rows: pd.DataFrame, bad: dict[int, tuple[str, str]]) -> pd.DataFrame:
    listed = rows.iloc[list(bad)][["source", "image_id"]]
    return listed.assign(reason=[reason for reason, _ in bad.values()], detail=[detail for _, detail in bad.values()])


def _groups(table: pd.DataFrame, pixels: Sequence[np.ndarray]) -> np.ndarray:
    """Images of one lesion or patient, of one id or file, published pairs and near-duplicates."""
    position = {image_id: number for number, image_id in enumerate(table["image_id"])}
    duplicates = known_duplicates()
    known = [
        (position[first], position[second])
        for first, second in zip(duplicates["image_id_a"], duplicates["image_id_b"], strict=True)
        if first in position and second in position
    ]
    near = near_duplicates(perceptual_hashes(pixels), max_distance=MAX_HASH_DISTANCE)[:, :2]
    log.info("Joined %d known pairs and %d pairs of near-duplicates.", len(known), len(near))
    pairs = np.concatenate([np.array(kind, dtype=int).reshape(-1, 2) for kind in (known, near)])
    lesions, patients = (table["source"] + "/" + table[f"{kind}_id"] for kind in ("lesion", "patient"))
    return join_groups([lesions, patients, table["image_id"], table["sha256"]], pairs)


def _with_splits(table: pd.DataFrame) -> pd.DataFrame:
    """Add the columns split, fold and official."""
    published = published_split().reindex(table["image_id"])
    ours = (table["source"] == DATASET).to_numpy()
    groups = table["group"].to_numpy()
    frozen = np.where(ours, published["split"].fillna("").to_numpy(), "")
    for part in ("test", "val"):
        frozen[(table["source"] == f"isic2018-{part}").to_numpy()] = part
    official = np.where(ours & (frozen != "val"), "train", frozen)
    table["split"] = _dealt(table, follow(frozen, groups))
    table["official"] = pd.Series(follow(official, groups), dtype="str").replace("", np.nan)
    table["fold"] = _folds(table, published["fold"].where(ours).to_numpy())
    for partition in PARTITIONS:
        _check_no_leak(table, partition)
    return table


def _by_source(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each source, HAM10000 first: what comes later never changes what was dealt before."""
    sources = sorted(table["source"].unique(), key=lambda source: (source != DATASET, source))
    return [table[table["source"] == source] for source in sources]


def _strata(rows: pd.DataFrame) -> np.ndarray:
    malignancy = rows["malignant"].astype("str").fillna("unknown")
    return rows["dx"].fillna(malignancy).to_numpy()


def _dealt(table: pd.DataFrame, splits: np.ndarray) -> np.ndarray:
    """Splits for the images that have none yet, source by source."""
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
    folds = pd.Series(published, dtype=float)
    for rows in _by_source(table):
        folds = folds.groupby(table["group"]).transform("first").where(used)
        free = rows[used[rows.index] & folds[rows.index].isna()]
        parts = deal(_strata(free), free["group"].to_numpy(), parts=FOLDS, seed=SPLIT_SEED)
        if parts is not None:
            folds[free.index] = parts
    return folds.astype("Int64")


def _check_no_leak(table: pd.DataFrame, partition: str) -> None:
    used = table[table[partition].isin(IN_USE)]
    splits = used.groupby("group")[partition].nunique()
    if (splits > 1).any():
        rows = used[used["group"] == splits.idxmax()]
        names = ", ".join(rows["source"] + "/" + rows["image_id"])
        raise DataError(f"The images {names} belong together but are in two splits: were files exchanged?")


def _write(root: Path, table: pd.DataFrame, left_out: pd.DataFrame) -> None:
    write_split(table, root / SPLITS)
    with atomic_path(root / LEFT_OUT) as temporary:
        left_out.to_csv(temporary, index=False, lineterminator="\n")
    with atomic_path(root / INDEX) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def write_split(table: pd.DataFrame, path: Path) -> None:
    """Write the split alone, with what it was made from in the first line."""
    columns = ["source", "image_id", "split", "fold", "official"]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# version {SPLIT_VERSION}, seed {SPLIT_SEED}, labels sha256 {label_hash(table)}\n")
        table[columns].to_csv(file, index=False, lineterminator="\n")


def published_split() -> pd.DataFrame:
    """The frozen split of HAM10000 by image_id: columns split (train, val, test, excluded) and fold (0 to 4).

    The file is what `write_split` writes for HAM10000 alone.
    """
    return _packaged_csv("ham10000_split.csv").set_index("image_id")[["split", "fold"]]


def known_duplicates() -> pd.DataFrame:
    """Pairs of images of HAM10000 that show one lesion under two lesion ids: image_id_a, image_id_b, found_by."""
    return _packaged_csv("ham10000_duplicates.csv")


def _packaged_csv(name: str) -> pd.DataFrame:
    with resources.files("skinnet").joinpath("splits", name).open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")


def load_index(root: Path, *, sources: Sequence[str] = (DATASET,), partition: str = "split") -> pd.DataFrame:
    """Read what `prepare` wrote, as far as a network of our seven diagnoses can learn from it or be tested on it.

    Args:
        sources: which of them.
        partition: "split" or "official": which of the two becomes the column `split`.

    Raises:
        DataError: if it is not there or damaged, or lacks a source.
    """
    table = load_prepared(root)
    if absent := [source for source in sources if source not in set(table["source"])]:
        raise DataError(
            f"{root / INDEX} has no images of {absent[0]}: acquire it, then run python -m skinnet prepare --root {root}"
        )
    if partition not in PARTITIONS:
        raise DataError(f"Unknown partition {partition!r}: use {' or '.join(PARTITIONS)}.")
    chosen = table[table["source"].isin(sources) & table["dx"].notna()].reset_index(drop=True)
    return chosen.assign(split=chosen[partition])


def load_prepared(root: Path) -> pd.DataFrame:
    """Everything that `prepare` wrote, of all sources, with both partitions, and lesions of other diagnoses too.

    Raises:
        DataError: if it is not there or damaged.
    """
    path = root / INDEX
    mend = f"run python -m skinnet prepare --root {root}"
    if not path.exists():
        raise DataError(f"No {path}: {mend}")
    table = read_table(path, mend=mend, dtype=TYPES)
    if missing := [name for name in WRITTEN if name not in table]:
        raise DataError(f"{path} lacks the column {missing[0]}: {mend}")
    return table


def lesion_names(table: pd.DataFrame) -> pd.Series:
    """A name for each image's lesion; an image whose lesion is not named counts as one."""
    return table["source"] + "/" + table["lesion_id"].fillna(table["image_id"])


def load_cache(root: Path, table: pd.DataFrame) -> Cache:
    """The decoded images of an index, in its order.

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
    """SHA-256 over image ids and splits."""
    return _rows_hash(table, ["image_id", "split"])


def label_hash(table: pd.DataFrame) -> str:
    """SHA-256 over what a split is made from: ids, lesions, patients and diagnoses."""
    return _rows_hash(table, ["source", "image_id", "lesion_id", "patient_id", "dx"])


def table_hash(table: pd.DataFrame) -> str:
    """SHA-256 over image ids, diagnoses, splits and file hashes: what a checkpoint was trained on."""
    return _rows_hash(table, ["image_id", "dx", "split", "sha256"])


def _rows_hash(table: pd.DataFrame, columns: list[str]) -> str:
    rows = table.sort_values("image_id")[columns].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(rows.encode()).hexdigest()
