"""Sets of cases for the quiz of the Learn tab, drawn by a seed so that a class gets the same ones.

cases = draw(deck(site.cases, load_verdicts(site.checkpoint)), seed="K7Q4", size=12)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from demo.answer import data_uri
from demo.site import Case
from demo.words import Words
from skinnet.errors import PhotoError
from skinnet.images.photo import display_photo, open_photo
from skinnet.labels import MALIGNANT
from skinnet.studies.case_verdicts import CaseVerdict, CaseVerdicts

SIZES = (6, 12, 20)
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of seeds: without O, 0, I and 1, which look alike."""
SEED = re.compile(f"[{SIGNS}]{{4}}")
WRONG_SHARE = 1 / 3
"""Of the network's answers in a set."""
MISSED_SHARE = 1 / 10
"""Of the cases in a set: malignant ones below the threshold."""


@dataclass(frozen=True)
class Card:
    """A case with the network's answer to it."""

    case: Case
    verdict: CaseVerdict

    @property
    def malignant(self) -> bool:
        """Whether the archive's diagnosis is malignant or pre-malignant."""
        return self.case.dx in MALIGNANT

    @property
    def wrong(self) -> bool:
        """Whether the network's verdict differs from the archive's diagnosis."""
        return self.verdict.suspicious != self.malignant


def deck(cases: Iterable[Case], verdicts: CaseVerdicts) -> list[Card]:
    """All cases that a quiz may show: those that pass the gate."""
    answers = verdicts.cases
    cards = [Card(case, answers[case.isic_id]) for case in cases if case.isic_id in answers]
    return [card for card in cards if card.verdict.gate == "ok"]


def draw(cards: list[Card], *, seed: str, size: int) -> list[Card]:
    """Draw a set: half malignant, a third wrongly classified, a tenth missed, as far as there are so many.

    The order of the cards depends on the seed and their names alone, never on a library's random numbers.
    """
    shuffled = sorted(cards, key=lambda card: hashlib.sha256(f"{seed} {card.case.isic_id}".encode()).digest())
    missed = ceil(size * MISSED_SHARE)
    alarms = round(size * WRONG_SHARE) - missed
    malignant = _chosen([card for card in shuffled if card.malignant], count=size // 2, wrong=missed)
    benign = _chosen([card for card in shuffled if not card.malignant], count=size - len(malignant), wrong=alarms)
    chosen = {card.case.isic_id for card in malignant + benign}
    return [card for card in shuffled[::-1] if card.case.isic_id in chosen]


def _chosen(shuffled: list[Card], *, count: int, wrong: int) -> list[Card]:
    """The first `wrong` wrongly classified cards, filled up with right ones, then with the other wrong ones."""
    errors = [card for card in shuffled if card.wrong]
    return [*errors[:wrong], *(card for card in shuffled if not card.wrong), *errors[wrong:]][:count]


def quiz_set(cards: list[Card], words: Words, *, threshold: float, seed: Any, size: Any) -> dict[str, Any]:
    """The cases of a set as the page shows them; seed and size come from the browser and may be anything.

    Raises:
        PhotoError: if there is no such set.
    """
    if not isinstance(seed, str) or not SEED.fullmatch(seed) or type(size) is not int or size not in SIZES:
        raise PhotoError("There is no such set of cases.")
    return {
        "seed": seed,
        "size": size,
        "cases": [_shown(card, threshold, words) for card in draw(cards, seed=seed, size=size)],
    }


def _shown(card: Card, threshold: float, words: Words) -> dict[str, Any]:
    score, limit = words.apart(card.verdict.p_malignant, threshold)
    return {
        "name": card.case.isic_id,
        "dx": card.case.dx,
        "malignant": card.malignant,
        "photo": data_uri(display_photo(open_photo(card.case.path))),
        "suspicious": card.verdict.suspicious,
        "score": card.verdict.p_malignant,
        "words": score,
        "threshold": limit,
        "evidence": card.verdict.evidence,
        "strongest": card.verdict.strongest,
    }
