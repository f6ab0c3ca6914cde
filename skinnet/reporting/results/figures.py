"""The published figures with a sentence on how to read each and the tables behind it, and tables in folded groups."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from urllib.parse import quote

from skinnet.errors import CheckpointError
from skinnet.labels import FULL_NAMES
from skinnet.reporting.plots.titles import FIGURES, READING
from skinnet.reporting.table import Table
from skinnet.reporting.table_groups import grouped

SHORT_NAMES = {dx: name.partition(" (")[0] for dx, name in FULL_NAMES.items()}
"""Names of the diagnoses, without a comment in brackets."""
READABLE = {
    "lesion_id": "lesion",
    "most_likely": "taken for",
    **SHORT_NAMES,
    **{f"p_{dx}": f"p({name})" for dx, name in SHORT_NAMES.items()},
}
"""Names for the codes that stand alone in a cell."""


def figure(folder: Path, name: str, tables: Sequence[Table] = ()) -> str:
    """A figure inside the page itself, so that no file of this machine needs to be served.

    Args:
        folder: of the figures.

    Raises:
        CheckpointError: if it is missing.
    """
    path = folder / f"{name}.svg"
    if not path.is_file():
        raise CheckpointError(f"No {path}: run python -m skinnet release.")
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<figure class="panel"><h3 class="hidden-text">{escape(FIGURES[name])}</h3>'
        f'<img alt="{escape(FIGURES[name])}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption><b>How to read it.</b> {escape(READING[name])}</figcaption>{_behind(tables)}</figure>"
    )


def _behind(tables: Sequence[Table]) -> str:
    if not tables:
        return ""
    return f"<details><summary>The figures as a table</summary>{''.join(map(table, tables))}</details>"


def readable(each: Table) -> Table:
    """A table with names in place of the codes of diagnoses."""
    header, *rows = ([READABLE.get(cell, cell) for cell in line] for line in (each.header, *each.rows))
    return replace(each, header=header, rows=rows)


def table(each: Table) -> str:
    """A table and its CSV file, which is in the link itself and keeps the codes."""
    link = f"data:text/csv;charset=utf-8,{quote(each.csv())}"
    return (
        f'{readable(each).html()}<p class="csv"><a download="{escape(each.name)}.csv" href="{link}">Save as CSV</a></p>'
    )


def folded(groups: Mapping[str, Iterable[Table]]) -> str:
    """Groups of tables, each folded away, and each table in it again."""
    parts = []
    for title, tables in groups.items():
        found = list(tables)
        inner = "".join(
            f"<details><summary>{escape(each.title)} <span>{_number(len(each.rows), 'row')}</span></summary>"
            f"{table(each)}</details>"
            for each in found
        )
        summary = f"<summary>{escape(title)} <span>{_number(len(found), 'table')}</span></summary>"
        parts.append(f'<details class="group">{summary}{inner}</details>')
    return "".join(parts)


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def by_group(tables: Iterable[Table]) -> dict[str, Iterable[Table]]:
    """Tables by title of their group."""
    return {group.title: group.tables for group in grouped(tables)}
