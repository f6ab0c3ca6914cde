"""Record a local folder of pictures: nothing is copied; the record holds its place and the meaning of the columns.

folder_record(images=Path("photos"), csv=Path("table.csv"),
           columns={"image_id": "file", "dx": "diagnosis"}, diagnoses={"melanoma": "mel"})
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skinnet.data.download.sources import FOLDER_COLUMNS
from skinnet.data.user_table import read_cells
from skinnet.errors import AcquireError
from skinnet.labels import CLASSES


def folder_record(
    *, images: Path, csv: Path, columns: Mapping[str, str], diagnoses: Mapping[str, str]
) -> dict[str, Any]:
    """Check pictures and their table, and describe them.

    Args:
        columns: the table's name of a column by its meaning, one of `FOLDER_COLUMNS`; a column that has such a name
            itself needs none.
        diagnoses: one of `CLASSES`, or "" for another diagnosis, by the table's word for it.

    Raises:
        AcquireError: if something is missing or unknown.
        DataError: if the table cannot be read.
    """
    if not images.is_dir():
        raise AcquireError(f"There is no folder {images}: name the one with the pictures with --images.")
    for meaning in columns:
        _check_known(meaning, FOLDER_COLUMNS, "column")
    for dx in diagnoses.values():
        _check_known(dx, (*CLASSES, ""), "diagnosis")
    header, _ = read_cells(csv, wanted={*FOLDER_COLUMNS, *columns.values()}, advice="name it with --csv")
    if absent := [theirs for theirs in columns.values() if theirs not in header]:
        raise AcquireError(f"{csv} has no column {absent[0]!r}, only {', '.join(header)}: correct --column.")
    columns = {name: name for name in FOLDER_COLUMNS if name in header} | dict(columns)
    if "image_id" not in columns:
        raise AcquireError(f"No column names the pictures: add --column image_id=NAME, one of {', '.join(header)}.")
    return {
        "images": str(images.resolve()),
        "csv": str(csv.resolve()),
        "columns": columns,
        "diagnoses": dict(diagnoses),
    }


def _check_known(word: str, known: tuple[str, ...], option: str) -> None:
    if word not in known:
        raise AcquireError(f"--{option} knows no {word!r}: it may be {', '.join(filter(None, known))}.")
