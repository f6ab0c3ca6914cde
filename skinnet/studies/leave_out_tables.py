"""What `skinnet.studies.leave_out` measured, in print."""

from __future__ import annotations

import pandas as pd

from skinnet.evaluation.bootstrap import from_columns
from skinnet.labels import FULL_NAMES
from skinnet.reporting.table import Table

CLINICS = "clinics_left_out.csv"
DIAGNOSES = "diagnoses_left_out.csv"
DIFFERENCE = "difference"
CLINIC_FIGURES = {
    "malignant_auroc": "(pre)malignant AUROC", DIFFERENCE: "difference from the shipped network's",
    "melanoma_auroc": "melanoma AUROC", "macro_auroc": "macro AUROC",
    "balanced_accuracy": "balanced accuracy (balanced rule)", "sensitivity": "sensitivity",
    "specificity": "specificity", "slope": "calibration slope",
}  # fmt: skip
DIAGNOSIS_FIGURES = {
    "turned_away": "warned of or refused", "refused": "refused", "others_turned_away": "others: warned of or refused",
    "distance_auroc": "AUROC of the gate's distance", "doubt_auroc": "AUROC of the network's doubt",
    "flagged": "called suspicious",
}  # fmt: skip


def clinics_table(table: pd.DataFrame) -> Table:
    """A row for each network and set of photos."""
    heads = ["clinic, network", "trained on images (epochs)", "photos", "images / lesions", *CLINIC_FIGURES.values()]
    rows = [
        [
            f"{row['left_out']}, {row['network']}", f"{row['training_images']:,} ({row['epochs']})", row["photos"],
            f"{row['images']:,} / {row['lesions']:,}", *(_cell(row, name) for name in CLINIC_FIGURES),
        ]
        for _, row in table.iterrows()
    ]  # fmt: skip
    title = "A clinic left out of training: its photos of all splits and of the test split, per lesion, n in each row"
    return Table("clinics_left_out", title, heads, rows)


def _cell(row: pd.Series, name: str) -> str:
    found = from_columns(row, name)
    return found.signed() if name == DIFFERENCE else str(found)


def diagnoses_table(table: pd.DataFrame) -> Table:
    """A row for each diagnosis that was left out, and for the network that knows it."""
    heads = [
        "diagnosis, network", "trained on images (epochs)", "images / lesions", "others", *DIAGNOSIS_FIGURES.values()
    ]  # fmt: skip
    rows = [
        [
            f"{FULL_NAMES[row['left_out']]}, {row['network']}", f"{row['training_images']:,} ({row['epochs']})",
            f"{row['images']:,} / {row['lesions']:,}", f"{row['others']:,}",
            *(str(from_columns(row, name)) for name in DIAGNOSIS_FIGURES),
        ]
        for _, row in table.iterrows()
    ]  # fmt: skip
    title = (
        "A diagnosis left out of training: its images of all splits (shipped network: test split) against the other "
        "test images, per image, n in each row"
    )
    return Table("diagnoses_left_out", title, heads, rows)
