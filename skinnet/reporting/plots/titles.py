"""The names and titles of the published figures, and how to read them."""

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
READING = {
    "roc": "The farther up and left a curve runs, the fewer lesions without the diagnosis are flagged for the same "
    "share found. The diagonal is guessing. The marked points are the thresholds that were fixed beforehand.",
    "precision_recall": "Precision is the share of flagged lesions that have the diagnosis; recall is the share of "
    "those with the diagnosis that are flagged. It depends on how common the diagnosis is in this test set.",
    "confusion": "Rows are the true diagnoses, columns the network's: the diagonal is right, all else is confused.",
    "reliability": "Each point is a group of lesions of similar score. On the diagonal, as many were malignant or "
    "pre-malignant as the score says; above it, more were.",
    "decision_curve": "If you would examine a lesion from a given risk on, the highest line at that risk is the best "
    "policy: follow the network, examine every lesion, or examine none.",
    "risk_coverage": "If only the surest diagnoses counted, this share of them would be wrong.",
    "subgroups": "Each point is a group of lesions with its 95 % interval; the line is the value of all.",
    "training": "The loss of each epoch of training: it should fall and then level off.",
}
"""One sentence or two on each figure."""
