"""What is measured of a checkpoint beyond its predictions, as tables: robustness, controls, what was left
out of training, gate, uncertainty, heat maps.

    further_tables(Path("checkpoints/ham10000-lite0"))

Each comes from a file that another command left in the checkpoint's folder, and is there if that file is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from skinnet.checkpoint import CONFORMAL, GATE, GATE_CARD, GATE_STATISTICS, OUT_OF_FOLD
from skinnet.errors import DataError
from skinnet.files import read_json, read_table
from skinnet.reporting.table import Table
from skinnet.studies.faithfulness import summary as faithfulness_report
from skinnet.studies.faithfulness.summary import faithfulness_table
from skinnet.studies.gate_card import coverage_table, foreign_table, turned_away_table
from skinnet.studies.leave_out_tables import CLINICS, DIAGNOSES, clinics_table, diagnoses_table
from skinnet.studies.lesion_hidden import CONTROLS, controls_table
from skinnet.studies.robustness import ROBUSTNESS, robustness_table

MAPS = "faithfulness"
"""Folder, in a checkpoint's, of what `skinnet faithfulness` writes."""
Reader = Callable[[Path], list[Table]]


def _csv(in_print: Callable[[pd.DataFrame], Table], command: str, *, counted: bool = False) -> Reader:
    """A reader of what a command wrote as CSV; `counted` if the title lacks split and n."""

    def read(path: Path) -> list[Table]:
        table = read_table(path, mend=f"run python -m skinnet {command} again")
        printed = in_print(table)
        return [_counted(printed, table) if counted else printed]

    return read


def _counted(printed: Table, table: pd.DataFrame) -> Table:
    """With the split and n of its first row in the title."""
    first = table.iloc[0]
    n = f"n = {first['images']:,} images of {first['lesions']:,} lesions"
    return replace(printed, title=f"{printed.title} ({first['split']} split, {n})")


def _gate(path: Path) -> list[Table]:
    found = _measured(path)
    return [foreign_table(found["foreign"]), turned_away_table(found["accepted"])]


def _uncertainty(path: Path) -> list[Table]:
    found = _measured(path)
    return [coverage_table(found["sets"], found["coverage"])]


def _measured(path: Path) -> dict[str, Any]:
    return read_json(path, mend="run python -m skinnet fit-gate again")


def _maps(path: Path) -> list[Table]:
    return [faithfulness_table(read_json(path, mend="run python -m skinnet faithfulness again"))]


READERS: Mapping[str, Reader] = {
    ROBUSTNESS: _csv(robustness_table, "robustness", counted=True),
    CONTROLS: _csv(controls_table, "robustness", counted=True),
    CLINICS: _csv(clinics_table, "leave-out"),
    DIAGNOSES: _csv(diagnoses_table, "leave-out"),
    GATE: _gate,
    CONFORMAL: _uncertainty,
    f"{MAPS}/{faithfulness_report.REPORT}": _maps,
}
"""By file below the checkpoint, in the order of the tables."""


def further_tables(checkpoint: Path) -> list[Table]:
    """The tables of a checkpoint's further files; none without them.

    Raises:
        DataError: if a file is damaged.
    """
    tables = []
    for name, read in READERS.items():
        if (checkpoint / name).is_file():
            try:
                tables += read(checkpoint / name)
            except (KeyError, IndexError, TypeError) as error:
                raise DataError(f"{checkpoint / name} is damaged, or of another version: delete it.") from error
    return tables


def remove_further(checkpoint: Path) -> None:
    """Remove all that was measured of, or fitted to, the network that a checkpoint's folder held until now."""
    for name in (*READERS, GATE_STATISTICS, GATE_CARD, OUT_OF_FOLD):
        (checkpoint / name).unlink(missing_ok=True)
    shutil.rmtree(checkpoint / MAPS, ignore_errors=True)
