"""The decision curve: the net benefit of acting on the model, on every lesion and on none, over thresholds."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from skinnet.evaluation.evaluate import Metrics
from skinnet.reporting.plots.style import COLOURS, square, whiskers


def draw_decision_curve(metrics: Metrics) -> Figure:
    """Draw the figure; its title says n/a where the net benefit is undefined."""
    curve = metrics.decision_curve
    figure, axes = square("Decision curve", "threshold probability (%)", "net benefit per lesion")
    if curve is None:
        axes.set_title("Decision curve: n/a")
        return figure
    percent = 100 * np.array(curve.thresholds)
    values = np.array([each.value for each in curve.model], float)
    below, above = whiskers(curve.model)
    axes.fill_between(percent, values - below, values + above, color=COLOURS[0], alpha=0.2, linewidth=0)
    axes.plot(percent, values, color=COLOURS[0], linewidth=2, label="act on the model")
    axes.plot(percent, curve.treat_all, "--", color=COLOURS[1], label="act on every lesion")
    axes.axhline(0, color="black", linewidth=0.8, label="act on none")
    axes.set_title(f"Decision curve at a prevalence of {100 * curve.prevalence:g} %")
    axes.set_ylim(-0.25 * curve.prevalence, 1.05 * curve.prevalence)
    axes.legend(fontsize=8)
    return figure
