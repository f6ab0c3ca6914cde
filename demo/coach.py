"""The capture coach: how good the photo is, in a few gauges, each with the advice that improves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from skinnet.images.quality import measure
from skinnet.inference.classifier import Classifier
from skinnet.inference.prediction import Examined


@dataclass(frozen=True)
class Gauge:
    """A measure of a photo between the bounds of the photos that the network was checked on.

    Attributes:
        position: 0 at the lower bound, 1 at the upper.
        advice: what to do where it is below or above them.
    """

    name: str
    position: float
    low: str
    high: str
    advice: str

    @property
    def word(self) -> str:
        """The verdict on it in a word."""
        return self.low if self.position < 0 else self.high if self.position > 1 else "good"


def gauges(classifier: Classifier, examined: Examined) -> list[Gauge]:
    """The gauges of a photo; none without a gate."""
    if classifier.gate is None or examined.ruling is None:
        return []
    measured, bounds = measure(examined.pixels), classifier.gate.bounds
    logs = [math.log(max(value, 1e-3)) for value in (measured.sharpness, *bounds.sharpness)]
    light = _between(measured.brightness, *bounds.brightness)
    colour = min(_between(measured.chroma, *bounds.chroma), _between(measured.tint, *bounds.tint))
    return [
        Gauge("Focus", _between(*logs), "blurred", "good", "Hold still, touch the skin, tap on the lesion to focus."),
        Gauge("Light", light, "dark", "bright", "Use the dermatoscope's own light."),
        Gauge("Colour", colour, "odd", "good", "Send the colours as the camera took them."),
        Gauge("Likeness", 1 - examined.ruling.score, "unlike", "good", "Keep stickers, ink and rulers out."),
    ]


def coach(classifier: Classifier, examined: Examined) -> str:
    """The gauges as HTML."""
    shown = gauges(classifier, examined)
    if not shown:
        return ""
    advice = " ".join(escape(gauge.advice) for gauge in shown if gauge.word != "good")
    cells = "".join(
        f'<div class="gauge"><p><span>{gauge.name}</span><span>{gauge.word}</span></p>'
        f'<div class="scale"><i style="left:{_place(gauge.position):.0f}%"></i></div></div>'
        for gauge in shown
    )
    return (
        f'<section class="coach"><h2>The photo</h2><div class="gauges">{cells}</div>'
        f'<p class="caption">{advice} Shaded: the range of the photos that the network was checked on.</p></section>'
    )


def _place(position: float) -> float:
    """Where a position lies on the drawn scale, in percent: the bounds at 20 and 80."""
    return 100 * min(max(0.2 + 0.6 * position, 0.01), 0.99)


def _between(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low)
