"""Training curves: loss and validation metrics by epoch."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from skinnet.reporting.plots.style import COLOURS, DASHES

VALIDATION_METRICS = ("macro_auroc", "malignant_auroc", "balanced_accuracy", "accuracy")


def draw_training(history: pd.DataFrame) -> Figure:
    """Draw the figure from a history with a row for each epoch."""
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["loss"], color="black", label="training loss (smoothed labels)")
    left.plot(history["epoch"], history["val_log_loss"], "--", color=COLOURS[1], label="validation log loss")
    left.set(xlabel="epoch", ylabel="nats", title="Loss")
    for name, colour, dashes in zip(VALIDATION_METRICS, COLOURS, DASHES, strict=False):
        right.plot(history["epoch"], history[name], dashes, color=colour, label=name.replace("_", " "))
    right.set(xlabel="epoch", title="Validation, one view, before calibration")
    for axes in (left, right):
        axes.legend(fontsize=8)
    return figure
