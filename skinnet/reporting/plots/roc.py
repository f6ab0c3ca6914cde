"""ROC curves of malignancy and of each class against the rest, with the operating points."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.labels import CLASSES, MALIGNANT_MEANING
from skinnet.reporting.plots.style import draw_curve, square


def draw_roc(cases: ScoredCases, metrics: Metrics) -> Figure:
    """Draw the figure."""
    figure, axes = square("ROC curves", "1 - specificity", "sensitivity")
    for number, name in enumerate(CLASSES):
        label = f"{name}: AUROC {metrics.per_class[name]['auroc']}"
        draw_curve(axes, *_curve(cases.dx == number, cases.probabilities[:, number]), label, number)
    label = f"{MALIGNANT_MEANING}: {metrics.overall['malignant_auroc']}"
    draw_curve(axes, *_curve(cases.malignant, cases.p_malignant), label)
    _draw_operating_points(axes, metrics)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.legend(fontsize=8, loc="lower right")
    return figure


def _curve(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 - specificity and sensitivity; empty where all rows are positive or none is, so that only the label shows."""
    if positive.all() or not positive.any():
        return np.empty(0), np.empty(0)
    false, true, _ = roc_curve(positive, scores)
    return false, true


def _draw_operating_points(axes: Axes, metrics: Metrics) -> None:
    for point, marker in zip(metrics.operating_points, "os^v", strict=False):
        sensitivity, specificity = (point.estimates[name].value for name in ("sensitivity", "specificity"))
        if sensitivity is not None and specificity is not None:
            label = f"threshold for {point.target:.1%}: {point.threshold:.3f}"
            axes.plot(1 - specificity, sensitivity, f"k{marker}", label=label)
