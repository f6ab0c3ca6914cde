"""What `skinnet.left_out` measured, in print."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from skinnet.bootstrap import Estimate
from skinnet.labels import FULL_NAMES
from skinnet.printed import Table

CLINICS = "clinics_left_out.csv"
DIAGNOSES = "diagnoses_left_out.csv"
CLINIC_FIGURES = {
    "malignant_auroc": "(pre)malignant AUROC", "melanoma_auroc": "melanoma AUROC", "macro_auroc": "macro AUROC",
    "balanced_accuracy": "balanced accuracy (balanced rule)", "sensitivity": "sensitivity",
    "specificity": "specificity", "slope": "calibration slope",
}  # fmt: skip
DIAGNOSIS_FIGURES = {
    "turned_away": "warned of or refused", "refused": "refused", "others_turned_away": "others: warned of or refused",
    "distance_auroc": "AUROC of the gate's distance", "doubt_auroc": "AUROC of the network's doubt",
    "flagged": "called suspicious",
}  # fmt: skip


def clinics_table(table: pd.DataFrame) -> Table:
    """A row for each network and set of photos, per lesion."""
    heads = ["clinic left out, network, photos", "lesions", *CLINIC_FIGURES.values()]
    rows = [
        [f"{row['left_out']}, {row['network']}, {row['photos']}", *_cells(row, CLINIC_FIGURES)]
        for _, row in table.iterrows()
    ]
    return Table("clinics_left_out", f"Another clinic, per lesion: {_trained(table)}", heads, rows)


def diagnoses_table(table: pd.DataFrame) -> Table:
    """A row for each diagnosis that was left out."""
    heads = ["diagnosis left out", "lesions", *DIAGNOSIS_FIGURES.values()]
    rows = [[FULL_NAMES[row["left_out"]], *_cells(row, DIAGNOSIS_FIGURES)] for _, row in table.iterrows()]
    return Table("diagnoses_left_out", f"A diagnosis that training never saw: {_trained(table)}", heads, rows)


def _trained(table: pd.DataFrame) -> str:
    epochs = " or ".join(str(count) for count in sorted(table["epochs"].unique()))
    return f"networks trained for {epochs} epochs without it"


def _cells(row: pd.Series, figures: Iterable[str]) -> list[str]:
    """Its lesions and the figures with their intervals."""

    def known(column: str) -> float | None:
        return None if math.isnan(row[column]) else float(row[column])

    estimates = [Estimate(known(name), known(f"{name}_low"), known(f"{name}_high")) for name in figures]
    return [f"{row['lesions']:,}", *map(str, estimates)]
