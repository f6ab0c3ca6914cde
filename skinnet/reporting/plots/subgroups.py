"""A forest plot of the subgroups: a row for each group, a panel for each metric."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.subgroups import GROUPINGS
from skinnet.reporting.plots.style import COLOURS, whiskers

PANELS = {
    "malignant_auroc": "(pre)malignant AUROC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}
"""Metrics with their titles."""


def draw_subgroups(metrics: Metrics) -> Figure:
    """Draw the groups that have a value; a line shows the value of the whole table."""
    rows = [row for row in metrics.subgroups if any(row.estimates[name].value is not None for name in PANELS)]
    figure = Figure(figsize=(7.5, 1.2 + 0.24 * max(len(rows), 4)), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    places = np.arange(len(rows))[::-1]
    for axes, (name, title), colour in zip(panels, PANELS.items(), COLOURS, strict=False):
        _draw_panel(axes, places, [row.estimates[name] for row in rows], metrics.overall[name], colour)
        axes.set_title(title, fontsize=9)
    labels = [f"{GROUPINGS[row.grouping]}: {row.group} ({row.lesions}, {row.malignant} m.)" for row in rows]
    panels[0].set_yticks(places, labels, fontsize=8)
    panels[0].set_xlabel("(lesions, of which (pre)malignant)", fontsize=8)
    return figure


def _draw_panel(axes: Axes, places: np.ndarray, estimates: list[Estimate], whole: Estimate, colour: str) -> None:
    values = np.array([each.value for each in estimates], float)
    axes.errorbar(values, places, xerr=whiskers(estimates), fmt="o", color=colour, capsize=2, markersize=4)
    if whole.value is not None:
        axes.axvline(whole.value, color="#888888", linewidth=0.8)
    axes.set_xlim(0, 1.02)
    axes.grid(axis="y", color="#eeeeee")
    axes.set_axisbelow(True)
