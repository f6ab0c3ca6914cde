"""One photo, altered by sliders, and what the network then answers: the Learn tab's stress test.

alter(photo, {"light": 0.7, "blur": 1.5})  # PIL RGB -> PIL RGB
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from demo.answer import data_uri
from demo.svg import score_axis
from demo.words import Words
from skinnet.errors import PhotoError
from skinnet.images.artefacts import draw_hair
from skinnet.images.corruptions import CORRUPTIONS
from skinnet.images.photo import display_photo
from skinnet.inference.classifier import Classifier

MOST_HAIR = 4
NETWORK_WIDTH = 256
"""Pixels: the width that the amounts of a blur are meant for."""


@dataclass(frozen=True)
class Slider:
    """One kind of alteration.

    Attributes:
        change: (uint8 (1, 3, H, W), amount) -> the same.
        low, high, step: of the amounts; the alteration at `neutral` changes nothing.
    """

    change: Callable[[Tensor, float], Tensor]
    low: float
    high: float
    step: float
    neutral: float


def _hair(images: Tensor, layers: float) -> Tensor:
    """Draw hairs in layers: one more layer keeps those before."""
    drawn = images.float() / 255
    for layer in range(round(layers)):
        drawn = draw_hair(drawn, torch.Generator().manual_seed(layer))
    return (drawn * 255).round().to(torch.uint8)


def _blur(images: Tensor, sigma: float) -> Tensor:
    return CORRUPTIONS["blur"].change(images, sigma * images.shape[-1] / NETWORK_WIDTH)


def _largest(name: str) -> float:
    return CORRUPTIONS[name].amounts[-1]


SLIDERS = {
    "light": Slider(CORRUPTIONS["dark"].change, _largest("dark"), _largest("bright"), 0.05, 1.0),
    "tint": Slider(CORRUPTIONS["warm"].change, -_largest("warm"), _largest("warm"), 0.02, 0.0),
    "blur": Slider(_blur, 0.0, _largest("blur"), 0.25, 0.0),
    "crop": Slider(CORRUPTIONS["near"].change, 1.0, _largest("near"), 0.05, 1.0),
    "hair": Slider(_hair, 0.0, MOST_HAIR, 1.0, 0.0),
}
"""In the order in which they are applied; by the names that their texts have."""


def sliders() -> dict[str, dict[str, Any]]:
    """What the page needs to draw the sliders."""
    fields = ("low", "high", "step", "neutral")
    return {name: {field: getattr(slider, field) for field in fields} for name, slider in SLIDERS.items()}


def checked_amounts(values: Any) -> dict[str, float]:
    """Amounts from the browser, which may be anything; a slider that is left out is neutral.

    Raises:
        PhotoError: if one is not a number in its slider's range.
    """
    if not isinstance(values, dict) or not set(values) <= set(SLIDERS):
        raise PhotoError("There is no such slider.")
    for name, value in values.items():
        slider = SLIDERS[name]
        number = type(value) in (int, float) and isfinite(value)
        if not number or not slider.low - 1e-6 <= value <= slider.high + 1e-6:
            raise PhotoError(f"The slider {name} goes from {slider.low:g} to {slider.high:g}.")
    return {name: float(values.get(name, slider.neutral)) for name, slider in SLIDERS.items()}


def alter(photo: Image.Image, amounts: dict[str, float]) -> Image.Image:
    """Apply all alterations that are not neutral."""
    images = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None].contiguous()
    for name, slider in SLIDERS.items():
        if amounts[name] != slider.neutral:
            images = slider.change(images, amounts[name])
    return Image.fromarray(images[0].permute(1, 2, 0).numpy())


def stressed(classifier: Classifier, photo: Image.Image, values: Any, words: Words) -> dict[str, Any]:
    """Alter a photo and classify it: the photo, the score and the gate, and no figures where the gate refuses.

    Raises:
        PhotoError: if the amounts are out of range.
    """
    altered = alter(display_photo(photo), checked_amounts(values))
    prediction = classifier.examine(altered).prediction
    shown = {"photo": data_uri(altered), "gate": prediction.gate, "note": words.sentence(prediction.note)}
    if prediction.gate == "refuse":
        return shown
    threshold = classifier.decision.malignant_threshold
    score = prediction.p_malignant
    picture = score_axis(
        score, threshold=threshold, low=score, high=score, suspicious=prediction.suspicious, words=words
    )  # fmt: skip
    near, limit = words.apart(score, threshold)
    return shown | {
        "score": score,
        "words": near,
        "threshold": limit,
        "suspicious": prediction.suspicious,
        "axis": picture,
        "note": shown["note"] if prediction.gate == "warn" else "",
    }
