"""Small drawings for the page, as SVG in the colours of its style sheet."""

from __future__ import annotations

from demo.words import Words
from skinnet.reporting.results.axis import LEFT, RIGHT, TICKS, axis_position

ROW = 50
"""Icons in a row."""


def tick_label(tick: float, words: Words) -> str:
    """A tick of the axis in percent."""
    return words.typeset(f"{words.number(100 * tick, 'g')} %")


def score_axis(score: float, *, threshold: float, low: float, high: float, suspicious: bool, words: Words) -> str:
    """Draw a score with its range and the threshold. The sentence below it says the same to screen readers.

    Args:
        low, high: the range of the score over the photo and its variant.
    """

    def x(probability: float) -> float:
        return LEFT + axis_position(probability) * (RIGHT - LEFT)

    ticks = "".join(
        f'<text x="{x(tick):.0f}" y="62" text-anchor="middle" class="tick">{tick_label(tick, words)}</text>'
        for tick in TICKS
    )
    name = words("common.threshold")
    side = "end" if score > threshold else "start"
    gap = -6 if score > threshold else 6
    return (
        f'<svg class="axis {"suspicious" if suspicious else "below"}" viewBox="0 0 520 68" aria-hidden="true">'
        f'<rect class="track" x="{LEFT}" y="30" width="{RIGHT - LEFT}" height="8" rx="4"/>'
        f'<rect class="above" x="{x(threshold):.1f}" y="30" width="{RIGHT - x(threshold):.1f}" height="8"/>'
        f'<text x="{x(threshold) + gap:.1f}" y="18" text-anchor="{side}" class="tick">{name}</text>'
        f'<line class="threshold" x1="{x(threshold):.1f}" x2="{x(threshold):.1f}" y1="20" y2="46"/>'
        f'<line class="range" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="34" y2="34"/>'
        f'<circle class="score" cx="{x(score):.1f}" cy="34" r="9"/>{ticks}</svg>'
    )


def icon_array(count: int, *, drawing: int, label: str, total: int = 1000) -> str:
    """Draw `count` solid dots among `total`, in rows.

    Args:
        drawing: a number of its own for each array of a page: dots are not drawn where the style sheet hides the
            drawing that defines them.
        label: the same in words.
    """
    dot, ring = f"solid-dot-{drawing}", f"hollow-dot-{drawing}"
    rows = total // ROW
    full, rest = divmod(count, ROW)
    solid = "".join(
        f'<rect x="0" y="{10 * row}" width="{10 * width}" height="10" fill="url(#{dot})"/>'
        for row, width in [*((row, ROW) for row in range(full)), (full, rest)]
        if width
    )
    hollow = f'<rect x="{10 * rest}" y="{10 * full}" width="{10 * (ROW - rest)}" height="10" fill="url(#{ring})"/>'
    left = 10 * (rows - full - 1)
    below = f'<rect x="0" y="{10 * full + 10}" width="{10 * ROW}" height="{left}" fill="url(#{ring})"/>'
    dots = (
        f'<defs><pattern id="{dot}" width="10" height="10" patternUnits="userSpaceOnUse">'
        '<circle class="solid" cx="5" cy="5" r="3.6"/></pattern>'
        f'<pattern id="{ring}" width="10" height="10" patternUnits="userSpaceOnUse">'
        '<circle class="hollow" cx="5" cy="5" r="3.2"/></pattern></defs>'
    )
    return (
        f'<svg class="icons" viewBox="0 0 {10 * ROW} {10 * rows}" role="img" aria-label="{label}">'
        f"{dots}{solid}{hollow if full < rows else ''}{below if full < rows - 1 else ''}</svg>"
    )


TRIANGLE = '<svg class="sign" viewBox="0 0 20 18" aria-hidden="true"><path d="M10 1 19 17H1Z"/></svg>'
"""The sign of malignant or pre-malignant; the style makes it solid or hollow."""
HATCHED = (
    '<svg class="sign hatched" viewBox="0 0 20 18" aria-hidden="true"><defs><pattern id="hatch" width="4" height="4" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.6" height="4"/></pattern></defs>'
    '<rect x="1" y="1" width="18" height="16" rx="2" fill="url(#hatch)"/></svg>'
)
"""The sign of a photo that was not classified."""
