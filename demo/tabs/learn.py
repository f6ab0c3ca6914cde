"""The Learn tab: a quiz to guess first, how a verdict comes about, a stress test, and the rules that people use.

The quiz runs in the browser, which asks once for a set of cases; answers are never sent. The other two ask the server
for each answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from demo.answer import FAILED, data_uri
from demo.part import part
from demo.quiz import SIGNS, SIZES, Card, deck, quiz_set
from demo.site import Site
from demo.steps import steps
from demo.stress import sliders, stressed
from demo.tabs.classify import OFFERED_CASES
from demo.uploads import checked
from skinnet.errors import CheckpointError, SkinnetError
from skinnet.images.photo import display_photo, open_photo
from skinnet.labels import FULL_NAMES
from skinnet.studies.case_verdicts import load_verdicts

TITLE = "Learn"
SCRIPTS = ("make", "heatmap", "learn_words", "learn_score", "learn_quiz", "learn_end", "learn_steps", "learn_stress")
RULES = Path(__file__).parents[1] / "html" / "rules.html"
THUMBNAIL_SIDE = 160
NETWORK_KINDS = {"efficientnet_lite": "A convolutional network", "vit_small": "A vision transformer"}
QUIETLY: dict[str, Any] = {"trigger_mode": "multiple", "api_visibility": "private", "show_progress": "hidden"}
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_id": "photo", "concurrency_limit": 1, **QUIETLY}
"""The mode "always_last" would repeat the first of several questions, not the last."""
Answer = dict[str, Any]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """The answers to what the script asks; each carries the question's kind and number, and none raises."""

    site: Site
    cards: list[Card]

    def quiz(self, event: gr.EventData) -> Answer:
        """The cases of a set."""
        return _answer(
            event,
            "quiz",
            lambda asked: quiz_set(
                self.cards,
                threshold=self.site.classifier.decision.malignant_threshold,
                seed=asked.get("seed"),
                size=asked.get("size"),
            ),
        )

    def steps(self, event: gr.EventData) -> Answer:
        """How the verdict on a photo comes about."""
        return _answer(event, "steps", lambda asked: steps(self.site.classifier, self._photo(asked)))

    def stress(self, event: gr.EventData) -> Answer:
        """The verdict on a photo that the sliders alter."""
        return _answer(
            event, "stress", lambda asked: stressed(self.site.classifier, self._photo(asked), asked.get("amounts"))
        )

    def _photo(self, asked: Answer) -> Image.Image:
        """A case, or a file that was uploaded."""
        path = self.site.case(asked["case"]).path if asked.get("case") is not None else checked(asked.get("path"))
        return open_photo(path)


def _answer(event: gr.EventData, kind: str, find: Callable[[Answer], Answer]) -> Answer:
    asked = event._data if isinstance(event._data, dict) else {}
    number = asked.get("id")
    sent = {"kind": kind, "id": number if type(number) is int else 0}
    try:
        return sent | find(asked)
    except SkinnetError as error:
        return sent | {"error": str(error)}
    except (ValueError, RuntimeError, MemoryError, OSError):
        log.exception("A photo of the Learn tab could not be classified.")
        return sent | {"error": FAILED}


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    try:
        verdicts = load_verdicts(site.checkpoint)
        cards, version, missing = deck(site.cases, verdicts), verdicts.made_with, ""
    except CheckpointError:
        cards, version, missing = (
            [],
            "",
            "There is no quiz for this network yet: run python -m skinnet cases demo/cases.",
        )
    learn = part(
        "learn",
        _start(site, cards, version=version, missing=missing),
        scripts=SCRIPTS,
        html=RULES.read_text(encoding="utf-8"),
    )
    answers = Answers(site, cards)
    learn.quiz(answers.quiz, outputs=learn, **QUIETLY)
    learn.steps(answers.steps, outputs=learn, **ONE_AT_A_TIME)
    learn.stress(answers.stress, outputs=learn, **ONE_AT_A_TIME)


def _start(site: Site, cards: list[Card], *, version: str, missing: str) -> Answer:
    """What the page needs before it asks for anything."""
    pictures = {
        isic_id: data_uri(display_photo(open_photo(site.case(isic_id).path), longest_side=THUMBNAIL_SIDE))
        for isic_id in OFFERED_CASES
    }
    return {
        "kind": "start",
        "missing": missing,
        "signs": SIGNS,
        "sizes": SIZES,
        "deck": {
            "all": len(site.cases),
            "cards": len(cards),
            "malignant": sum(card.malignant for card in cards),
            "wrong": sum(card.wrong for card in cards),
        },
        "version": version,
        "sliders": sliders(),
        "pictures": pictures,
        "names": dict(FULL_NAMES),
        "networks": [_kind(member.network) for member in site.config.members],
    }


def _kind(network: str) -> str:
    return next((title for begin, title in NETWORK_KINDS.items() if network.startswith(begin)), network)
