"""A printable table, and its forms as Markdown, HTML and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """Text in rows and columns.

    Attributes:
        name: for file names.
        title: for readers.
        header, rows: each row has a cell for each column of the header.
    """

    name: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Write the table as Markdown, without its title."""
        header, *rows = (f"| {' | '.join(line)} |" for line in [self.header, *self.rows])
        return "\n".join([header, "|---" * len(self.header) + "|", *rows])

    def html(self) -> str:
        """Write the table as HTML, with its title as the caption, in a frame that a keyboard can scroll."""
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
            for row in self.rows
        )
        return (
            f'<div class="table" role="group" aria-label="{escape(self.title)}" tabindex="0">'
            f"<table><caption>{escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>"
        )

    def csv(self) -> str:
        """Write the table as CSV, without its title."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *self.rows])
        return text.getvalue()


def titled(tables: Iterable[Table]) -> str:
    """Write tables as Markdown, each below its title."""
    return "\n\n".join(f"**{table.title}**\n\n{table.markdown()}" for table in tables)
