"""Selective prediction: the share of wrong diagnoses among the surest, for every coverage."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.reporting.plots.style import COLOURS, square, whiskers


def draw_risk_coverage(cases: ScoredCases, metrics: Metrics) -> Figure:
    """Draw the figure."""
    selective = metrics.selective
    figure, axes = square(
        "Errors among the surest diagnoses", "share of the cases, surest first", "share of them wrong"
    )
    order = np.argsort(-cases.probabilities.max(axis=1), kind="stable")
    counted = np.arange(1, len(order) + 1)
    wrong = np.cumsum((cases.displayed != cases.dx)[order])
    axes.plot(counted / len(order), wrong / counted, color=COLOURS[0], label=f"mean {selective.area}")
    values = np.array([each.value for each in selective.risk], float)
    axes.errorbar(selective.coverage, values, yerr=whiskers(selective.risk), fmt="o", color=COLOURS[0], capsize=2)
    axes.set(xlim=(0, 1.02), ylim=(0, None))
    axes.legend(fontsize=8, loc="upper left")
    return figure
