"""One page about the prepared data: python -m skinnet data report --root data

It consists of three files in `root/report`: `data.png` (a figure), `data.md` (the same as tables) and
`contact_sheet.jpg` (pictures of every diagnosis). Keep the sheet local: the licence of its images forbids passing them
on without their terms.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw

from skinnet.data.cache import Cache
from skinnet.data.index import LEFT_OUT, lesion_names, load_cache, load_prepared
from skinnet.files import atomic_path, write_text
from skinnet.labels import CLASSES, FULL_NAMES
from skinnet.reporting.plots.data import AGE_BAND, draw_data, size_names

FOLDER = "report"
SHEET_COLUMNS = 10
THUMBNAIL = (128, 96)
"""Largest width and height of a picture on the sheet, in pixels."""
TITLE_HEIGHT = 18
"""Pixels above each row of the sheet, for the name of the diagnosis."""
SEED = 0


def write_data_report(root: Path) -> Path:
    """Write the page about everything prepared in `root`, and return its folder.

    Raises:
        DataError: if nothing was prepared.
    """
    table = load_prepared(root)
    left_out = pd.read_csv(root / LEFT_OUT)
    folder = root / FOLDER
    tables = summaries(table, left_out)
    write_text(folder / "data.md", markdown(tables))
    with atomic_path(folder / "data.png") as temporary:
        draw_data(table, _duplicates(table)["number"], temporary)
    with atomic_path(folder / "contact_sheet.jpg") as temporary:
        contact_sheet(table, load_cache(root, table)).save(temporary, format="JPEG", quality=88)
    return folder


def summaries(table: pd.DataFrame, left_out: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Count everything that the page shows: tables by title."""
    units = table.assign(lesion=lesion_names(table), dx=table["dx"].fillna("none of ours"))
    bands = (table["age"] // AGE_BAND * AGE_BAND).astype("Int64").astype("str").fillna("unknown").rename("age from")
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
        "Image sizes": size_names(table).value_counts().rename("images").to_frame(),
        "Duplicates": _duplicates(table),
        "Left out": left_out.groupby(["source", "reason"]).size().rename("images").to_frame(),
    }


def _counts(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table[column].fillna("unknown").value_counts().rename("images").to_frame()


def _duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """Count duplicates and groups.

    A group stays within one split: one lesion, or several lesions of one patient or in one picture. Excluded images
    show a lesion of the test split.
    """
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
    """Write the tables as a Markdown page."""
    parts = ["# The data\n"]
    for title, table in tables.items():
        parts.append(
            f"## {title}\n\n{_markdown_table(table.reset_index())}\n" if len(table) else f"## {title}\n\nNone.\n"
        )
    return "\n".join(parts)


def _markdown_table(table: pd.DataFrame) -> str:
    rows = [table.columns.astype(str).tolist(), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def contact_sheet(table: pd.DataFrame, cache: Cache) -> Image.Image:
    """Arrange a row of random pictures for each diagnosis."""
    width, height = THUMBNAIL
    row_height = height + TITLE_HEIGHT
    present = [dx for dx in CLASSES if (table["dx"] == dx).any()]
    sheet = Image.new("RGB", (SHEET_COLUMNS * width, len(present) * row_height), "white")
    for row, dx in enumerate(present):
        top = row * row_height
        ImageDraw.Draw(sheet).text((4, top + 3), f"{dx}: {FULL_NAMES[dx]}", fill="black")
        rows = table.index[table["dx"] == dx]
        chosen = rows.to_series().sample(min(SHEET_COLUMNS, len(rows)), random_state=SEED)
        for column, position in enumerate(chosen):
            picture = Image.fromarray(cache[position])
            picture.thumbnail(THUMBNAIL)
            sheet.paste(picture, (column * width, top + TITLE_HEIGHT))
    return sheet
