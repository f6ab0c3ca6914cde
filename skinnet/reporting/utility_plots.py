"""Figures for who would use a network: is acting on it worth it, when is it sure, and for whom does it work?"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.evaluation.subgroups import GROUPINGS
from skinnet.reporting.plot_style import COLOURS, square, whiskers

FOREST = {
    "malignant_auroc": "(pre)malignant AUROC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


def draw_decision_curve(metrics: Metrics) -> Figure:
    """Net benefit of the model, of flagging every lesion and of flagging none, over thresholds."""
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


def draw_risk_coverage(cases: ScoredCases, metrics: Metrics) -> Figure:
    """Share of wrong diagnoses among the surest, for every coverage."""
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


def draw_subgroups(metrics: Metrics) -> Figure:
    """A forest plot: a row for each group with a figure, a panel for each figure, the whole table as a line."""
    rows = [row for row in metrics.subgroups if any(row.estimates[name].value is not None for name in FOREST)]
    figure = Figure(figsize=(7.5, 1.2 + 0.24 * max(len(rows), 4)), layout="constrained")
    panels = figure.subplots(1, len(FOREST), sharey=True)
    places = np.arange(len(rows))[::-1]
    for axes, (name, title), colour in zip(panels, FOREST.items(), COLOURS, strict=False):
        estimates = [row.estimates[name] for row in rows]
        values = np.array([each.value for each in estimates], float)
        axes.errorbar(values, places, xerr=whiskers(estimates), fmt="o", color=colour, capsize=2, markersize=4)
        whole = metrics.overall[name].value
        if whole is not None:
            axes.axvline(whole, color="#888888", linewidth=0.8)
        axes.set_title(title, fontsize=9)
        axes.set_xlim(0, 1.02)
        axes.grid(axis="y", color="#eeeeee")
        axes.set_axisbelow(True)
    labels = [f"{GROUPINGS[row.grouping]}: {row.group} ({row.lesions}, {row.malignant} m.)" for row in rows]
    panels[0].set_yticks(places, labels, fontsize=8)
    panels[0].set_xlabel("(lesions, of which (pre)malignant)", fontsize=8)
    return figure
