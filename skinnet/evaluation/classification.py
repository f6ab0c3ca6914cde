"""Metrics of the diagnoses that a decision rule makes: accuracy, precision, recall, specificity, F1.

    rule = rule_metrics(cases.dx, cases.displayed, weights)
    rule.overall["balanced_accuracy"]      # Estimate

Each takes weights (R, N): a row of ones for the value, the others for its interval (see `bootstrap`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinnet.evaluation.bootstrap import Estimate, estimate, estimates, in_blocks, ratio
from skinnet.evaluation.ranking import macro_mean
from skinnet.evaluation.scored_cases import MELANOMA
from skinnet.labels import CLASSES, MALIGNANT_NUMBERS


@dataclass(frozen=True)
class RuleMetrics:
    """The metrics of one rule's diagnoses.

    Attributes:
        overall: estimates by name of metric.
        per_class: estimates by class, then by name of metric.
        confusion: counts by (true class, diagnosis), in the order of `CLASSES`.
    """

    overall: dict[str, Estimate]
    per_class: dict[str, dict[str, Estimate]]
    confusion: list[list[int]]


def rule_metrics(dx: np.ndarray, diagnosis: np.ndarray, weights: np.ndarray) -> RuleMetrics:
    """Compute all metrics of one rule.

    Args:
        dx, diagnosis: int (N,), true and predicted classes as positions in `CLASSES`.
        weights: float (R, N).
    """
    matrices = confusion_matrices(dx, diagnosis, weights)
    columns = per_class_values(matrices)
    return RuleMetrics(
        overall=estimates(overall_values(matrices)),
        per_class=by_class(columns),
        confusion=matrices[0].round().astype(int).tolist(),
    )


@in_blocks
def confusion_matrices(dx: np.ndarray, diagnosis: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Count the rows by true class and diagnosis, weighted: (R, 7, 7)."""
    size = len(CLASSES)
    cell = np.eye(size * size)[dx * size + diagnosis]  # (N, 49)
    return np.asarray((weights @ cell).reshape(-1, size, size))


def per_class_values(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """Compute precision, recall, specificity and F1 of each class against the rest, each (R, 7).

    As in scikit-learn's default, precision is 0 for a class that occurs but is never diagnosed.
    """
    hits, diagnosed, support = np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=1), matrices.sum(axis=2)
    others = matrices.sum(axis=(1, 2))[:, None] - support
    precision = np.where((diagnosed == 0) & (support > 0), 0.0, ratio(hits, diagnosed))
    return {
        "precision": precision,
        "recall": ratio(hits, support),
        "specificity": 1 - ratio(diagnosed - hits, others),
        "f1": ratio(2 * hits, diagnosed + support),
    }


def overall_values(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """Compute accuracy, balanced accuracy, the macro means, and how well the rule finds malignancy: each (R,)."""
    columns = per_class_values(matrices)
    malignant = np.isin(np.arange(len(CLASSES)), MALIGNANT_NUMBERS)
    macro = {f"macro_{name}": macro_mean(values) for name, values in columns.items()}
    return {
        "accuracy": ratio(np.trace(matrices, axis1=1, axis2=2), matrices.sum(axis=(1, 2))),
        "balanced_accuracy": macro["macro_recall"],
        **macro,
        "malignant_sensitivity": _share_within(matrices, malignant),
        "malignant_specificity": _share_within(matrices, ~malignant),
        "melanoma_sensitivity": ratio(
            matrices[:, MELANOMA][:, malignant].sum(axis=1), matrices[:, MELANOMA].sum(axis=1)
        ),
    }


def _share_within(matrices: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Among the rows of some classes, the share that gets a diagnosis from the same classes: bool (7,) -> (R,)."""
    rows = matrices[:, classes]
    return ratio(rows[:, :, classes].sum(axis=(1, 2)), rows.sum(axis=(1, 2)))


def by_class(columns: dict[str, np.ndarray]) -> dict[str, dict[str, Estimate]]:
    """Rearrange values (R, 7) by name of metric into estimates by class."""
    return {
        dx: {name: estimate(values[:, number]) for name, values in columns.items()} for number, dx in enumerate(CLASSES)
    }
