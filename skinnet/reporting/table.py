"""Words for figures: a table as Markdown, HTML and CSV, and a probability."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """Words in rows and columns, with a name for files and a title for people."""

    name: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        header, *rows = (f"| {' | '.join(line)} |" for line in [self.header, *self.rows])
        return "\n".join([header, "|---" * len(self.header) + "|", *rows])

    def html(self) -> str:
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
            for row in self.rows
        )
        return (
            f'<div class="table"><table><caption>{escape(self.title)}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def csv(self) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *self.rows])
        return text.getvalue()


def titled(tables: Iterable[Table]) -> str:
    """Tables as Markdown, each below its title."""
    return "\n\n".join(f"**{table.title}**\n\n{table.markdown()}" for table in tables)
