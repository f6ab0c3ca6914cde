"""Printable tables of the leave-out study, from its two files in a checkpoint's folder.

tables = write_tables(Path("checkpoints/committee"))  # {"clinics_left_out.csv": Table, ...}
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from skinnet.evaluation.bootstrap import from_columns
from skinnet.files import read_table
from skinnet.labels import FULL_NAMES
from skinnet.reporting.study_tables import write_study
from skinnet.reporting.table import Table

CLINICS = "clinics_left_out.csv"
DIAGNOSES = "diagnoses_left_out.csv"
DIFFERENCE = "difference"
CLINIC_METRICS = {
    "malignant_auroc": "(pre)malignant AUROC", DIFFERENCE: "difference from the shipped network's",
    "melanoma_auroc": "melanoma AUROC", "macro_auroc": "macro AUROC",
    "balanced_accuracy": "balanced accuracy (balanced rule)", "sensitivity": "sensitivity",
    "specificity": "specificity", "slope": "calibration slope",
}  # fmt: skip
"""Columns of `clinics_left_out.csv`, with their titles."""
DIAGNOSIS_METRICS = {
    "turned_away": "warned of or refused", "refused": "refused", "others_turned_away": "others: warned of or refused",
    "distance_auroc": "AUROC of the gate's distance", "doubt_auroc": "AUROC of the network's doubt",
    "flagged": "called suspicious",
}  # fmt: skip
"""Columns of `diagnoses_left_out.csv`, with their titles."""
RERUN = "run python -m skinnet leave-out again"


def write_tables(folder: Path) -> dict[str, Table]:
    """Write the printable tables of the study's files that are in a folder.

    Returns:
        Each table by the name of its file.

    Raises:
        DataError: if a file is damaged.
    """
    makers = {CLINICS: clinics_table, DIAGNOSES: diagnoses_table}
    tables = {
        name: make(read_table(folder / name, advice=RERUN))
        for name, make in makers.items()
        if (folder / name).is_file()
    }
    write_study(folder, "leave_out", order=30, files=list(tables), tables=list(tables.values()))
    return tables


def clinics_table(measured: pd.DataFrame) -> Table:
    """A row for each network and set of photos."""
    heads = ["clinic, network", "trained on images (epochs)", "photos", "images / lesions", *CLINIC_METRICS.values()]
    rows = [
        [
            f"{row['left_out']}, {row['network']}", f"{row['training_images']:,} ({row['epochs']})", row["photos"],
            f"{row['images']:,} / {row['lesions']:,}", *(_cell(row, name) for name in CLINIC_METRICS),
        ]
        for _, row in measured.iterrows()
    ]  # fmt: skip
    title = "A clinic left out of training: its photos of all splits and of the test split, per lesion, n in each row"
    return Table("clinics_left_out", title, heads, rows)


def _cell(row: pd.Series, name: str) -> str:
    found = from_columns(row, name)
    return found.signed() if name == DIFFERENCE else str(found)


def diagnoses_table(measured: pd.DataFrame) -> Table:
    """A row for each diagnosis that was left out, and one for the network that knows it."""
    heads = [
        "diagnosis, network", "trained on images (epochs)", "images / lesions", "others", *DIAGNOSIS_METRICS.values()
    ]  # fmt: skip
    rows = [
        [
            f"{FULL_NAMES[row['left_out']]}, {row['network']}", f"{row['training_images']:,} ({row['epochs']})",
            f"{row['images']:,} / {row['lesions']:,}", f"{row['others']:,}",
            *(str(from_columns(row, name)) for name in DIAGNOSIS_METRICS),
        ]
        for _, row in measured.iterrows()
    ]  # fmt: skip
    title = (
        "A diagnosis left out of training: its images of all splits (shipped network: test split) against the other "
        "test images, per image, n in each row"
    )
    return Table("diagnoses_left_out", title, heads, rows)
