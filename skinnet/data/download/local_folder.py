"""Record a local folder of pictures: nothing is copied; the record holds its place and the meaning of the columns.

folder_record(images=Path("photos"), csv=Path("table.csv"),
           columns={"image_id": "file", "dx": "diagnosis"}, diagnoses={"melanoma": "mel"})
"""

from __future__ import annotations

import csv as csv_files
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skinnet.data.download.sources import FOLDER_COLUMNS
from skinnet.errors import AcquireError
from skinnet.labels import CLASSES

DELIMITERS = ",;\t"


def folder_record(
    *, images: Path, csv: Path, columns: Mapping[str, str], diagnoses: Mapping[str, str]
) -> dict[str, Any]:
    """Check pictures and their table, and describe them.

    Args:
        columns: the table's name of a column by its meaning, one of `FOLDER_COLUMNS`.
        diagnoses: one of `CLASSES`, or "" for another diagnosis, by the table's word for it.

    Raises:
        AcquireError: if something is missing or unknown.
    """
    if not images.is_dir():
        raise AcquireError(f"There is no folder {images}: name the one with the pictures with --images.")
    if "image_id" not in columns:
        raise AcquireError(
            "No column names the pictures: add --column image_id=NAME, the table's column of file names."
        )
    for meaning in columns:
        _check_known(meaning, FOLDER_COLUMNS, "column")
    for dx in diagnoses.values():
        _check_known(dx, (*CLASSES, ""), "diagnosis")
    delimiter, header = _header(csv, set(columns.values()))
    if absent := [theirs for theirs in columns.values() if theirs not in header]:
        raise AcquireError(f"{csv} has no column {absent[0]!r}, only {', '.join(header)}: correct --column.")
    return {
        "images": str(images.resolve()),
        "csv": str(csv.resolve()),
        "delimiter": delimiter,
        "columns": dict(columns),
        "diagnoses": dict(diagnoses),
    }


def _check_known(word: str, known: tuple[str, ...], option: str) -> None:
    if word not in known:
        raise AcquireError(f"--{option} knows no {word!r}: it may be {', '.join(filter(None, known))}.")


def _header(csv: Path, wanted: set[str]) -> tuple[str, list[str]]:
    """What separates a table's columns, and their names: as most of those that are wanted are found."""
    try:
        with csv.open(newline="", encoding="utf-8-sig") as file:
            line = file.readline()
        headers = {mark: next(csv_files.reader([line], delimiter=mark), []) for mark in DELIMITERS}
        return max(headers.items(), key=lambda item: (len(wanted & set(item[1])), len(item[1])))
    except (OSError, UnicodeDecodeError, csv_files.Error) as error:
        raise AcquireError(f"{csv} cannot be read as a UTF-8 CSV table: name it with --csv.") from error
