"""What the library made in English, in the reader's language, text by text.

    translated_page(html, words)   # the texts between tags, the visible attributes, the labels of SVG figures
    translated_data(value, words)  # the texts in data for a script

`Words.sentence` knows each text by its English wording. Files to be saved keep theirs, so that programs can read them.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from html import escape, unescape
from typing import Any

from demo.words import LANGUAGES, Words

TEXT = re.compile(r"(>\s*)([^<>\s][^<>]*?)(?=\s*<)")
SHOWN = re.compile(r'( (?:alt|aria-label|title)=")([^"]+)')
FIGURE = re.compile(r"(data:image/svg\+xml;base64,)([\w+/=]+)")
LABEL = re.compile(r"(<text [^>]*>)([^<]+)")


def translated_page(html: str, words: Words) -> str:
    """Translate a page of the library's: well-formed, without scripts and style sheets."""
    if words.language == LANGUAGES[0]:
        return html

    def text(found: re.Match[str]) -> str:
        return found[1] + escape(words.sentence(unescape(found[2])))

    def figure(found: re.Match[str]) -> str:
        svg = LABEL.sub(text, b64decode(found[2]).decode("utf-8"))
        return found[1] + b64encode(svg.encode("utf-8")).decode("ascii")

    return FIGURE.sub(figure, SHOWN.sub(text, TEXT.sub(text, html)))


def translated_data(value: Any, words: Words) -> Any:
    """Translate JSON for a script; keys and numbers stay."""
    if isinstance(value, str):
        return words.sentence(value)
    if isinstance(value, list):
        return [translated_data(each, words) for each in value]
    if isinstance(value, dict):
        return {key: translated_data(each, words) for key, each in value.items()}
    return value
