"""The figure about the prepared data: diagnoses, ages, sites, sources, sizes and splits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.data.index import lesion_names
from skinnet.labels import CLASSES
from skinnet.reporting.plots.style import COLOURS

AGE_BAND = 10
"""Width of an age band in years."""
BLUE, ORANGE, GREY, SKY = COLOURS[0], COLOURS[4], COLOURS[6], COLOURS[5]


def size_names(table: pd.DataFrame) -> pd.Series:
    """Name the size of each image, such as "600 x 450"."""
    return (table["width"].astype(str) + " x " + table["height"].astype(str)).rename("width x height")


def draw_data(table: pd.DataFrame, counts: pd.Series, path: Path) -> None:
    """Draw `data.png`.

    Args:
        table: of all images, see `skinnet.data.index`.
        counts: numbers for the title, by what they count.
    """
    panels: list[Callable[[Axes, pd.DataFrame], None]] = [_classes, _ages, _sites, _sources, _sizes, _splits]
    figure = Figure(figsize=(11.7, 13), layout="constrained")
    for draw, axis in zip(panels, figure.subplots(3, 2).flat, strict=True):
        draw(axis, table)
        axis.spines[["top", "right"]].set_visible(False)
    sources = ", ".join(sorted(table["source"].unique()))
    figure.suptitle(f"{sources}\n" + "; ".join(f"{count:,} {what}" for what, count in counts.items()), fontsize=9)
    figure.savefig(path, format="png", dpi=110)


def _classes(axis: Axes, table: pd.DataFrame) -> None:
    images = table["dx"].value_counts().reindex(CLASSES, fill_value=0)
    lesions = lesion_names(table).groupby(table["dx"]).nunique().reindex(CLASSES, fill_value=0)
    positions = range(len(CLASSES))
    axis.barh([position - 0.2 for position in positions], images, 0.4, color=BLUE, label="images")
    axis.barh([position + 0.2 for position in positions], lesions, 0.4, color=ORANGE, label="lesions")
    for position, count in enumerate(images):
        axis.text(count, position - 0.2, f" {count:,}", va="center", fontsize=8)
    axis.set(
        yticks=list(positions), yticklabels=CLASSES, xscale="symlog", xlabel="count (log scale)", title="Diagnoses"
    )
    axis.invert_yaxis()
    axis.legend()


def _ages(axis: Axes, table: pd.DataFrame) -> None:
    malignant = table["malignant"].fillna(False).astype(bool)
    groups = [table["age"][~malignant].dropna(), table["age"][malignant].dropna()]
    axis.hist(
        groups, bins=range(0, 121, AGE_BAND), stacked=True, color=[BLUE, ORANGE], label=["benign", "(pre)malignant"]
    )
    axis.set(xlabel="age in years", ylabel="images", title=f"Age ({table['age'].isna().sum():,} unknown)")
    axis.legend()


def _sites(axis: Axes, table: pd.DataFrame) -> None:
    _bars(axis, table["site"].fillna("unknown"), "Site")


def _sources(axis: Axes, table: pd.DataFrame) -> None:
    _bars(axis, table["source"] + ": " + table["clinic"].fillna("clinic unknown").str.slice(0, 40), "Source and clinic")


def _bars(axis: Axes, values: pd.Series, title: str) -> None:
    counts = values.value_counts().head(16)
    axis.barh(counts.index, counts, color=BLUE)
    axis.set(xlabel="images", title=title)
    axis.invert_yaxis()


def _sizes(axis: Axes, table: pd.DataFrame) -> None:
    sizes = size_names(table)
    _bars(axis, sizes, f"Width x height in pixels ({sizes.nunique():,} different)")


def _splits(axis: Axes, table: pd.DataFrame) -> None:
    shares = pd.crosstab(table["dx"], table["split"], normalize="index").reindex(CLASSES, fill_value=0)
    shares = shares.reindex(columns=[name for name in ("train", "val", "test", "excluded") if name in shares])
    shares.plot.barh(ax=axis, stacked=True, color=[BLUE, SKY, ORANGE, GREY], width=0.8)
    axis.set(xlabel="share of the images", ylabel="", title="Splits")
    axis.invert_yaxis()
    axis.legend(loc="lower left", bbox_to_anchor=(0, -0.28), ncols=4)
