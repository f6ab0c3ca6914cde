"""Subgroups as a forest plot that is a table: each cell has a point with its interval, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from math import floor

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.subgroups import GROUPINGS, MIN_LESIONS, UNKNOWN, Subgroup
from skinnet.reporting.results.measured import DataSet, bounds, interval

METRICS = {"sensitivity": "Flagged among malignant", "specificity": "Left alone among benign"}
SHORT = {"sensitivity": "flagged", "specificity": "left alone"}


def forest(data: DataSet) -> str:
    """Draw the groups of a data set; empty where its lesions come without facts about the patient."""
    metrics = data.lesions
    rows = [row for row in metrics.subgroups if row.group != UNKNOWN and row.lesions >= MIN_LESIONS]
    if not rows or not data.has_both:
        return ""
    whole = Subgroup("", "All", metrics.lesions, data.counts.malignant, metrics.images, metrics.overall)
    starts = {name: _start(name, [whole, *rows]) for name in METRICS}
    head = "".join(
        f'<th scope="col">{title} <span>(axis: {100 * starts[name]:.0f} to 100 %)</span></th>'
        for name, title in METRICS.items()
    )
    body = f"<tbody>{_row(whole, whole, starts)}</tbody>"
    for grouping, group in groupby(rows, key=lambda row: row.grouping):
        title = GROUPINGS[grouping]
        body += (
            f'<tbody><tr class="grouping"><th scope="rowgroup" colspan="4">{title[0].upper()}{title[1:]}</th></tr>'
            f"{''.join(_row(row, whole, starts) for row in group)}</tbody>"
        )
    return (
        '<table class="forest"><thead><tr><th scope="col">Group</th><th scope="col">malignant / lesions</th>'
        f"{head}</tr></thead>{body}</table>"
    )


def _lesions(name: str, row: Subgroup) -> int:
    """How many lesions a share of a group is of."""
    return row.malignant if name == "sensitivity" else row.lesions - row.malignant


def _start(name: str, rows: Iterable[Subgroup]) -> float:
    """The left end of the axis: the tenth below the lowest interval."""
    found = [bounds(row.estimates[name], n=_lesions(name, row)) for row in rows]
    return floor(10 * min((ends[0] for ends in found if ends), default=0)) / 10


def _row(row: Subgroup, whole: Subgroup, starts: Mapping[str, float]) -> str:
    cells = "".join(
        _cell(name, row.estimates[name], whole.estimates[name], n=_lesions(name, row), start=starts[name])
        for name in METRICS
    )
    counted = f'<td class="n">{row.malignant:,} of {row.lesions:,}</td>'
    return f'<tr><th scope="row">{escape(row.group.replace("_", " "))}</th>{counted}{cells}</tr>'


def _cell(name: str, share: Estimate, whole: Estimate, *, n: int, start: float) -> str:
    title = f'<span class="title">{SHORT[name]}</span>'
    ends = bounds(share, n=n)
    if share.value is None or ends is None:
        return f'<td class="{name}"><div>{title}<span class="line"></span><span>too few to say</span></div></td>'

    def at(value: float) -> str:
        return f"{100 * (value - start) / (1 - start):.1f}%"

    low, high = ends
    worse = whole.value is not None and high < whole.value
    average = "" if whole.value is None else f'<i class="average" style="left:{at(whole.value)}"></i>'
    return (
        f'<td class="{name}{" worse" if worse else ""}"><div>{title}<span class="line" aria-hidden="true">{average}'
        f'<i class="whisker" style="left:{at(low)};width:{at(high - low + start)}"></i>'
        f'<i class="point" style="left:{at(share.value)}"></i></span><span>{interval(share, n=n)}'
        f"{'<span class=hidden-text> surely below the average</span>' if worse else ''}</span></div></td>"
    )
