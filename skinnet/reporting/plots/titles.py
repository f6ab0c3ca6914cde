"""The names and titles of the published figures."""

from __future__ import annotations

FIGURES = {
    "roc": "ROC curves",
    "precision_recall": "Precision and recall",
    "confusion": "Confusion matrices of both decision rules",
    "reliability": "Calibration of the (pre)malignant score",
    "decision_curve": "Decision curve",
    "risk_coverage": "Errors among the surest diagnoses",
    "subgroups": "Subgroups",
    "training": "Training curves",
}
"""By name, in the order of the report; the titles serve as alternative texts."""
