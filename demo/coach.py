"""The capture coach: how good the photo is, in a few gauges, each with the advice that improves it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from demo.words import Words
from skinnet.images.quality import measure
from skinnet.inference.classifier import Classifier
from skinnet.inference.prediction import Examined


@dataclass(frozen=True)
class Gauge:
    """A measure of a photo between the bounds of the photos that the network was checked on.

    Attributes:
        name: its part of the keys of its texts.
        position: 0 at the lower bound, 1 at the upper.
        limited: whether it can be too high, too.
    """

    name: str
    position: float
    limited: bool = False

    @property
    def key(self) -> str:
        """The key of the verdict on it in a word."""
        side = "low" if self.position < 0 else "high" if self.limited and self.position > 1 else ""
        return f"classify.{self.name}_{side}" if side else "classify.good"


def gauges(classifier: Classifier, examined: Examined) -> list[Gauge]:
    """The gauges of a photo; none without a gate."""
    if classifier.gate is None or examined.ruling is None:
        return []
    measured, bounds = measure(examined.pixels), classifier.gate.bounds
    logs = [math.log(max(value, 1e-3)) for value in (measured.sharpness, *bounds.sharpness)]
    light = _between(measured.brightness, *bounds.brightness)
    colour = min(_between(measured.chroma, *bounds.chroma), _between(measured.tint, *bounds.tint))
    return [
        Gauge("focus", _between(*logs)),
        Gauge("light", light, limited=True),
        Gauge("colour", colour),
        Gauge("likeness", 1 - examined.ruling.score),
    ]


def coach(classifier: Classifier, examined: Examined, words: Words) -> str:
    """The gauges as HTML."""
    shown = gauges(classifier, examined)
    if not shown:
        return ""
    advice = "".join(f"{words(f'classify.{gauge.name}_advice')} " for gauge in shown if gauge.key != "classify.good")
    cells = "".join(
        f'<div class="gauge"><p><span>{words(f"classify.{gauge.name}")}</span><span>{words(gauge.key)}</span></p>'
        f'<div class="scale"><i style="left:{_place(gauge.position):.0f}%"></i></div></div>'
        for gauge in shown
    )
    return words.page(
        '<section class="coach"><h2>{classify.coach}</h2><div class="gauges">{cells}</div>'
        '<p class="caption">{advice}{classify.coach_note}</p></section>',
        cells=cells,
        advice=advice,
    )


def _place(position: float) -> float:
    """Where a position lies on the drawn scale, in percent: the bounds at 20 and 80."""
    return 100 * min(max(0.2 + 0.6 * position, 0.01), 0.99)


def _between(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low)
