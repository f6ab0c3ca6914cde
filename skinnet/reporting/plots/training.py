"""Training curves: loss and validation metrics by epoch."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from skinnet.reporting.plots.style import COLOURS, DASHES

VALIDATION_METRICS = ("macro_auroc", "malignant_auroc", "balanced_accuracy", "accuracy")


def draw_training(history: pd.DataFrame) -> Figure:
    """Draw the figure.

    Args:
        history: a row for each epoch of each network; the validation metrics only where a run had validation images.
    """
    validated = VALIDATION_METRICS[0] in history
    figure = Figure(figsize=(7.5 if validated else 5, 3.6), layout="constrained")
    left, *right = figure.subplots(1, 1 + validated, squeeze=False)[0]
    names = history["network"].unique().tolist() if "network" in history else [""]
    for name, dashes in zip(names, DASHES, strict=False):
        rows = history[history["network"] == name] if name else history
        left.plot(rows["epoch"], rows["loss"], dashes, color="black", label=f"training loss {name}".strip())
        if validated:
            left.plot(rows["epoch"], rows["val_log_loss"], dashes, color=COLOURS[1], label=f"validation {name}".strip())
            for metric, colour in zip(VALIDATION_METRICS, COLOURS, strict=False):
                label = metric.replace("_", " ") if dashes == DASHES[0] else None
                right[0].plot(rows["epoch"], rows[metric], dashes, color=colour, label=label)
    left.set(xlabel="epoch", ylabel="nats", title="Loss (training: smoothed labels)")
    for axes in right:
        axes.set(xlabel="epoch", title="Validation, before calibration")
    for axes in (left, *right):
        axes.legend(fontsize=8)
    return figure
