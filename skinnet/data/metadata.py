"""The metadata of every kind of source as one table, before its images are read.

    rows = read_source(Path("data/ham10000"))

Columns: image_id, lesion_id, patient_id, dx (ours), dx_given (the source's word), malignant, dx_type, age (years),
sex, site, source (its folder), kind (of source: ham10000, isic, folder, ...), clinic, skin_type (Fitzpatrick, 1 to 6),
path. What is unknown is missing, not a word. `path` is relative to the folder of all sources, or absolute for a user's
own images.

`malignant` means malignant or pre-malignant. It follows from `dx`; where a lesion has none of our seven diagnoses,
it may still be known: invasive squamous-cell carcinoma is malignant, and its `dx` is missing.
"""

from __future__ import annotations

import filecmp
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skinnet.data.download.manifest import RECORD
from skinnet.data.download.sources import (
    HAM10000,
    ISIC2017,
    ISIC2017_PARTS,
    ISIC2018_TEST,
    ISIC2018_VAL,
    PAD_UFES_20,
    Source,
)
from skinnet.data.user_table import as_numbers, read_user_table
from skinnet.errors import DataError, shortlist
from skinnet.files import read_json
from skinnet.images.source import has_picture_suffix
from skinnet.labels import CLASSES, MALIGNANT

NUMBERS = ("malignant", "age", "skin_type")
"""Columns that hold no text."""
COLUMNS = (
    "image_id", "lesion_id", "patient_id", "dx", "dx_given", "malignant", "dx_type", "age", "sex", "site", "source",
    "kind", "clinic", "skin_type", "path",
)  # fmt: skip

SEXES = {"m": "male", "f": "female"}

ISIC_DIAGNOSES = {
    "solar or actinic keratosis": "akiec",
    "squamous cell carcinoma in situ": "akiec",
    "basal cell carcinoma": "bcc",
    "seborrheic keratosis": "bkl",
    "solar lentigo": "bkl",
    "lichen planus like keratosis": "bkl",
    "pigmented benign keratosis": "bkl",
    "dermatofibroma": "df",
    "melanoma": "mel",
    "nevus": "nv",
}
"""Beginnings of the ISIC Archive's `diagnosis_3`, lower case."""
ISIC_VASCULAR = "benign soft tissue proliferations - vascular"
"""The Archive's `diagnosis_2` of what we call vasc: HAM10000's are angiomas, angiokeratomas, pyogenic granulomas."""


def read_source(folder: Path) -> pd.DataFrame:
    """Read the table of an acquired source, sorted by image_id.

    Raises:
        DataError: if the source was not acquired, or its metadata are damaged or name an image twice.
    """
    kind = source_kind(folder)
    if kind not in READERS:
        raise DataError(f"{folder / RECORD} names the source {kind!r}, which is none of {', '.join(READERS)}.")
    table = READERS[kind](folder)
    table["source"], table["kind"] = folder.name, kind
    if table["image_id"].isna().any():
        raise DataError(f"The metadata in {folder} have {table['image_id'].isna().sum()} rows without an image id.")
    if table["image_id"].duplicated().any():
        twice = table["image_id"][table["image_id"].duplicated()].iloc[0]
        raise DataError(f"The metadata in {folder} name image {twice} twice: keep one of the rows.")
    table["path"] = _paths(table["image_id"], images_folder(folder), root=folder.parent)
    found = table["path"].dropna()
    if found.duplicated().any():
        raise DataError(f"Two rows of {folder.name} name {found[found.duplicated()].iloc[0]}: keep one of them.")
    return _tidy(table).sort_values("image_id", ignore_index=True)


def source_kind(folder: Path) -> str:
    """Read the kind of a source from its manifest: ham10000, isic, ...

    Raises:
        DataError: if nothing was acquired there.
    """
    if (folder / HAM10000_METADATA).exists():
        return "ham10000"
    return str(read_json(folder / RECORD, advice="run python -m skinnet acquire").get("source"))


