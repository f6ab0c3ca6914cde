"""One page about the data: python -m skinnet data report --root data

Writes into `root/report`: `data.png` (a figure), `data.md` (the same as tables) and `contact_sheet.jpg` (pictures of
every diagnosis). The sheet shows images whose licence forbids passing them on without their terms: keep it local.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from skinnet.data.cache import Cache
from skinnet.data.index import LEFT_OUT, lesion_names, load_cache, load_prepared
from skinnet.files import atomic_path, write_text
from skinnet.labels import CLASSES, FULL_NAMES
from skinnet.reporting.plot_style import COLOURS

FOLDER = "report"
SHEET_COLUMNS = 10
THUMBNAIL = (128, 96)
SEED = 0
BAND = 10
"""Width of an age band in years."""
BLUE, ORANGE, GREY, SKY = COLOURS[0], COLOURS[4], COLOURS[6], COLOURS[5]


def report(root: Path) -> Path:
    """Write the page about everything prepared in `root`; returns its folder.

    Raises:
        DataError: if nothing was prepared.
    """
    table = load_prepared(root)
    left_out = pd.read_csv(root / LEFT_OUT)
    folder = root / FOLDER
    tables = summaries(table, left_out)
    write_text(folder / "data.md", markdown(tables))
    with atomic_path(folder / "data.png") as temporary:
        _draw(table, temporary)
    with atomic_path(folder / "contact_sheet.jpg") as temporary:
        contact_sheet(table, load_cache(root, table)).save(temporary, format="JPEG", quality=88)
    return folder


def summaries(table: pd.DataFrame, left_out: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The page's tables by title."""
    units = table.assign(lesion=lesion_names(table), dx=table["dx"].fillna("none of ours"))
    bands = (table["age"] // BAND * BAND).astype("Int64").astype("str").fillna("unknown").rename("age from")
    return {
        "Diagnoses": units.groupby(["source", "dx"]).agg(images=("image_id", "size"), lesions=("lesion", "nunique")),
        "Splits": pd.crosstab([table["source"], units["dx"]], table["split"]),
        "Folds of train and val": pd.crosstab(units["dx"], table["fold"]),
        "Official partition": pd.crosstab(table["source"], table["official"]),
        "How a diagnosis is known": _counts(table, "dx_type"),
        "Clinics": pd.crosstab(table["clinic"].fillna("unknown"), units["dx"]),
        "Sites": _counts(table, "site"),
        "Sex": _counts(table, "sex"),
        "Age bands of ten years": bands.value_counts().rename("images").to_frame().sort_index(),
        "Image sizes": _size_names(table).value_counts().rename("images").to_frame(),
        "Duplicates": _duplicates(table),
        "Left out": left_out.groupby(["source", "reason"]).size().rename("images").to_frame(),
    }


def _size_names(table: pd.DataFrame) -> pd.Series:
    return (table["width"].astype(str) + " x " + table["height"].astype(str)).rename("width x height")


def _counts(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table[column].fillna("unknown").value_counts().rename("images").to_frame()


def _duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """A group stays together: one lesion, or several of one patient or on one picture. Excluded images show a lesion
    of the test split."""
    lesions = lesion_names(table).groupby(table["group"]).nunique()
    counts = {
        "images": len(table),
        "lesions": lesion_names(table).nunique(),
        "groups": table["group"].nunique(),
        "groups of several lesions": int((lesions > 1).sum()),
        "byte-identical images": int(table["sha256"].duplicated(keep=False).sum()),
        "excluded images": int((table["split"] == "excluded").sum()),
    }
    return pd.Series(counts, name="number").rename_axis("what").to_frame()


def markdown(tables: dict[str, pd.DataFrame]) -> str:
    """The tables as a Markdown page."""
    parts = ["# The data\n"]
    for title, table in tables.items():
        parts.append(
            f"## {title}\n\n{_markdown_table(table.reset_index())}\n" if len(table) else f"## {title}\n\nNone.\n"
        )
    return "\n".join(parts)


def _markdown_table(table: pd.DataFrame) -> str:
    rows = [table.columns.astype(str).tolist(), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _draw(table: pd.DataFrame, path: Path) -> None:
    panels: list[Callable[[Axes, pd.DataFrame], None]] = [_classes, _ages, _sites, _sources, _sizes, _splits]
    figure = Figure(figsize=(11.7, 13), layout="constrained")
    for draw, axis in zip(panels, figure.subplots(3, 2).flat, strict=True):
        draw(axis, table)
        axis.spines[["top", "right"]].set_visible(False)
    counts = _duplicates(table)["number"]
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
    axis.hist(groups, bins=range(0, 121, BAND), stacked=True, color=[BLUE, ORANGE], label=["benign", "(pre)malignant"])
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
    sizes = _size_names(table)
    _bars(axis, sizes, f"Width x height in pixels ({sizes.nunique():,} different)")


def _splits(axis: Axes, table: pd.DataFrame) -> None:
    shares = pd.crosstab(table["dx"], table["split"], normalize="index").reindex(CLASSES, fill_value=0)
    shares = shares.reindex(columns=[name for name in ("train", "val", "test", "excluded") if name in shares])
    shares.plot.barh(ax=axis, stacked=True, color=[BLUE, SKY, ORANGE, GREY], width=0.8)
    axis.set(xlabel="share of the images", ylabel="", title="Splits")
    axis.invert_yaxis()
    axis.legend(loc="lower left", bbox_to_anchor=(0, -0.28), ncols=4)


def contact_sheet(table: pd.DataFrame, cache: Cache) -> Image.Image:
    """A row of pictures for each diagnosis, drawn by lot."""
    width, height = THUMBNAIL
    present = [dx for dx in CLASSES if (table["dx"] == dx).any()]
    sheet = Image.new("RGB", (SHEET_COLUMNS * width, len(present) * (height + 18)), "white")
    for row, dx in enumerate(present):
        top = row * (height + 18)
        ImageDraw.Draw(sheet).text((4, top + 3), f"{dx}: {FULL_NAMES[dx]}", fill="black")
        rows = table.index[table["dx"] == dx]
        chosen = rows.to_series().sample(min(SHEET_COLUMNS, len(rows)), random_state=SEED)
        for column, position in enumerate(chosen):
            picture = Image.fromarray(cache[position])
            picture.thumbnail(THUMBNAIL)
            sheet.paste(picture, (column * width, top + 18))
    return sheet
