"""The seven diagnoses of a photo with their chances and their evidence; a choice among them draws its map."""

from __future__ import annotations

from html import escape

import numpy as np

from demo.svg import TRIANGLE
from demo.words import Words
from skinnet.inference.prediction import Prediction
from skinnet.labels import CLASS_NUMBERS, CLASSES, MALIGNANT

BENIGN = tuple(name for name in ("nv", "bkl", "df", "vasc") if name in CLASSES)
ORDER = ("mel", "bcc", "akiec")
LEDGER = (
    '<fieldset class="ledger"><legend class="hidden-text">{classify.ledger}</legend>'
    '<div class="columns caption" aria-hidden="true"><span>{classify.column_chance}</span>'
    "<span>{classify.column_against}</span><span>{classify.column_for}</span></div>{rows}</fieldset>"
)


def first_choice(prediction: Prediction) -> str:
    """The diagnosis whose map is drawn first: melanoma if it cannot be ruled out, else the likeliest."""
    return "mel" if "mel" in prediction.possible else prediction.most_likely


def ledger(prediction: Prediction, maps: np.ndarray, words: Words) -> str:
    """The list as HTML.

    Args:
        maps: float (7, h, w), signed evidence in logits.
    """
    scale = max(float(np.abs(maps).sum(axis=(1, 2)).max()), 1e-9)
    chosen = first_choice(prediction)
    benign = sum(prediction.probabilities[name] for name in BENIGN)
    groups = [
        ("classify.group_malignant", ORDER, prediction.p_malignant),
        ("classify.group_benign", BENIGN, benign),
    ]
    rows = "".join(
        f'<p class="group"><span>{words(title)}</span><span>{words.percent(total)}</span></p>'
        + "".join(_row(name, prediction, maps, words, scale=scale, chosen=chosen) for name in names)
        for title, names, total in groups
    )
    return words.page(LEDGER, rows=rows)


def _row(name: str, prediction: Prediction, maps: np.ndarray, words: Words, *, scale: float, chosen: str) -> str:
    weights, chance = maps[CLASS_NUMBERS[name]], prediction.probabilities[name]
    pro, contra = (50 * float(part.clip(min=0).sum()) / scale for part in (weights, -weights))
    kind = "malignant" if name in MALIGNANT else "benign"
    evidence = words("classify.evidence", against=f"{2 * contra:.0f}", pro=f"{2 * pro:.0f}")
    return (
        f'<label class="row {kind}"><input type="radio" name="diagnosis" value="{name}"{" checked" * (name == chosen)}>'
        f'<span class="name">{TRIANGLE if kind == "malignant" else ""}{escape(words.diagnosis(name))}'
        f"<small>{words(f'classify.gloss_{name}')}</small></span>"
        f'<span class="bar"><i style="width:{100 * chance:.1f}%"></i></span>'
        f'<span class="number">{words.percent(chance)}</span>'
        f'<span class="evidence" role="img" aria-label="{evidence}">'
        f'<i class="against" style="width:{contra:.1f}%"></i><i class="for" style="width:{pro:.1f}%"></i>'
        "</span></label>"
    )
