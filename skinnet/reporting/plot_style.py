"""What all figures share: colours, sizes, how an interval is drawn and a file written."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.evaluation.bootstrap import Estimate
from skinnet.files import atomic_path

DPI = 130
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
"""Okabe & Ito's palette: told apart by the colour-blind too."""
DASHES = ("-", "--", "-.", ":", "-", "--", "-.")
"""So that the lines are told apart without colour as well."""
FORMATS = {"png": {"Software": None}, "svg": {"Date": None}}
"""And their metadata: nothing that would change from run to run."""
PLACES = 6
"""Decimals of a panel's place, a share of the figure."""


def square(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """An empty figure of one panel."""
    figure = Figure(figsize=(5.6, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def whiskers(values: list[Estimate]) -> np.ndarray:
    """Distances from values to the ends of their intervals, (2, M); 0 where there is none."""
    ends = np.array([[value.value, value.low, value.high] for value in values], float).reshape(-1, 3)
    distances = np.stack([ends[:, 0] - ends[:, 1], ends[:, 2] - ends[:, 0]])
    return np.asarray(np.nan_to_num(distances).clip(min=0))


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG, and as SVG whose words stay words: small, searchable, the same each time."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "skinnet"}):
        _settle(figure)
        for suffix, metadata in FORMATS.items():
            with atomic_path(folder / f"{name}.{suffix}") as temporary:
                figure.savefig(temporary, dpi=DPI, format=suffix, metadata=metadata)


def _settle(figure: Figure) -> None:
    """Fix the panels where the layout engine puts them: its last digits depend on where its variables lie in memory."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, PLACES))
