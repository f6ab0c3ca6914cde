"""How a verdict comes about, step by step, with the numbers and small pictures of one photo.

steps(classifier, photo)["probabilities"]  # the last but one of six steps
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from demo.answer import data_uri
from demo.svg import score_axis
from demo.words import Words
from skinnet.explain.cam import class_maps
from skinnet.inference.calibration import UNCALIBRATED, malignant_probability
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import recorded_outputs
from skinnet.inference.prediction import Examined
from skinnet.labels import CLASS_NUMBERS, CLASSES, MALIGNANT
from skinnet.models.backbone import head
from skinnet.models.committee import Branches

MAPS_A_NETWORK = 4
"""Feature maps that are shown of each network."""
LEVELS = 255


def steps(classifier: Classifier, photo: Image.Image, words: Words) -> dict[str, Any]:
    """All steps of one photo; without figures where the gate refuses it.

    Raises:
        PhotoError: if the photo cannot be classified.
    """
    examined = classifier.examine(photo)
    prediction = examined.prediction
    if prediction.gate == "refuse" or examined.features is None:
        return {"gate": prediction.gate, "note": words.sentence(prediction.note)}
    layers = head(classifier.network)
    logits = layers(examined.features[None])[0].numpy().astype(float)  # (7,)
    leads = logits - logits.mean()
    maps = class_maps(layers, examined.features[None])[0].numpy()  # (7, h, w)
    likeliest = CLASS_NUMBERS[prediction.most_likely]
    threshold = classifier.decision.malignant_threshold
    score, limit = words.apart(prediction.p_malignant, threshold)
    return {
        "gate": prediction.gate,
        "note": words.sentence(prediction.note) if prediction.gate == "warn" else "",
        "input": data_uri(Image.fromarray(examined.pixels)),
        "size": examined.size,
        "likeliest": words.within(prediction.most_likely),
        "networks": _feature_maps(classifier, examined, layers.linear.weight, likeliest),
        "maps": {name: np.round(maps[CLASS_NUMBERS[name]], 4).tolist() for name in _two(prediction.probabilities)},
        "strongest": float(np.abs(maps).max()),
        "rows": _rows(classifier, leads, maps, words),
        "temperature": classifier.calibration.temperature,
        "shifted": any(classifier.calibration.prior_shift),
        "raw": words.percent(float(malignant_probability(UNCALIBRATED.probabilities(leads[None]))[0])),
        "score": score,
        "threshold": limit,
        "suspicious": prediction.suspicious,
        "axis": score_axis(
            prediction.p_malignant, threshold=threshold, low=prediction.p_malignant, high=prediction.p_malignant,
            suspicious=prediction.suspicious, words=words,
        ),
    }  # fmt: skip


def _two(probabilities: dict[str, float]) -> list[str]:
    """Melanoma, and the likeliest other diagnosis."""
    return ["mel", max((name for name in CLASSES if name != "mel"), key=lambda name: probabilities[name])]


def _rows(classifier: Classifier, leads: np.ndarray, maps: np.ndarray, words: Words) -> list[dict[str, Any]]:
    """For each diagnosis: what its map adds up to, its bias, its lead, and its chance before and after calibration."""
    raw = UNCALIBRATED.probabilities(leads[None])[0]
    calibrated = classifier.probabilities(leads[None])[0]
    return [
        {
            "name": words.diagnosis(name, short=True),
            "malignant": name in MALIGNANT,
            "sum": round(float(maps[number].sum()), 2),
            "bias": round(float(leads[number] - maps[number].sum()), 2),
            "lead": round(float(leads[number]), 2),
            "raw": words.percent(float(raw[number])),
            "calibrated": words.percent(float(calibrated[number])),
            "share": float(calibrated[number]),
        }
        for number, name in enumerate(CLASSES)
    ]


@torch.no_grad()
def _feature_maps(classifier: Classifier, examined: Examined, weights: Tensor, diagnosis: int) -> list[dict[str, Any]]:
    """For each network, the feature maps that add most to a diagnosis.

    Args:
        weights: (7, C) of the linear layer over the features of all networks, side by side.
    """
    outputs = _trunk_outputs(classifier, examined.pixels)
    leading = (weights - weights.mean(dim=0))[diagnosis]  # (C,)
    shown, first = [], 0
    for features in outputs:  # (C, h, w)
        part = leading[first : first + len(features)]
        first += len(features)
        strongest = (part * features.mean(dim=(1, 2))).topk(min(MAPS_A_NETWORK, len(features))).indices
        shown.append({"channels": len(features), "maps": [_grey(features[number]) for number in strongest]})
    return shown


def _trunk_outputs(classifier: Classifier, pixels: np.ndarray) -> list[Tensor]:
    """The last feature layer of each network: (C, h, w) each, every network's own grid."""
    assert classifier.feature_layer is not None  # the photo has features
    layers = [classifier.feature_layer]
    last = classifier.network.get_submodule(layers[0])
    if isinstance(last, Branches):
        layers = [f"{layers[0]}.members.{number}" for number in range(len(last.members))]

    def run() -> list[Tensor]:
        with recorded_outputs(classifier.network, layers) as recorded:
            classifier.network(classifier.to_tensor(pixels[None]))
        return [recorded[layer][0].float() for layer in layers]

    return classifier.in_turn(run)


def _grey(feature: Tensor) -> list[list[int]]:
    """A feature map as grey levels, its least value black and its greatest white."""
    low, high = feature.min(), feature.max()
    levels: list[list[int]] = ((feature - low) / (high - low).clamp(min=1e-9) * LEVELS).round().int().tolist()
    return levels
