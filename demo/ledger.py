"""The seven diagnoses of a photo with their chances and their evidence; a choice among them draws its map."""

from __future__ import annotations

from html import escape

import numpy as np

from demo.svg import TRIANGLE
from skinnet.inference.prediction import Prediction
from skinnet.inference.wording import percent
from skinnet.labels import CLASS_NUMBERS, CLASSES, FULL_NAMES, MALIGNANT

BENIGN = tuple(name for name in ("nv", "bkl", "df", "vasc") if name in CLASSES)
ORDER = ("mel", "bcc", "akiec")
GLOSSES = {
    "mel": "cancer of the pigment cells; spreads early",
    "bcc": "the commonest skin cancer; grows slowly, rarely spreads",
    "akiec": "sun damage that can become, or is, an early squamous cancer",
    "nv": "a common mole",
    "bkl": "a harmless thickening of age or sun",
    "df": "a harmless firm nodule",
    "vasc": "blood vessels: angioma, haemorrhage",
}
"""A line on each diagnosis, for students."""


def first_choice(prediction: Prediction) -> str:
    """The diagnosis whose map is drawn first: melanoma if it cannot be ruled out, else the likeliest."""
    return "mel" if "mel" in prediction.possible else prediction.most_likely


def ledger(prediction: Prediction, maps: np.ndarray) -> str:
    """The list as HTML.

    Args:
        maps: float (7, h, w), signed evidence in logits.
    """
    scale = max(float(np.abs(maps).sum(axis=(1, 2)).max()), 1e-9)
    chosen = first_choice(prediction)
    benign = sum(prediction.probabilities[name] for name in BENIGN)
    groups = [("Malignant or pre-malignant", ORDER, prediction.p_malignant), ("Benign", BENIGN, benign)]
    return (
        '<fieldset class="ledger"><legend class="hidden-text">Draw the evidence for</legend>'
        '<div class="columns caption" aria-hidden="true"><span>chance</span><span>against</span><span>for</span></div>'
        + "".join(
            f'<p class="group"><span>{title}</span><span>{percent(total)}</span></p>'
            + "".join(_row(name, prediction, maps, scale=scale, chosen=chosen) for name in names)
            for title, names, total in groups
        )
        + "</fieldset>"
    )


def _row(name: str, prediction: Prediction, maps: np.ndarray, *, scale: float, chosen: str) -> str:
    evidence, chance = maps[CLASS_NUMBERS[name]], prediction.probabilities[name]
    pro, contra = (50 * float(part.clip(min=0).sum()) / scale for part in (evidence, -evidence))
    kind = "malignant" if name in MALIGNANT else "benign"
    return (
        f'<label class="row {kind}"><input type="radio" name="diagnosis" value="{name}"{" checked" * (name == chosen)}>'
        f'<span class="name">{TRIANGLE if kind == "malignant" else ""}{escape(FULL_NAMES[name])}'
        f"<small>{escape(GLOSSES[name])}</small></span>"
        f'<span class="bar"><i style="width:{100 * chance:.1f}%"></i></span>'
        f'<span class="number">{percent(chance)}</span>'
        f'<span class="evidence" role="img" aria-label="evidence against {2 * contra:.0f}, for {2 * pro:.0f}">'
        f'<i class="against" style="width:{contra:.1f}%"></i><i class="for" style="width:{pro:.1f}%"></i>'
        "</span></label>"
    )
