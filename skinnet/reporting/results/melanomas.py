"""Every melanoma of a test set on the axis of scores, and a table of those below the threshold."""

from __future__ import annotations

from collections import Counter
from html import escape

from skinnet.inference.wording import percent
from skinnet.reporting.results.axis import LEFT, RIGHT, TICKS, axis_position
from skinnet.reporting.results.figures import SHORT_NAMES
from skinnet.reporting.results.measured import DataSet

STEP = 8
"""Width of a dot; dots at one place are stacked."""
MOST = 2000
"""Melanomas that are drawn; more would be no picture but a wall."""


def melanomas(data: DataSet) -> str:
    """Draw the melanomas of a data set, the missed ones as rings, and list those."""
    verdict = data.lesions.verdict
    if verdict is None or not 0 < data.lesions.support["mel"] <= MOST:
        return ""
    counts = data.counts
    title = f"{counts.missed} of {counts.melanomas} missed in {escape(data.title)}"
    rows = "".join(
        f'<tr><th scope="row">{escape(str(row["lesion_id"]).rpartition("/")[2])}</th>'
        f"<td>{percent(row['p_malignant'])}</td><td>{row['images']}</td>"
        f"<td>{escape(SHORT_NAMES[row['most_likely']])}</td></tr>"
        for row in verdict.missed_melanomas
    )
    table = (
        '<table class="missed"><thead><tr><th scope="col">lesion</th><th scope="col">score</th>'
        f'<th scope="col">photos</th><th scope="col">taken for</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    return (
        f'<div class="panel"><h3>{title}</h3>{_axis(data, verdict.threshold)}'
        f'<p class="caption">Each mark is a melanoma at its score: a ring below the threshold of '
        f"{percent(verdict.threshold)} was missed, a solid dot above it was found.</p>{table if rows else ''}</div>"
    )


def _axis(data: DataSet, threshold: float) -> str:
    stacked: Counter[int] = Counter()
    dots = []
    for score in sorted(data.cases.p_malignant[data.cases.melanoma]):
        place = round((_x(score) - _x(threshold)) / STEP - 0.5)
        x, y = _x(threshold) + (place + 0.5) * STEP, stacked[place] * STEP
        stacked[place] += 1
        dots.append(
            f'<circle class="{"missed" if score < threshold else "found"}" cx="{x:.1f}" cy="{-y - 8}" r="3.3"/>'
        )
    height = max(stacked.values()) * STEP + 24
    ticks = "".join(f'<text x="{_x(tick):.0f}" y="20" text-anchor="middle">{100 * tick:g} %</text>' for tick in TICKS)
    line = f"{_x(threshold):.1f}"
    return (
        f'<svg class="melanomas" viewBox="0 {-height} 520 {height + 26}" aria-hidden="true">'
        f'<line class="base" x1="{LEFT}" x2="{RIGHT}" y1="0" y2="0"/>{"".join(dots)}'
        f'<line class="threshold" x1="{line}" x2="{line}" y1="{-height + 16}" y2="6"/>'
        f'<text x="{line}" y="{-height + 11}" text-anchor="middle">threshold</text>{ticks}</svg>'
    )


def _x(probability: float) -> float:
    return LEFT + axis_position(probability) * (RIGHT - LEFT)
