"""The published figures, drawn from a table of predictions, its metrics, and a training history.

    draw_figures(cases, metrics, history, folder=Path("figures"), caption="HAM10000, test split")

Each is written as PNG and as SVG, in colours that the colour-blind tell apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.labels import CLASSES, MALIGNANT_MEANING
from skinnet.reporting.metric_tables import RULE_NAMES
from skinnet.reporting.plot_style import COLOURS, DASHES, save, square, whiskers
from skinnet.reporting.utility_plots import draw_decision_curve, draw_risk_coverage, draw_subgroups


def draw_figures(
    cases: ScoredCases, metrics: Metrics, history: pd.DataFrame | None, *, folder: Path, caption: str
) -> list[str]:
    """Draw all figures of one split in one unit.

    Args:
        cases: the rows of the split.
        metrics: of the split, from `evaluate`.
        history: a row for each epoch; None for a network whose training is not known.
        caption: the data; the n is added.

    Returns:
        The names of the figures drawn, of `captions.FIGURES`.
    """
    drawn = {
        "roc": draw_roc(cases, metrics),
        "precision_recall": draw_precision_recall(cases, metrics),
        "confusion": draw_confusion(metrics),
        "reliability": draw_reliability(metrics),
        "decision_curve": draw_decision_curve(metrics),
        "risk_coverage": draw_risk_coverage(cases, metrics),
        "subgroups": draw_subgroups(metrics),
    }
    words = f"{caption}, per {metrics.unit}: n = {metrics.images:,} images of {metrics.lesions:,} lesions"
    for figure in drawn.values():
        figure.set_layout_engine("constrained", rect=(0, 0.035, 1, 0.965))  # room for the words
        figure.text(0.01, 0.01, words, fontsize=8, color="#444444")
    if history is not None:
        drawn["training"] = draw_training(history)
    for name, figure in drawn.items():
        save(figure, folder, name)
    return list(drawn)


def draw_roc(cases: ScoredCases, metrics: Metrics) -> Figure:
    """ROC of malignancy and of each class against the rest, with the operating points."""
    figure, axes = square("ROC curves", "1 - specificity", "sensitivity")
    for number, name in enumerate(CLASSES):
        label = f"{name}: AUROC {metrics.per_class[name]['auroc']}"
        _plot_roc(axes, cases.dx == number, cases.probabilities[:, number], label, number)
    label = f"{MALIGNANT_MEANING}: {metrics.overall['malignant_auroc']}"
    _plot_roc(axes, cases.malignant, cases.p_malignant, label)
    for point, marker in zip(metrics.operating_points, "os^v", strict=False):
        sensitivity, specificity = (point.estimates[name].value for name in ("sensitivity", "specificity"))
        if sensitivity is not None and specificity is not None:
            label = f"threshold for {point.target:.1%}: {point.threshold:.3f}"
            axes.plot(1 - specificity, sensitivity, f"k{marker}", label=label)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.legend(fontsize=8, loc="lower right")
    return figure


def _style(number: int | None) -> dict[str, object]:
    if number is None:
        return {"color": "black", "linewidth": 2.2}
    return {"color": COLOURS[number], "linestyle": DASHES[number], "linewidth": 1.2}


def _plot_roc(axes: Axes, positive: np.ndarray, scores: np.ndarray, label: str, number: int | None = None) -> None:
    """A curve, or only its label where all rows are positive or none is."""
    if positive.any() and not positive.all():
        false, true, _ = roc_curve(positive, scores)
    else:
        false, true = np.empty(0), np.empty(0)
    axes.plot(false, true, label=label, **_style(number))  # type: ignore[arg-type]


def draw_precision_recall(cases: ScoredCases, metrics: Metrics) -> Figure:
    """Precision against recall, for malignancy and for each class against the rest."""
    figure, axes = square("Precision and recall", "recall (sensitivity)", "precision")
    for number, name in enumerate(CLASSES):
        label = f"{name}, n = {metrics.support[name]}: AP {metrics.per_class[name]['average_precision']}"
        _plot_precision(axes, cases.dx == number, cases.probabilities[:, number], label, number)
    label = f"{MALIGNANT_MEANING}: {metrics.overall['malignant_average_precision']}"
    _plot_precision(axes, cases.malignant, cases.p_malignant, label)
    axes.axhline(cases.malignant.mean(), color="#bbbbbb", linewidth=0.8)
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=8, loc="lower left")
    return figure


def _plot_precision(
    axes: Axes, positive: np.ndarray, scores: np.ndarray, label: str, number: int | None = None
) -> None:
    """A curve, or only its label where no row is positive."""
    precision, recall = np.empty(0), np.empty(0)
    if positive.any():
        precision, recall, _ = precision_recall_curve(positive, scores)
    axes.plot(recall, precision, label=label, **_style(number))  # type: ignore[arg-type]


def draw_confusion(metrics: Metrics) -> Figure:
    """Counts by truth and diagnosis for each rule, one below the other; colour is the share of the row."""
    figure = Figure(figsize=(5.6, 5.2 * len(metrics.rules)), layout="constrained")
    panels = np.atleast_1d(figure.subplots(len(metrics.rules), 1))
    for axes, (name, rule) in zip(panels, metrics.rules.items(), strict=True):
        counts = np.array(rule.confusion)
        shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
        axes.set(title=f"Confusion matrix, {RULE_NAMES[name]}", xlabel="diagnosis", ylabel="true diagnosis")
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(CLASSES)), CLASSES)
        axes.set_yticks(range(len(CLASSES)), [f"{name}\nn = {metrics.support[name]}" for name in CLASSES])
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{count}\n{shares[row, column]:.0%}" if count else "0"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    return figure


def draw_reliability(metrics: Metrics) -> Figure:
    """Observed share of malignancy against its predicted probability in bins of equal count, and the counts."""
    calibration = metrics.calibration
    figure = Figure(figsize=(5.6, 6.2), layout="constrained")
    axes, below = figure.subplots(2, 1, height_ratios=(5, 1), sharex=True)
    axes.set(title="Calibration", ylabel=f"observed share {MALIGNANT_MEANING}")
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    predicted = np.array([each.predicted for each in calibration.bins])
    observed = np.array([each.observed.value for each in calibration.bins], float)
    axes.errorbar(
        predicted, observed, yerr=whiskers([each.observed for each in calibration.bins]), fmt="o", color=COLOURS[0],
        capsize=2, label=f"{len(predicted)} bins, each of n = {min(each.n for each in calibration.bins)} or one more",
    )  # fmt: skip
    slope, error, perfect = calibration.slope, calibration.error, calibration.perfect_error
    axes.plot([], [], " ", label=f"slope {slope}\nECE {error}\nECE of a perfect model {perfect}")
    axes.legend(fontsize=8, loc="upper left")
    below.bar(predicted, [each.n for each in calibration.bins], width=0.012, color=COLOURS[0])
    below.set(xlabel=f"predicted probability: {MALIGNANT_MEANING}", ylabel=f"{metrics.unit}s", xlim=(-0.02, 1.02))
    return figure


def draw_training(history: pd.DataFrame) -> Figure:
    """Loss and validation metrics by epoch."""
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["loss"], color="black", label="training loss (smoothed labels)")
    left.plot(history["epoch"], history["val_log_loss"], "--", color=COLOURS[1], label="validation log loss")
    left.set(xlabel="epoch", ylabel="nats", title="Loss")
    names = ("macro_auroc", "malignant_auroc", "balanced_accuracy", "accuracy")
    for name, colour, dashes in zip(names, COLOURS, DASHES, strict=False):
        right.plot(history["epoch"], history[name], dashes, color=colour, label=name.replace("_", " "))
    right.set(xlabel="epoch", title="Validation, one view, before calibration")
    for axes in (left, right):
        axes.legend(fontsize=8)
    return figure
