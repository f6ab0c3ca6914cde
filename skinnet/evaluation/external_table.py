"""Another network's predictions: any table of text with diagnoses and probabilities becomes a table for `evaluate`.

    predictions = read_external_table(Path("theirs.csv"))

Each row is an image. The true diagnosis is a column `dx` with the names of `CLASSES`, or one column of 0 and 1 for each
diagnosis (MEL, NV, BCC, AKIEC, BKL, DF, VASC, in upper or lower case). The probabilities are `p_akiec` .. `p_vasc`;
beside `dx`, they may also be called MEL .. VASC. Optional are `image_id`, `lesion_id`, `split`, and for subgroups
`dx_type`, `age`, `sex`, `site`, `clinic`. `SYNONYMS` of skinnet.data.user_table has other names of these columns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.user_table import SYNONYMS, as_numbers, read_user_table, with_our_names
from skinnet.errors import DataError, shortlist
from skinnet.labels import CLASSES, probability_columns

FACTS = ("split", "dx_type", "age", "sex", "site", "clinic")
"""Optional columns that are carried along."""
SUM_TOLERANCE = 0.02
"""The seven probabilities may sum to 1 within this tolerance, for rounding; they are then divided by their sum."""


def read_external_table(path: Path) -> pd.DataFrame:
    """Read and check a table.

    Returns:
        image_id, lesion_id, dx, p_akiec .. p_vasc, and those of `FACTS` that the file has.

    Raises:
        DataError: if columns or rows do not fit; it names them, and the first row below the header is row 2.
    """
    others = {name for names in SYNONYMS.values() for name in names}
    known = {*others, *FACTS, "dx", "image_id", "lesion_id", *CLASSES, *probability_columns()}
    advice = "name a CSV file with a true diagnosis and seven probabilities in each row"
    table = read_user_table(path, wanted=known, advice=advice)
    if table.empty:
        raise DataError(f"{path} has no rows: {advice}.")
    table = with_our_names(table, path, instead_of_dx=[*CLASSES, *probability_columns()])
    dx = _true_diagnoses(table, path)
    ids = table["image_id"] if "image_id" in table else pd.Series(table.index.astype(str), index=table.index)
    _refuse(path, table.index[ids.duplicated() | ids.isna()], "an empty or repeated image id")
    lesions = table["lesion_id"].fillna(ids) if "lesion_id" in table else ids
    facts = table[[name for name in FACTS if name in table]]
    if "age" in facts:
        facts = facts.assign(age=as_numbers(facts["age"]))
    named = pd.DataFrame({"image_id": ids, "lesion_id": lesions, "dx": dx})
    return named.join([_probabilities(table, path), facts]).reset_index(drop=True)


def _true_diagnoses(table: pd.DataFrame, path: Path) -> pd.Series:
    if "dx" in table:
        dx = table["dx"].str.strip().str.lower()
        _refuse(path, table.index[~dx.isin(CLASSES)], f"a dx that is none of {', '.join(CLASSES)}")
        return dx
    if absent := [name for name in CLASSES if name not in table]:
        raise DataError(
            f"{path} has no true diagnoses: it needs a column dx, or seven columns of 0 and 1 "
            f"({absent[0].upper()} is missing)."
        )
    ones = _numbers(table, list(CLASSES), path)
    wrong = ~np.isin(ones, (0, 1)).all(axis=1) | (ones.sum(axis=1) != 1)
    _refuse(path, table.index[wrong], "not exactly one 1 in the seven columns of the true diagnosis")
    return pd.Series(np.array(CLASSES)[ones.argmax(axis=1)], index=table.index)


def _probabilities(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    names = probability_columns()
    if "dx" in table and not set(names) & set(table):
        names = list(CLASSES)
    if absent := [name for name in names if name not in table]:
        raise DataError(f"{path} lacks the probabilities {', '.join(absent)}.")
    values = _numbers(table, names, path)
    impossible = np.asarray(((values < 0) | (values > 1)).any(axis=1))
    _refuse(path, table.index[impossible], "a probability below 0 or above 1")
    sums = values.sum(axis=1, keepdims=True)
    _refuse(path, table.index[abs(sums[:, 0] - 1) > SUM_TOLERANCE], "probabilities that do not sum to 1")
    return pd.DataFrame(values / sums, columns=probability_columns(), index=table.index)


def _numbers(table: pd.DataFrame, names: list[str], path: Path) -> np.ndarray:
    numbers = table[names].apply(as_numbers)
    for name in names:
        _refuse(path, table.index[~np.isfinite(numbers[name])], f"no number in {name}")
    return numbers.to_numpy()


def _refuse(path: Path, rows: pd.Index, why: str) -> None:
    if len(rows):
        raise DataError(f"{path} has {why} in row {shortlist(rows)}.")
