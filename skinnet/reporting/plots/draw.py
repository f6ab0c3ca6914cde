"""All published figures, drawn from a table of predictions, its metrics, and a training history.

draw_figures(cases, metrics, history, folder=Path("figures"), caption="HAM10000, test split")
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.reporting.plots.confusion import draw_confusion
from skinnet.reporting.plots.decision_curve import draw_decision_curve
from skinnet.reporting.plots.precision_recall import draw_precision_recall
from skinnet.reporting.plots.reliability import draw_reliability
from skinnet.reporting.plots.risk_coverage import draw_risk_coverage
from skinnet.reporting.plots.roc import draw_roc
from skinnet.reporting.plots.style import add_caption, save
from skinnet.reporting.plots.subgroups import draw_subgroups
from skinnet.reporting.plots.training import draw_training


def draw_figures(
    cases: ScoredCases, metrics: Metrics, history: pd.DataFrame | None, *, folder: Path, caption: str
) -> list[str]:
    """Draw all figures of one split in one unit, each as PNG and SVG.

    Args:
        cases: the rows of the split.
        metrics: of the split, from `evaluate`.
        history: a row for each epoch; None for a network whose training is not known.
        caption: the data; the n is added.

    Returns:
        The names of the figures drawn, of `titles.FIGURES`.
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
    counted = f"{caption}, per {metrics.unit}: n = {metrics.images:,} images of {metrics.lesions:,} lesions"
    for figure in drawn.values():
        add_caption(figure, counted)
    if history is not None:
        drawn["training"] = draw_training(history)
    for name, figure in drawn.items():
        save(figure, folder, name)
    return list(drawn)
