"""The reader's own diagnoses: a table that names photos and what they turned out to be.

    truth = read_truth(Path("truth.csv"))    # columns file, lesion_id, dx or malignant

Each row is a photo: `file` or `image_id`, its name with or without the folder, and either `dx`, a name of `CLASSES`, or
`malignant`, yes or no; `SYNONYMS` of skinnet.data.user_table has other names of these columns. Without `malignant`, a
`dx` of yes and no in every row is read as such. `lesion_id` is optional; without it every photo is a lesion of its own.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from skinnet.data.user_table import SYNONYMS, read_user_table, with_our_names
from skinnet.errors import DataError, shortlist
from skinnet.labels import CLASSES

COLUMNS = {"image_id", *SYNONYMS["image_id"], "lesion_id", "dx", *SYNONYMS["dx"], "malignant"}
YES, NO = ("yes", "true", "1", "malignant"), ("no", "false", "0", "benign")
ADVICE = "save a CSV file with the columns file and dx, or file and malignant"


def read_truth(path: Path) -> pd.DataFrame:
    """Read and check a table.

    Returns:
        file (the name without its folder), lesion_id, and either dx or malignant (bool).

    Raises:
        DataError: if columns or rows do not fit; it names them, and the first row below the header is row 2.
    """
    table = read_user_table(path, wanted=COLUMNS, advice=ADVICE)
    table = with_our_names(table, path, instead_of_dx=["malignant"])
    names = next((table[name] for name in ("file", "image_id") if name in table), None)
    if table.empty or names is None:
        raise DataError(f"{path} needs a row for each photo, and a column file with its name: {ADVICE}.")
    files = names.str.replace("\\", "/").str.rsplit("/", n=1).str[-1]
    _refuse(path, files.isna() | files.duplicated(), "an empty or repeated file name")
    lesions = table["lesion_id"].fillna(files) if "lesion_id" in table else files
    truth = pd.DataFrame({"file": files, "lesion_id": lesions}).join(_outcome(table, path))
    return truth.reset_index(drop=True)


def _outcome(table: pd.DataFrame, path: Path) -> pd.Series:
    if "malignant" not in table and "dx" in table and table["dx"].str.lower().isin([*YES, *NO]).all():
        table = table.rename(columns={"dx": "malignant"})
    elif "dx" in table:
        dx = table["dx"].str.lower()
        _refuse(path, ~dx.isin(CLASSES), f"a dx that is none of {', '.join(CLASSES)}")
        return dx.rename("dx")
    if "malignant" not in table:
        raise DataError(f"{path} needs a column dx with the diagnosis, or a column malignant with yes or no: {ADVICE}.")
    words = table["malignant"].str.lower()
    _refuse(path, ~words.isin([*YES, *NO]), "neither yes nor no in malignant")
    return words.isin(YES).rename("malignant")


def _refuse(path: Path, bad: pd.Series, why: str) -> None:
    if bad.any():
        raise DataError(f"{path} has {why} in row {shortlist(list(bad.index[bad]))}.")
