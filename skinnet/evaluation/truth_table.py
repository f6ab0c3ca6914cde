"""The reader's own diagnoses: a CSV file that names photos and what they turned out to be.

    truth = read_truth(Path("truth.csv"))    # columns file, lesion_id, dx or malignant

Each row is a photo: `file` (or `image`, `image_id`, `path`), its name with or without the folder, and either `dx`, a
name of `CLASSES`, or `malignant`, yes or no. `lesion_id` is optional; without it every photo is a lesion of its own.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from skinnet.errors import DataError
from skinnet.evaluation.scored_cases import shortlist
from skinnet.files import read_table
from skinnet.labels import CLASSES

NAME_COLUMNS = ("file", "image", "image_id", "path")
YES, NO = ("yes", "true", "1", "malignant"), ("no", "false", "0", "benign")


def read_truth(path: Path, *, title: str = "The table") -> pd.DataFrame:
    """Read and check a CSV file.

    Args:
        title: what messages call the file.

    Returns:
        file (the name without its folder), lesion_id, and either dx or malignant (bool).

    Raises:
        DataError: if columns or rows do not fit; it names them, and the first row below the header is row 2.
    """
    try:
        table = read_table(path, advice="save it as CSV", dtype=str, encoding="utf-8-sig", sep=None, engine="python")
    except (DataError, OSError, csv.Error) as error:
        raise DataError(f"{title} is not a CSV file: save it as CSV.") from error
    table.columns = pd.Index([str(column).strip().lower() for column in table.columns])
    name_column = next((name for name in NAME_COLUMNS if name in table), None)
    if table.empty or name_column is None:
        raise DataError(f"{title} needs a row for each photo, and a column file with its name.")
    files = table[name_column].str.strip().str.replace("\\", "/").str.rsplit("/", n=1).str[-1]
    _refuse(title, files.isna() | (files == "") | files.duplicated(), "an empty or repeated file name")
    lesions = table["lesion_id"].str.strip().fillna(files) if "lesion_id" in table else files
    return pd.DataFrame({"file": files, "lesion_id": lesions}).join(_outcome(table, title))


def _outcome(table: pd.DataFrame, title: str) -> pd.Series:
    if "dx" in table:
        dx = table["dx"].str.strip().str.lower()
        _refuse(title, ~dx.isin(CLASSES), f"a dx that is none of {', '.join(CLASSES)}")
        return dx.rename("dx")
    if "malignant" not in table:
        raise DataError(f"{title} needs a column dx with the diagnosis, or a column malignant with yes or no.")
    words = table["malignant"].str.strip().str.lower()
    _refuse(title, ~words.isin([*YES, *NO]), "neither yes nor no in malignant")
    return words.isin(YES).rename("malignant")


def _refuse(title: str, bad: pd.Series, why: str) -> None:
    if bad.any():
        raise DataError(f"{title} has {why} in row {shortlist(bad.index[bad] + 2)}.")
