"""The published figures, drawn from a table of predictions and a training history.

paths = draw_figures(predictions, metrics, history, folder=Path("figures"))
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from sklearn.metrics import precision_recall_curve, roc_curve

from skinnet.evaluate import CALIBRATION_BINS, Metrics, Truth
from skinnet.files import atomic_path
from skinnet.labels import CLASSES, MALIGNANT_MEANING

DPI = 130
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
"""Okabe & Ito's palette: told apart by the colour-blind too."""

FIGURES = {
    "roc": "ROC curves",
    "precision_recall": "Precision and recall",
    "confusion": "Confusion matrix",
    "reliability": "Calibration",
    "training": "Training curves",
}


def draw_figures(predictions: pd.DataFrame, metrics: Metrics, history: pd.DataFrame, *, folder: Path) -> list[Path]:
    """Draw all figures of one split.

    Args:
        predictions: the rows of one split.
        metrics: what `evaluate` made of them.
        history: a row for each epoch.

    Returns:
        The paths of the PNG files, in the order of `FIGURES`.
    """
    truth = Truth.of(predictions, threshold=metrics.threshold)
    caption = f"{_split(predictions)}, n = {metrics.images:,} images of {metrics.lesions:,} lesions"
    drawn = {
        "roc": draw_roc(truth, metrics),
        "precision_recall": draw_precision_recall(truth, metrics),
        "confusion": draw_confusion(metrics),
        "reliability": draw_reliability(truth, metrics),
    }
    for figure in drawn.values():
        figure.text(0.01, 0.01, caption, fontsize=7, color="#444444")
    drawn["training"] = draw_training(history)
    return [_save(figure, folder / f"{name}.png") for name, figure in drawn.items()]


def _split(predictions: pd.DataFrame) -> str:
    name = str(predictions["split"].iloc[0])
    return f"HAM10000, {'validation' if name == 'val' else name} split"


def _save(figure: Figure, path: Path) -> Path:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI, format="png", metadata={"Software": None})
    return path


def _square(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.6, 5.4), layout=ConstrainedLayoutEngine(rect=(0, 0.03, 1, 0.97)))  # room for a caption
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def draw_roc(truth: Truth, metrics: Metrics) -> Figure:
    """ROC of malignancy and of each class against the rest, with the operating point of the verdict."""
    figure, axes = _square("ROC curves", "1 - specificity", "sensitivity")
    for number, name in enumerate(CLASSES):
        label = f"{name}: AUROC {metrics.per_class[name]['auroc']}"
        _plot_roc(axes, truth.dx == number, truth.probabilities[:, number], label, COLOURS[number], 1)
    label = f"{MALIGNANT_MEANING}: AUROC {metrics.overall['malignant_auroc']}"
    _plot_roc(axes, truth.malignant, truth.p_malignant, label, "black", 2.2)
    sensitivity, specificity = metrics.overall["sensitivity"].value, metrics.overall["specificity"].value
    if sensitivity is not None and specificity is not None:
        axes.plot(1 - specificity, sensitivity, "ko", label=f"threshold of the verdict: {metrics.threshold:.3f}")
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.legend(fontsize=7, loc="lower right")
    return figure


def _plot_roc(axes: Axes, positive: np.ndarray, scores: np.ndarray, label: str, colour: str, linewidth: float) -> None:
    """A curve, or only its label where all images are positive or none is."""
    if positive.any() and not positive.all():
        false, true, _ = roc_curve(positive, scores)
    else:
        false, true = np.empty(0), np.empty(0)
    axes.plot(false, true, color=colour, linewidth=linewidth, label=label)


def draw_precision_recall(truth: Truth, metrics: Metrics) -> Figure:
    """Precision against recall, for malignancy and for each class against the rest."""
    figure, axes = _square("Precision and recall", "recall (sensitivity)", "precision")
    for number, name in enumerate(CLASSES):
        label = f"{name}, n = {metrics.support[name]}"
        _plot_precision(axes, truth.dx == number, truth.probabilities[:, number], label, COLOURS[number], 1)
    label = f"{MALIGNANT_MEANING}: average precision {metrics.overall['malignant_average_precision']}"
    _plot_precision(axes, truth.malignant, truth.p_malignant, label, "black", 2.2)
    axes.axhline(truth.malignant.mean(), color="#bbbbbb", linewidth=0.8)
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=7, loc="lower left")
    return figure


def _plot_precision(
    axes: Axes, positive: np.ndarray, scores: np.ndarray, label: str, colour: str, linewidth: float
) -> None:
    """A curve, or only its label where no image is positive."""
    precision, recall = np.empty(0), np.empty(0)
    if positive.any():
        precision, recall, _ = precision_recall_curve(positive, scores)
    axes.plot(recall, precision, color=colour, linewidth=linewidth, label=label)


def draw_confusion(metrics: Metrics) -> Figure:
    """Images by truth and balanced diagnosis; colour is the share of the row."""
    counts = np.array(metrics.confusion)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    figure, axes = _square("Confusion matrix (balanced rule)", "diagnosis by skinnet", "true diagnosis")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(CLASSES)), CLASSES)
    axes.set_yticks(range(len(CLASSES)), [f"{name}\nn = {metrics.support[name]}" for name in CLASSES])
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = f"{count}\n{shares[row, column]:.0%}" if count else "0"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    return figure


def draw_reliability(truth: Truth, metrics: Metrics) -> Figure:
    """Observed share of malignancy against its predicted probability, in bins of equal count."""
    error = metrics.overall["malignant_calibration_error"]
    figure, axes = _square(
        "Calibration", f"predicted probability: {MALIGNANT_MEANING}", f"observed share {MALIGNANT_MEANING}"
    )
    order = np.argsort(truth.p_malignant, kind="stable")
    bins = np.array_split(order, min(CALIBRATION_BINS, len(order)))
    predicted = [truth.p_malignant[members].mean() for members in bins]
    observed = [truth.malignant[members].mean() for members in bins]
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.plot(predicted, observed, "o-", color=COLOURS[0], label=f"ECE {error} in {CALIBRATION_BINS} bins")
    axes.legend(fontsize=8)
    return figure


def draw_training(history: pd.DataFrame) -> Figure:
    """Loss and validation metrics by epoch."""
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["loss"], color="black", label="training loss (smoothed labels)")
    left.plot(history["epoch"], history["val_log_loss"], color=COLOURS[1], label="validation log loss")
    left.set(xlabel="epoch", ylabel="nats", title="Loss")
    names = ("macro_auroc", "malignant_auroc", "balanced_accuracy", "accuracy")
    for name, colour in zip(names, COLOURS, strict=False):
        right.plot(history["epoch"], history[name], color=colour, label=name.replace("_", " "))
    right.set(xlabel="epoch", title="Validation, one view, before calibration")
    for axes in (left, right):
        axes.legend(fontsize=7)
    return figure
