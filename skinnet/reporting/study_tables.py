"""Printable tables of studies. Each study writes its own; card, report and Results tab show those that are there.

    write_study(folder, "robustness", order=10, files=["robustness.csv"], tables=[table])  # robustness.tables.json
    tables = study_tables(Path("checkpoints/committee"))                              # those of all studies

The file of a study also names the study's other files, so that a release removes them with the network they describe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from skinnet.errors import DataError
from skinnet.files import read_json, structured, write_json
from skinnet.reporting.table import Table

SUFFIX = ".tables.json"
ADVICE = "repeat the study, or delete this file"


@dataclass(frozen=True)
class StudyTables:
    """The printable tables of one study.

    Attributes:
        order: place among the studies, smallest first.
        files: names of the study's other files in the same folder.
    """

    order: int
    files: list[str]
    tables: list[Table]


def write_study(folder: Path, name: str, *, order: int, files: Sequence[str], tables: Sequence[Table]) -> None:
    """Write the tables of a study into the checkpoint's folder, or a folder in it, as `NAME.tables.json`."""
    write_json(folder / f"{name}{SUFFIX}", asdict(StudyTables(order, list(files), list(tables))))


def study_tables(checkpoint: Path) -> list[Table]:
    """Read the tables of all studies of a checkpoint, in the order of the studies.

    Raises:
        DataError: if a file is damaged.
    """
    studies = sorted((_read_study(path) for path in _study_paths(checkpoint)), key=lambda study: study.order)
    return [table for study in studies for table in study.tables]


def remove_studies(checkpoint: Path) -> None:
    """Remove the tables and the other files of all studies of a checkpoint.

    Raises:
        DataError: if a file is damaged.
    """
    for path in list(_study_paths(checkpoint)):
        for name in _read_study(path).files:
            (path.parent / name).unlink(missing_ok=True)
        path.unlink()
        if path.parent != checkpoint and not any(path.parent.iterdir()):
            path.parent.rmdir()


def _study_paths(checkpoint: Path) -> Iterator[Path]:
    yield from sorted(checkpoint.glob(f"*{SUFFIX}"))
    yield from sorted(checkpoint.glob(f"*/*{SUFFIX}"))


def _read_study(path: Path) -> StudyTables:
    try:
        study = structured(StudyTables, read_json(path, advice=ADVICE))
        valid = all(Path(name).name == name for name in study.files) and all(map(_is_valid, study.tables))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged, or of another version: {ADVICE}.") from error
    if not valid:
        raise DataError(f"{path} is damaged, or of another version: {ADVICE}.")
    return study


def _is_valid(table: Table) -> bool:
    """Whether all cells are text and each row has a cell for each column."""
    lines = [table.header, *table.rows]
    return all(len(line) == len(table.header) and all(isinstance(cell, str) for cell in line) for line in lines)
