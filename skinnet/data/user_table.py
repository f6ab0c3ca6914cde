"""Read a table of text cells, whatever program wrote it: the one reader of everything that users give.

    table = read_user_table(Path("clinic.csv"), wanted={"image_id", "dx"}, advice="name it with --csv")

Columns may be separated by commas, semicolons, tabs or bars, and numbers may have decimal commas. The text may be
UTF-8, UTF-16 (Excel's "Unicode text") or Windows-1252, which holds Latin-1.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.errors import DataError, shortlist

if TYPE_CHECKING:
    import pandas as pd

SYNONYMS = {
    "image_id": ("image", "file", "filename", "file_name", "path"),
    "dx": ("diagnosis", "label", "target"),
    "site": ("localization",),
    "clinic": ("dataset",),
}
"""Other names of columns that are understood, in any case, where a table has no column of our name."""
SEPARATORS = ",;\t|"
UNKNOWN_WORDS = [
    "", "unknown", "Unknown", "UNK", "nan", "NaN", "NA", "N/A", "na", "n/a", "#N/A", "null", "NULL", "None", "<NA>",
]  # fmt: skip
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of .xlsx and .xls."""

Row = tuple[int, list[str]]
"""The number of a row, as a spreadsheet counts, and its cells."""


def read_user_table(path: Path, *, wanted: Collection[str], advice: str) -> pd.DataFrame:
    """Read a table; what is empty or stands for "unknown" is missing.

    Args:
        wanted: names of columns, in any case: the separator is the one that finds most of them.

    Returns:
        A column of text for each one with a name; the index is the number of the row, the header being row 1.

    Raises:
        DataError: if it is no such table; the message names the rows, or ends with `advice`.
    """
    import pandas as pd  # slow to import, and acquire needs only the header

    header, rows = read_cells(path, wanted=wanted, advice=advice)
    columns = [number for number, name in enumerate(header) if name]
    if long := [number for number, cells in rows if any(cell.strip() for cell in cells[len(header) :])]:
        raise DataError(
            f"{path} has more cells than columns in row {shortlist(long)}: put quotes around decimal commas and texts "
            "with a separator in them."
        )
    cells = [[cells[column].strip() if column < len(cells) else "" for column in columns] for _, cells in rows]
    numbers = pd.Index([number for number, _ in rows], dtype=int)
    table = pd.DataFrame(cells, index=numbers, columns=[header[column] for column in columns], dtype="str")
    return table.mask(table.isin(UNKNOWN_WORDS))


def read_cells(path: Path, *, wanted: Collection[str], advice: str) -> tuple[list[str], list[Row]]:
    """Read the header and the rows of a table, without empty rows.

    Raises:
        DataError: as `read_user_table`.
    """
    text = _text(path, advice)
    first, _, rest = text.partition("\n")
    hint = re.fullmatch(r"sep=(.)", first.strip())  # Excel writes and reads such a first line
    begin = 2 if hint else 1
    reader = csv.reader(
        io.StringIO(rest if hint else text, newline=""), strict=True, skipinitialspace=True,
        delimiter=hint[1] if hint else _separator(text, wanted),
    )  # fmt: skip
    try:
        rows = [(number, cells) for number, cells in enumerate(reader, begin) if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        line = reader.line_num + begin - 1
        raise DataError(f"{path} has a broken quote at line {line} ({error}): {advice}.") from error
    if not rows:
        raise DataError(f"{path} is empty: {advice}.")
    header = [name.strip() for name in rows[0][1]]
    if twice := [name for number, name in enumerate(header) if name and name in header[:number]]:
        raise DataError(f"{path} has the column {twice[0]} twice: rename one.")
    return header, rows[1:]


def with_our_names(table: pd.DataFrame, path: Path, *, instead_of_dx: Collection[str]) -> pd.DataFrame:
    """Name the columns in lower case, and those of `SYNONYMS` as we do; the first synonym counts.

    Args:
        instead_of_dx: where a table has all of these, they hold the diagnoses, and no synonym of `dx` is looked for.

    Raises:
        DataError: if two columns have the same name but for their case.
    """
    table = table.rename(columns=str.lower)
    if table.columns.has_duplicates:
        raise DataError(f"{path} has the column {table.columns[table.columns.duplicated()][0]} twice: rename one.")
    given = {*table, *(["dx"] if set(instead_of_dx) <= set(table) else [])}
    found = {ours: [name for name in theirs if name in table] for ours, theirs in SYNONYMS.items() if ours not in given}
    return table.rename(columns={names[0]: ours for ours, names in found.items() if names})


def as_numbers(texts: pd.Series) -> pd.Series:
    """Numbers with a decimal point or comma; NaN for what is none."""
    import pandas as pd

    return pd.to_numeric(texts.astype("str").str.replace(",", "."), errors="coerce").astype(float)


def _text(path: Path, advice: str) -> str:
    if not path.is_file():
        raise DataError(f"There is no table {path}: {advice}.")
    content = path.read_bytes()
    if content.startswith(WORKBOOKS):
        raise DataError(f"{path} is a workbook: save it as CSV, and name that.")
    text = content.decode(_encoding(content), errors="replace").removeprefix("\ufeff")
    if "\0" in text:
        raise DataError(f"{path} is no table of text: {advice}.")
    return text


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in content[:2]:
        return "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(text: str, wanted: Collection[str]) -> str:
    """What separates the columns: as most of the wanted ones are found, and else as there are most."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    names = {name.casefold() for name in wanted}

    def found(mark: str) -> tuple[int, int]:
        header = [name.strip().casefold() for name in next(csv.reader([line], delimiter=mark), [])]
        return len(names & {*header}), len(header)

    return max(SEPARATORS, key=found)
