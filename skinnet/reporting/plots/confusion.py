"""Confusion matrices of the decision rules, one below the other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.evaluation.evaluate import Metrics
from skinnet.labels import CLASSES
from skinnet.reporting.metric_names import RULE_NAMES


def draw_confusion(metrics: Metrics) -> Figure:
    """Draw the counts by true class and diagnosis; the colour is the share of the row."""
    figure = Figure(figsize=(5.6, 5.2 * len(metrics.rules)), layout="constrained")
    panels = np.atleast_1d(figure.subplots(len(metrics.rules), 1))
    for axes, (name, rule) in zip(panels, metrics.rules.items(), strict=True):
        axes.set(title=f"Confusion matrix, {RULE_NAMES[name]}", xlabel="diagnosis", ylabel="true diagnosis")
        _draw_matrix(axes, np.array(rule.confusion))
        axes.set_xticks(range(len(CLASSES)), CLASSES)
        axes.set_yticks(range(len(CLASSES)), [f"{name}\nn = {metrics.support[name]}" for name in CLASSES])
    return figure


def _draw_matrix(axes: Axes, counts: np.ndarray) -> None:
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = f"{count}\n{shares[row, column]:.0%}" if count else "0"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
