"""The titles of metrics in tables and figures, by their names in `metrics.json`."""

from __future__ import annotations

OVERALL_NAMES = {
    "malignant_auroc": "(Pre)malignant AUROC",
    "melanoma_auroc": "Melanoma AUROC, against all others",
    "macro_auroc": "Macro AUROC, one against the rest",
    "malignant_average_precision": "(Pre)malignant average precision",
    "melanoma_average_precision": "Melanoma average precision",
    "macro_average_precision": "Macro average precision",
    "malignant_specificity_at_90": "(Pre)malignant: specificity at 90 % sensitivity, read off this split's curve",
    "malignant_specificity_at_95": "(Pre)malignant: specificity at 95 % sensitivity, read off this split's curve",
    "melanoma_specificity_at_90": "Melanoma: specificity at 90 % sensitivity, read off this split's curve",
    "melanoma_specificity_at_95": "Melanoma: specificity at 95 % sensitivity, read off this split's curve",
    "sensitivity": "Sensitivity at the verdict's threshold",
    "specificity": "Specificity at the verdict's threshold",
}
RULE_NAMES = {"displayed": "as displayed", "balanced": "balanced rule"}
"""The decision rules."""
RULE_METRICS = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall (sensitivity)",
    "macro_specificity": "Macro specificity",
    "macro_f1": "Macro F1",
    "malignant_sensitivity": "(Pre)malignant given a (pre)malignant diagnosis",
    "malignant_specificity": "Benign given a benign diagnosis",
    "melanoma_sensitivity": "Melanoma given a (pre)malignant diagnosis",
}
CLASS_METRICS = {"precision": "precision", "recall": "recall", "specificity": "specificity", "f1": "F1"}
SCORE_METRICS = {"auroc": "AUROC", "average_precision": "average precision"}
CALIBRATION_NAMES = {
    "intercept": "Intercept (calibration in the large; 0 is perfect)",
    "slope": "Slope (1 is perfect)",
    "brier": "Brier score",
    "error": "Calibration error (ECE, 15 bins of equal count)",
    "perfect_error": "The same of a perfect model of this n, by simulation: mean (95 % range)",
}
SUBGROUP_NAMES = {
    "balanced_accuracy": "balanced accuracy (balanced rule)",
    "balanced_accuracy_displayed": "balanced accuracy (as displayed)",
    "malignant_auroc": "(pre)malignant AUROC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}
HEADLINES = ("malignant_auroc", "melanoma_auroc", "macro_auroc", "sensitivity", "specificity")
HEADLINES_BY_RULE = ("balanced_accuracy", "accuracy", "macro_f1")
"""The metrics of the README's first screen."""
