"""The printable table of the faithfulness study, from its faithfulness.json.

tables = write_tables(Path("checkpoints/committee/faithfulness"))
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skinnet.evaluation.bootstrap import Estimate
from skinnet.explain.heatmaps import METHODS
from skinnet.files import read_json
from skinnet.labels import CLASSES
from skinnet.reporting.study_tables import write_study
from skinnet.reporting.table import Table
from skinnet.studies.faithfulness.photo_rows import WHOLE
from skinnet.studies.faithfulness.summary import ALL, GOAL_DIAGNOSES, GOALS, GROUPS

NAME = "faithfulness"
REPORT = f"{NAME}.json"
VALUES = f"{NAME}.csv"
FIGURES = (f"{NAME}.png", f"{NAME}.svg")
RERUN = "run python -m skinnet faithfulness again"


def write_tables(folder: Path) -> list[Table]:
    """Write the printable table of the faithfulness.json in a folder.

    Raises:
        DataError: if that file is missing or damaged.
    """
    tables = [faithfulness_table(read_json(folder / REPORT, advice=RERUN))]
    write_study(folder, NAME, order=50, files=[REPORT, VALUES, *FIGURES], tables=tables)
    return tables


def faithfulness_table(report: dict[str, Any]) -> Table:
    """The content of the JSON in brief: a row for each method and group of photos."""
    rows = [_row(report, method, group) for method in report["goal"] for group in GROUPS]
    header = [
        "map", "group", "photos / lesions", "diagnoses clearly ahead of the matched blob", "of the Gaussian",
        "lead over the matched blob, all diagnoses", "likeness", "insertion, lead over the blob",
        "similarity, classifier / all layers shuffled",
        f"goal of {GOAL_DIAGNOSES}, matched / Gaussian",
    ]  # fmt: skip
    n = f"{report['split']} split, n = {report['photos']:,} photos of {report['lesions']:,} lesions"
    return Table(NAME, f"Heat maps compared with blobs that ignore the photo ({n})", header, rows)


def _row(report: dict[str, Any], method: str, group: str) -> list[str]:
    """One row; measures that exist for whole photos only are empty in the other groups."""
    found = {
        row["measure"]: row
        for row in report["summary"]
        if (row["method"], row["group"], row["diagnosis"]) == (method, group, ALL)
    }
    goal, lead = report["goal"][method], found.get(GOALS[0])
    cells = [METHODS[method].title, group, f"{lead['photos']:,} / {lead['lesions']:,}" if lead else "0"]
    cells += [f"{goal['won'][measure][group]} of {len(CLASSES)}" for measure in GOALS]
    cells += [_signed(lead), f"{found['likeness']['value']:.2f}" if "likeness" in found else "n/a"]
    if group != WHOLE:
        return [*cells, "", "", ""]
    insertion = found.get("insertion_over_blob")
    lesions = f", n = {insertion['lesions']:,} lesions" if insertion else ""
    similar = {row["layers"]: row["similarity"] for row in report["randomisation"] if row["method"] == method}
    shuffled = f"{similar[min(similar)]:.2f} / {similar[max(similar)]:.2f}" if similar else "n/a"
    met = " / ".join("met" if goal["met"][measure] else "missed" for measure in GOALS)
    return [*cells, _signed(insertion) + lesions, shuffled, met]


def _signed(row: dict[str, Any] | None) -> str:
    """Format a lead with its interval."""
    return Estimate(row["value"], row["low"], row["high"]).signed() if row else "n/a"