def images_folder(folder: Path) -> Path:
    """Find the images of a source: `images` in its folder, or the user's local folder."""
    if source_kind(folder) == "folder":
        return Path(read_json(folder / RECORD, advice="run python -m skinnet acquire folder")["images"])
    return folder / "images"


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Complete the columns, give each one type, and derive malignancy from the diagnosis."""
    table = table.reindex(columns=list(COLUMNS))
    table = table.astype({column: "str" for column in COLUMNS if column not in NUMBERS})
    table["age"] = as_numbers(table["age"])
    table["sex"] = table["sex"].str.lower().replace(SEXES)
    table["skin_type"] = pd.to_numeric(table["skin_type"].map(_skin_type), errors="coerce").astype("Int64")
    known = table["dx"].notna()
    table["malignant"] = table["malignant"].astype("boolean").mask(known, table["dx"].isin(MALIGNANT))
    return table


def _skin_type(value: Any) -> float:
    """Fitzpatrick types come as 1 to 6 or I to VI."""
    roman = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}
    number = roman.get(str(value).strip().upper(), value)
    number = pd.to_numeric(number, errors="coerce")
    return float(number) if 1 <= number <= 6 else float("nan")


def _paths(image_ids: pd.Series, images: Path, *, root: Path) -> pd.Series:
    """Find the file of each image id: a file name, with or without folder and extension, in any case.

    Raises:
        DataError: if an id may mean two different files.
    """
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in pictures_in(images):
        inside = path.relative_to(images).as_posix().casefold()
        for name in {inside, inside.rpartition("/")[2], inside.rpartition(".")[0], path.stem.casefold()}:
            by_name[name].append(path)

    def find(image_id: str) -> Path | None:
        first, *others = by_name.get(image_id.strip().replace("\\", "/").casefold(), [None])
        if first is not None and not all(filecmp.cmp(first, other, shallow=False) for other in others if other):
            raise DataError(
                f"{images} has {1 + len(others)} pictures named {image_id}: write their extension or their folder in "
                "the table too."
            )
        return first

    found = image_ids.map(find)
    return found.map(lambda path: _relative(path, root), na_action="ignore").astype("str")


def pictures_in(images: Path) -> list[Path]:
    """List the pictures in a folder and its subfolders: files only, none that is hidden.

    Raises:
        DataError: if there is no such folder.
    """
    if not images.is_dir():
        raise DataError(f"There is no folder {images}: acquire the source again.")
    found = (path for path in images.rglob("*") if has_picture_suffix(path) and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(images).parts))


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.resolve().as_posix()


def _read(path: Path, required: tuple[str, ...], *, advice: str = "acquire the source again") -> pd.DataFrame:
    table = read_user_table(path, wanted=required, advice=advice)
    if missing := [column for column in required if column not in table]:
        raise DataError(f"{path} lacks the column {missing[0]}: {advice}.")
    return table.reset_index(drop=True)


def _ones(table: pd.DataFrame, columns: Sequence[str], path: Path) -> np.ndarray:
    """Read columns of 0 and 1: bool (N, C)."""
    numbers = table[[*columns]].apply(as_numbers)
    if (bad := ~numbers.isin([0, 1]).all(axis=1)).any():
        raise DataError(f"{path} has something else than 0 and 1 for {shortlist(table.iloc[:, 0][bad])}.")
    return np.asarray(numbers == 1)


def _ours(words: pd.Series, diagnoses: Mapping[str, str]) -> pd.Series:
    return words.map(lambda word: diagnoses.get(word) or None, na_action="ignore").astype("str")


HAM10000_METADATA = "HAM10000_metadata.csv"


def _ham10000(folder: Path) -> pd.DataFrame:
    """Tschandl et al. 2018: `localization` is the site, `dataset` the clinic and camera."""
    required = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset")
    table = _read(folder / HAM10000_METADATA, required)
    table = table.rename(columns={"localization": "site", "dataset": "clinic", "dx": "dx_given"})
    return table.assign(dx=_ours(table["dx_given"], HAM10000.diagnoses))


def _isic2018(source: Source, part: str) -> Callable[[Path], pd.DataFrame]:
    """Codella et al. 2019: one column of 0 and 1 for each diagnosis; nothing else is published."""

    def read(folder: Path) -> pd.DataFrame:
        columns = tuple(source.diagnoses)
        path = folder / f"ISIC2018_Task3_{part}_GroundTruth.csv"
        table = _read(path, ("image", *columns))
        ones = _ones(table, columns, path)
        single = ones.sum(axis=1) == 1
        given = np.where(single, np.array(columns)[ones.argmax(axis=1)], None)
        dx = np.where(single, np.array(list(source.diagnoses.values()))[ones.argmax(axis=1)], None)
        return pd.DataFrame({"image_id": table["image"], "dx_given": given, "dx": dx}).astype("str")

    return read


def _isic2017(folder: Path) -> pd.DataFrame:
    """Codella et al. 2017: two columns of 0 and 1 for each part of the challenge; both 0 is a nevus."""
    columns = tuple(ISIC2017.diagnoses)[:2]
    paths = [folder / f"ISIC-2017_{part}_Part3_GroundTruth.csv" for part in ISIC2017_PARTS]
    parts = [_read(path, ("image_id", *columns)) for path in paths]
    truth = pd.concat(parts, ignore_index=True)
    ones = np.concatenate([_ones(table, columns, path) for table, path in zip(parts, paths, strict=True)])
    words = np.array([*ISIC2017.diagnoses])
    numbers, both = np.where(ones.any(axis=1), ones.argmax(axis=1), 2), np.asarray(ones.all(axis=1))
    given = pd.Series(words[numbers]).mask(both).astype("str")
    table = truth[["image_id"]].assign(dx_given=given, dx=_ours(given, ISIC2017.diagnoses))
    names = [f"ISIC-2017_{part}_Data_metadata.csv" for part in ISIC2017_PARTS]
    found = [path for name in names for path in (folder / name, folder / "images" / name) if path.exists()]
    persons = [_read(path, ("image_id", "age_approximate", "sex")) for path in found]
    if not persons:
        return table
    known = pd.concat(persons).rename(columns={"age_approximate": "age"}).drop_duplicates("image_id")
    return table.merge(known[["image_id", "age", "sex"]], on="image_id", how="left")


def _isic(folder: Path) -> pd.DataFrame:
    """The ISIC Archive's own words, as its API gives them."""
    table = _read(folder / "metadata.csv", ("isic_id",)).rename(
        columns={
            "isic_id": "image_id",
            "age_approx": "age",
            "anatom_site_general": "site",
            "fitzpatrick_skin_type": "skin_type",
            "diagnosis_confirm_type": "dx_type",
            "attribution": "clinic",
        }
    )
    table = table.reindex(columns=[*table, *{"diagnosis_1", "diagnosis_2", "diagnosis_3"}.difference(table)])
    fine, middle, coarse = (table[f"diagnosis_{level}"].astype("str") for level in (3, 2, 1))
    dx = fine.str.lower().map(_isic_diagnosis, na_action="ignore").astype("str")
    dx = dx.mask(middle.str.lower() == ISIC_VASCULAR, "vasc")
    malignant = coarse.map({"Malignant": True, "Benign": False}).astype("boolean")
    return table.assign(dx=dx, dx_given=fine.fillna(middle).fillna(coarse), malignant=malignant)


