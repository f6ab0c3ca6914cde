"""The texts of the app in a reader's language: one file for each in `words/`, with the same keys and placeholders.

    words = Words.load("de")
    words("common.case", number=3)           # a text with its placeholders filled in
    words.sentence("The file is empty.")     # what the library writes, known by its English wording: see `ENGLISH`
    words.page(PAGE.read_text(), count="7")  # HTML with a key in braces wherever a text belongs

A text of two forms, "1 photo|{count} photos", has the first for a count of one. The scripts use the same file: see
`say` of `js/words.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from skinnet.inference.wording import apart, percent

FOLDER = Path(__file__).with_name("words")
LANGUAGES = ("en", "de")
"""The first is served where a browser asks for none of them."""
SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[A-Z(])")
PLACE = re.compile(r"\{(\w+(?:\.\w+)*)\}")
NUMBER = re.compile(r"(?<!\S)\.\d+|\d+(?:,\d{3})*(?:\.\d+)?")
ENGLISH = ("common", "sentences", "measured")
"""Sections of what the library writes, known by its wording; there a placeholder of one letter stands for a number."""
LONGEST_SENTENCE = 500
"""A longer one is not translated: a pattern takes time by the square of its length, and users' texts may be in it."""


@dataclass(frozen=True)
class Words:
    """The texts of one language.

    Attributes:
        language: as in `<html lang>`.
        texts: by "section.key".
    """

    language: str
    texts: Mapping[str, str]

    @staticmethod
    @cache
    def load(language: str) -> Words:
        """Read the file of a language."""
        sections = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
        texts = {f"{section}.{key}": text for section, keys in sections.items() for key, text in keys.items()}
        return Words(language, texts)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with its placeholders filled in."""
        one, _, other = self.texts[key].partition("|")
        chosen = one if not other or values.get("count") == 1 else other
        return self.typeset(PLACE.sub(lambda place: str(values[place[1]]), chosen))

    def page(self, html: str, **values: object) -> str:
        """Fill a page: keys in braces by their texts, names by values, which are HTML."""
        return PLACE.sub(lambda place: self(place[1], **values) if "." in place[1] else str(values[place[1]]), html)

    def section(self, name: str) -> dict[str, str]:
        """The texts that a script of a section needs."""
        return {key: text for key, text in self.texts.items() if key.split(".")[0] in ("common", name)}

    def typeset(self, text: str) -> str:
        """Keep a percent sign on the line of its number."""
        return text.replace(" %", self.texts["common.percent"])

    def number(self, value: float, spec: str = ",") -> str:
        """A number in the manner of the language."""
        return self._localised(f"{value:{spec}}")

    def percent(self, probability: float) -> str:
        """A probability as a percentage that never claims certainty."""
        return self.sentence(percent(probability))

    def apart(self, probability: float, threshold: float) -> tuple[str, str]:
        """Two percentages with as many digits as tell them apart."""
        shown, limit = apart(probability, threshold)
        return self.sentence(shown), self.sentence(limit)

    def diagnosis(self, dx: str, *, short: bool = False) -> str:
        """The name of a diagnosis; the short one goes without a comment in brackets."""
        name = self(f"common.{dx}")
        return name.split(" (")[0] if short else name

    def within(self, dx: str) -> str:
        """The short name of a diagnosis within a sentence."""
        return self(f"common.within_{dx}")

    def sentence(self, english: str) -> str:
        """What the library wrote in English, sentence by sentence; one that is not known stays English."""
        known, _ = _written()
        return self(known[english]) if english in known else " ".join(map(self._sentence, SENTENCE_END.split(english)))

    def _sentence(self, english: str) -> str:
        known, patterns = _written()
        if key := known.get(english):
            return self(key)
        if len(english) > LONGEST_SENTENCE:
            return english
        for key, pattern in patterns:
            if found := pattern.fullmatch(english):
                return self(key, **{name: self._sentence(value) for name, value in found.groupdict().items()})
        return self.typeset(NUMBER.sub(lambda number: self._localised(number[0]), english))

    def _localised(self, number: str) -> str:
        signs: dict[str, str | int | None] = {",": self.texts["common.thousands"], ".": self.texts["common.decimal"]}
        return ("0" if number.startswith(".") else "") + number.translate(str.maketrans(signs))


@cache
def _written() -> tuple[dict[str, str], list[tuple[str, re.Pattern[str]]]]:
    """What the library writes: the keys of fixed texts, and the others' with their patterns, the most exact first."""
    english = {key: text for key, text in Words.load(LANGUAGES[0]).texts.items() if key.split(".")[0] in ENGLISH}
    fixed = {text: key for key, text in english.items() if not PLACE.search(text)}
    ordered = sorted(english.keys() - fixed.values(), key=lambda key: (-len(PLACE.sub("", english[key])), key))
    return fixed, [(key, re.compile(_pattern(english[key]), re.DOTALL)) for key in ordered]


def _pattern(text: str) -> str:
    literal, *parts = PLACE.split(text)  # literal, name, literal, name, literal ...
    places = zip(parts[::2], parts[1::2], strict=True)
    return re.escape(literal) + "".join(f"(?P<{name}>{_kind(name)}){re.escape(after)}" for name, after in places)


def _kind(name: str) -> str:
    return ".+" if len(name) > 1 else r"(?:[^A-Za-z]+|\{\w+\})"  # a text for a script has a placeholder there
