"""Grey, nearly grey, channel-swapped and inverted test photos: how many the gate warns of.

colour_counts(classifier, gate, test, images)   # counts by change, data set and diagnosis
grey_melanomas(classifier, gate, test, images) # does a melanoma without colour pass unnoticed?
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skinnet.data.dataset import Images
from skinnet.images.quality import LUMA, find_faults
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import Gate, Ruling
from skinnet.studies.gate_study.turned_away import by_source, gate_rulings
from skinnet.training.gate_material import SplitFeatures, picture_features

MELANOMAS = 30
MELANOMA_SEED = 0


def to_saturation(pixels: np.ndarray, share: float) -> np.ndarray:
    """Keep a share of the distance of each pixel from its grey level: uint8 (H, W, 3) -> the same."""
    grey = (pixels @ LUMA)[..., None]
    return np.clip(grey + share * (pixels - grey), 0, 255).round().astype(np.uint8)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as they are": lambda pixels: pixels,
    "grey": lambda pixels: to_saturation(pixels, 0),
    "nearly grey (a fifth of the saturation)": lambda pixels: to_saturation(pixels, 0.2),
    "red and blue swapped (RGB to BGR)": lambda pixels: pixels[..., ::-1],
    "channels rotated (RGB to GBR)": lambda pixels: pixels[..., [1, 2, 0]],
    "inverted": lambda pixels: 255 - pixels,
}


def colour_counts(classifier: Classifier, gate: Gate, photos: SplitFeatures, images: Images) -> dict[str, Any]:
    """Counts by change, data set and diagnosis.

    The network runs only over those changed photos whose pixels bring no warning. So of changed photos only the sum of
    warned and refused is exact.
    """
    found = {}
    for name, change in CHANGES.items():
        inputs = [np.ascontiguousarray(change(pixels)) for pixels in photos.inputs(images)]
        unchanged = photos.features if name == "as they are" else None
        found[name] = by_source(_rulings(classifier, gate, inputs, unchanged, title=name), photos)
    return found


def _rulings(
    classifier: Classifier, gate: Gate, inputs: list[np.ndarray], features: np.ndarray | None, *, title: str
) -> list[Ruling]:
    if features is not None:
        return gate_rulings(gate, inputs, features)
    faults = [find_faults(pixels, size=(pixels.shape[1], pixels.shape[0]), bounds=gate.bounds) for pixels in inputs]
    passing = [item for item, found in enumerate(faults) if not found]
    chosen = [inputs[item] for item in passing]
    ruled = gate_rulings(gate, chosen, picture_features(classifier, gate.layers, chosen, title=title)) if chosen else []
    answers = dict(zip(passing, ruled, strict=True))
    return [
        answers.get(item, Ruling("warn", " ".join(fault.words for fault in found), np.nan))
        for item, found in enumerate(faults)
    ]


def grey_melanomas(classifier: Classifier, gate: Gate, photos: SplitFeatures, images: Images) -> dict[str, int]:
    """Of melanomas drawn at random and made grey: how many are above the threshold, how many get a warning, or neither.

    They are drawn from the first data set.
    """
    melanomas = photos.positions[(photos.dx == "mel") & (photos.source == photos.source[0])]
    drawn = np.random.default_rng(MELANOMA_SEED).permutation(melanomas)[:MELANOMAS].tolist()
    inputs = [CHANGES["grey"](images[position]) for position in drawn]
    warned = [ruling.level != "ok" for ruling in _rulings(classifier, gate, inputs, None, title="grey melanomas")]
    scores = [float(classifier.malignant(classifier.logits(pixels[None]))[0]) for pixels in inputs]
    flagged = [score >= classifier.decision.malignant_threshold for score in scores]
    passing = sum(not (above or told) for above, told in zip(flagged, warned, strict=True))
    return {"pictures": len(inputs), "flagged": sum(flagged), "warned": sum(warned), "neither": passing}
