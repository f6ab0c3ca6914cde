"""The figure of the faithfulness study: leads over the blob, and maps under shuffled weights.

figure = draw(summary, measured)
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.explain.heatmaps import DEFAULT_METHOD, METHODS, OFFERED
from skinnet.labels import CLASSES
from skinnet.reporting.plots.style import COLOURS
from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.summary import ALL, GOALS, GROUPS


def draw(summary: pd.DataFrame, measured: Measured) -> Figure:
    """Draw the lead over the blob in three groups of photos, and how maps change as layers are shuffled."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    for panel, group in zip(axes.ravel(), GROUPS, strict=False):
        _draw_leads(panel, summary[(summary["group"] == group) & (summary["measure"] == GOALS[0])], group)
    axes[0, 0].legend(fontsize=8)
    _draw_cascade(axes[1, 1], measured.cascade)
    return figure


def _draw_leads(panel: Axes, rows: pd.DataFrame, group: str) -> None:
    names = [*CLASSES, ALL]
    for number, (colour, method) in enumerate(zip(COLOURS, OFFERED, strict=False)):
        known = rows[(rows["method"] == method) & rows["low"].notna()].set_index("diagnosis").reindex(names).dropna()
        places = np.array([names.index(str(name)) for name in known.index]) + (number - 1) / 6
        reach = np.abs(known[["low", "high"]].to_numpy(float).T - known["value"].to_numpy(float))
        panel.errorbar(places, known["value"], yerr=reach, fmt="o", markersize=3, color=colour, linewidth=1)
        panel.plot([], [], "o", color=colour, label=METHODS[method].title)
    panel.axhline(0, color="black", linewidth=0.8)
    shown = rows[(rows["method"] == DEFAULT_METHOD) & (rows["diagnosis"] == ALL)]
    count = f", n = {shown['lesions'].iloc[0]:,} lesions" if len(shown) else ""
    panel.set_xticks(range(len(names)), names)
    panel.set(title=f"{group.capitalize()}{count}", ylabel="energy on the lesion, lead over the blob")


def _draw_cascade(panel: Axes, cascade: pd.DataFrame) -> None:
    for colour, (method, rows) in zip(COLOURS, cascade.groupby("method", sort=False), strict=False):
        means = rows.groupby("layers")["similarity"].mean()
        panel.plot(means.index, means, "o-", markersize=3, color=colour, label=METHODS[str(method)].title)
    panel.axhline(0, color="#bbbbbb", linewidth=0.8)
    panel.set(
        title=f"Shuffled weights, {cascade['photo'].nunique()} photos",
        xlabel="layers shuffled, from the output down",
        ylabel="rank correlation with the map before",
    )
