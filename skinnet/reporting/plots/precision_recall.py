"""Precision against recall, for malignancy and for each class against the rest."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.labels import CLASSES, MALIGNANT_MEANING
from skinnet.reporting.plots.style import draw_curve, square


def draw_precision_recall(cases: ScoredCases, metrics: Metrics) -> Figure:
    """Draw the figure."""
    figure, axes = square("Precision and recall", "recall (sensitivity)", "precision")
    for number, name in enumerate(CLASSES):
        label = f"{name}, n = {metrics.support[name]}: AP {metrics.per_class[name]['average_precision']}"
        draw_curve(axes, *_curve(cases.dx == number, cases.probabilities[:, number]), label, number)
    label = f"{MALIGNANT_MEANING}: {metrics.overall['malignant_average_precision']}"
    draw_curve(axes, *_curve(cases.malignant, cases.p_malignant), label)
    axes.axhline(cases.malignant.mean(), color="#bbbbbb", linewidth=0.8)
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=8, loc="lower left")
    return figure


def _curve(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision; empty where no row is positive, so that only the label shows."""
    if not positive.any():
        return np.empty(0), np.empty(0)
    precision, recall, _ = precision_recall_curve(positive, scores)
    return recall, precision
