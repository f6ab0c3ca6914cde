"""What all figures share: colours, sizes, how an interval is drawn and how a file is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.evaluation.bootstrap import Estimate
from skinnet.files import atomic_path

DPI = 130
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
"""Okabe & Ito's palette, which the colour-blind can tell apart."""
DASHES = ("-", "--", "-.", ":", "-", "--", "-.")
"""Line styles, so that lines differ without colour as well."""
FORMATS = {"png": {"Software": None}, "svg": {"Date": None}}
"""File formats with their metadata, without entries that change from run to run."""
PLACES = 6
"""Decimals of a panel's position, which is a share of the figure."""


def square(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Create an empty figure of one panel, with labels on its axes."""
    figure = Figure(figsize=(5.6, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def add_caption(figure: Figure, words: str) -> None:
    """Write a caption at the bottom of a figure, and make room for it."""
    figure.set_layout_engine("constrained", rect=(0, 0.035, 1, 0.965))
    figure.text(0.01, 0.01, words, fontsize=8, color="#444444")


def draw_curve(axes: Axes, x: np.ndarray, y: np.ndarray, label: str, number: int | None = None) -> None:
    """Draw a curve: of a class in its colour and dashes, of malignancy in bold black.

    Args:
        number: position of the class in `CLASSES`; None for malignancy.
    """
    if number is None:
        axes.plot(x, y, label=label, color="black", linewidth=2.2)
    else:
        axes.plot(x, y, label=label, color=COLOURS[number], linestyle=DASHES[number], linewidth=1.2)


def whiskers(values: Sequence[Estimate]) -> np.ndarray:
    """Compute the distances from values to the ends of their intervals, (2, M); 0 where there is no interval."""
    ends = np.array([[value.value, value.low, value.high] for value in values], float).reshape(-1, 3)
    distances = np.stack([ends[:, 0] - ends[:, 1], ends[:, 2] - ends[:, 0]])
    return np.asarray(np.nan_to_num(distances).clip(min=0))


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG and as SVG. The SVG keeps its words as text: small, searchable, reproducible."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "skinnet"}):
        _fix_panels(figure)
        for suffix, metadata in FORMATS.items():
            with atomic_path(folder / f"{name}.{suffix}") as temporary:
                figure.savefig(temporary, dpi=DPI, format=suffix, metadata=metadata)


def _fix_panels(figure: Figure) -> None:
    """Round the panels' positions, since the last digits of the layout engine's result vary from run to run."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, PLACES))
