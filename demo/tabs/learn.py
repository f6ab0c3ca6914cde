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

from demo.answer import data_uri
from demo.part import part
from demo.quiz import SIGNS, SIZES, Card, deck, quiz_set
from demo.site import Site
from demo.steps import steps
from demo.stress import sliders, stressed
from demo.tabs.classify import OFFERED_CASES
from demo.uploads import checked, photo_limit
from demo.words import Words
from skinnet.errors import CheckpointError, SkinnetError
from skinnet.images.photo import display_photo, open_photo
from skinnet.labels import CLASSES, MALIGNANT
from skinnet.studies.case_verdicts import load_verdicts

SCRIPTS = ("make", "heatmap", "learn_score", "learn_quiz", "learn_end", "learn_class", "learn_steps", "learn_stress")
RULES = Path(__file__).parents[1] / "html" / "rules.html"
THUMBNAIL_SIDE = 160
NETWORK_KINDS = {"efficientnet_lite": "learn.convolutional", "vit_small": "learn.transformer"}
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
        return self._answer(event, "quiz", self._quiz)

    def _quiz(self, asked: Answer) -> Answer:
        threshold = self.site.classifier.decision.malignant_threshold
        return quiz_set(
            self.cards, self.site.words, threshold=threshold, seed=asked.get("seed"), size=asked.get("size")
        )

    def steps(self, event: gr.EventData) -> Answer:
        """How the verdict on a photo comes about."""
        return self._answer(
            event, "steps", lambda asked: steps(self.site.classifier, self._photo(asked), self.site.words)
        )

    def stress(self, event: gr.EventData) -> Answer:
        """The verdict on a photo that the sliders alter."""
        return self._answer(event, "stress", self._stressed)

    def _stressed(self, asked: Answer) -> Answer:
        return stressed(self.site.classifier, self._photo(asked), asked.get("amounts"), self.site.words)

    def _photo(self, asked: Answer) -> Image.Image:
        """A case, or a file that was uploaded."""
        path = self.site.case(asked["case"]).path if asked.get("case") is not None else checked(asked.get("path"))
        return open_photo(path)

    def _answer(self, event: gr.EventData, kind: str, find: Callable[[Answer], Answer]) -> Answer:
        asked = event._data if isinstance(event._data, dict) else {}
        number = asked.get("id")
        sent = {"kind": kind, "id": number if type(number) is int else 0}
        try:
            return sent | find(asked)
        except SkinnetError as error:
            return sent | {"error": self.site.words.sentence(str(error))}
        except (ValueError, RuntimeError, MemoryError, OSError):
            log.exception("A photo of the Learn tab could not be classified.")
            return sent | {"error": self.site.words("common.failed")}


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    try:
        verdicts = load_verdicts(site.checkpoint)
        cards, version = deck(site.cases, verdicts), verdicts.made_with
    except CheckpointError:
        cards, version = [], ""
    learn = part(
        "learn",
        _start(site, cards, version=version),
        scripts=SCRIPTS,
        html=site.words.page(RULES.read_text(encoding="utf-8")),
        texts=site.words.section("learn"),
    )
    answers = Answers(site, cards)
    learn.quiz(answers.quiz, outputs=learn, **QUIETLY)
    learn.steps(answers.steps, outputs=learn, **ONE_AT_A_TIME)
    learn.stress(answers.stress, outputs=learn, **ONE_AT_A_TIME)


def _start(site: Site, cards: list[Card], *, version: str) -> Answer:
    """What the page needs before it asks for anything."""
    pictures = {
        isic_id: data_uri(display_photo(open_photo(site.case(isic_id).path), longest_side=THUMBNAIL_SIDE))
        for isic_id in OFFERED_CASES
    }
    return {
        "kind": "start",
        "missing": not version,
        "signs": SIGNS,
        "sizes": SIZES,
        "malignant": list(MALIGNANT),
        "deck": {
            "all": len(site.cases),
            "cards": len(cards),
            "malignant": sum(card.malignant for card in cards),
            "wrong": sum(card.wrong for card in cards),
        },
        "version": version,
        "sliders": sliders(),
        "limit": photo_limit(site.words),
        "pictures": pictures,
        "names": {name: site.words.diagnosis(name) for name in CLASSES},
        "networks": [_kind(member.network, site.words) for member in site.config.members],
    }


def _kind(network: str, words: Words) -> str:
    return next((words(key) for begin, key in NETWORK_KINDS.items() if network.startswith(begin)), network)