def _isic_diagnosis(word: str) -> str | None:
    return next((dx for beginning, dx in ISIC_DIAGNOSES.items() if word.startswith(beginning)), None)


def _pad_ufes_20(folder: Path) -> pd.DataFrame:
    """Pacheco et al. 2020: smartphone photos; `lesion_id` is a number within the data set."""
    required = ("img_id", "patient_id", "lesion_id", "diagnostic", "age", "gender", "region", "fitspatrick", "biopsed")
    table = _read(folder / "metadata.csv", required)
    proof = table["biopsed"].str.lower().map({"true": "histo", "false": "consensus"})
    table = table.rename(
        columns={
            "img_id": "image_id",
            "diagnostic": "dx_given",
            "gender": "sex",
            "region": "site",
            "fitspatrick": "skin_type",
        }
    )
    malignant = table["dx_given"].map({"SCC": True}).astype("boolean")
    return table.assign(dx=_ours(table["dx_given"], PAD_UFES_20.diagnoses), malignant=malignant, dx_type=proof)


TRUTHS = dict.fromkeys(("1", "1.0", "true", "yes", "malignant"), True)
TRUTHS |= dict.fromkeys(("0", "0.0", "false", "no", "benign"), False)


def _folder(folder: Path) -> pd.DataFrame:
    """A user's local images and table, in the place that `acquire folder` recorded."""
    record = read_json(folder / RECORD, advice="run python -m skinnet acquire folder")
    columns = record["columns"]
    theirs = _read(
        Path(record["csv"]), tuple(columns.values()), advice=f"run acquire folder --name {folder.name} again"
    )
    table = pd.DataFrame({ours: theirs[name] for ours, name in columns.items()})
    table = table.reindex(columns=[*table, *{"dx", "malignant"}.difference(table)])
    diagnoses = {name: name for name in CLASSES} | record.get("diagnoses", {})
    plain = {word.strip().casefold(): dx for word, dx in diagnoses.items()}
    given, malignant = (table[column].astype("str").str.strip() for column in ("dx", "malignant"))
    return table.assign(
        dx_given=given.fillna(malignant),
        dx=_ours(given.str.casefold(), plain),
        malignant=malignant.str.casefold().map(TRUTHS).astype("boolean"),
    )


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "ham10000": _ham10000,
    "isic2017": _isic2017,
    "isic2018-test": _isic2018(ISIC2018_TEST, "Test"),
    "isic2018-val": _isic2018(ISIC2018_VAL, "Validation"),
    "isic": _isic,
    "pad-ufes-20": _pad_ufes_20,
    "folder": _folder,
}
