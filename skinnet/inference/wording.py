"""The verdict in words: probabilities, the diagnoses that remain possible, and the stability of the score."""

from __future__ import annotations

import numpy as np

from skinnet.inference.stability import crosses
from skinnet.labels import FULL_NAMES


def percent(probability: float) -> str:
    """A probability as a percentage that never claims certainty."""
    if probability < 0.001:
        return "under 0.1 %"
    if probability > 0.999:
        return "over 99.9 %"
    return f"{100 * probability:.1f} %" if probability < 0.1 or probability > 0.9 else f"{100 * probability:.0f} %"


def apart(score: float, threshold: float) -> tuple[str, str]:
    """A score and the threshold as percentages, with a digit more where they would look the same."""
    words, limit = percent(score), percent(threshold)
    return (words, limit) if words != limit else (f"{100 * score:.2f} %", f"{100 * threshold:.2f} %")


def unbroken(words: str) -> str:
    """Keep a percent sign on the line of its number."""
    return words.replace(" %", "\u00a0%")


def possible_sentence(possible: tuple[str, ...]) -> str:
    """Name the diagnoses that cannot be ruled out, in a sentence that is never an all-clear.

    Args:
        possible: abbreviations, likeliest first.
    """
    names = [_in_sentence(name) for name in possible]
    if len(names) == 1:
        return f"The network rules out all its diagnoses but {names[0]}; it can be wrong."
    excluded = "; melanoma is not excluded" if "mel" in possible and possible[0] != "mel" else ""
    if len(names) == 2:
        return f"The network cannot separate {names[0]} from {names[1]} here{excluded}."
    return f"The network cannot choose between {', '.join(names[:-1])} and {names[-1]} here{excluded}."


def stability_sentence(malignant: np.ndarray, *, threshold: float) -> str:
    """Give the range of the score over one photo and its variant, and whether it includes the threshold.

    Args:
        malignant: (2,), `p_malignant` of each.
    """
    low, high = (percent(float(end)) for end in (malignant.min(), malignant.max()))
    found = f"As it is or turned and cropped, the same photo gets a chance of {low} to {high}"
    return f"{found}: the verdict depends on how it was taken." if crosses(malignant, threshold) else f"{found}."


def _in_sentence(name: str) -> str:
    """A diagnosis's full name without its comment in brackets, lower case but for names of people."""
    full = FULL_NAMES[name].split(" (")[0]
    return full[0].lower() + full[1:]
