"""The page of results in another language: no English is left, no text is there for nothing, and only texts change."""

from __future__ import annotations

import re
from base64 import b64decode
from html import unescape
from pathlib import Path

import pytest

from demo.site import Site
from demo.translated import FIGURE, LABEL, SHOWN, TEXT, translated_data, translated_page
from demo.words import LANGUAGES, PLACE, Words
from skinnet.checkpoint import FIGURE_FOLDER
from skinnet.labels import CLASSES
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.results.assets import EXPLORER
from skinnet.reporting.results.beside import beside
from skinnet.reporting.results.explorer import explorer
from skinnet.reporting.results.measured import data_sets
from skinnet.reporting.results.overview import overview
from skinnet.reporting.results.page import details, top
from skinnet.reporting.results.published import published

GERMAN = Words.load("de")
NAMES = re.compile(
    r"\b(HAM10000|ISIC 2017( part 3)?|((ham10000|isic2017)/)?(HAM|ISIC)_\d+|vidir.modern|vidir.molemax|rosendahl"
    r"|vienna.dias|committee|other|efficientnet_lite0|vit_small_dinov2|(Grad|Layer|Eigen)-CAM|AUROC|PPV|NPV|nats"
    rf"|p_malignant|{'|'.join(CLASSES)})(?!\w)|\{{\w+\}}"
)
"""What is the same in German: names, terms, and the placeholders in what a script says."""
SAME = {"Scores", "hand"}
"""Words that are the same in German."""


def texts(html: str) -> list[str]:
    """All that a reader of a page is shown, the labels of its figures included."""
    labels = LABEL.findall("".join(b64decode(data).decode("utf-8") for _, data in FIGURE.findall(html)))
    return [unescape(text) for _, text in (*TEXT.findall(html), *SHOWN.findall(html), *labels)]


@pytest.fixture(scope="module")
def pages(site: Site, shipped: Path, other: Path) -> list[str]:
    """What the Results tab and a clinic's own check may show; what a script or a table may say, one a paragraph."""
    sets = data_sets(shipped, site.config)
    evaluation, value = published(shipped, site.config, sets), explorer(sets)
    assert value
    said = [*value["texts"].values(), *(place["name"] for place in value["prevalences"]), "better", "worse"]
    said.append("Diagnoses that cannot be ruled out (test splits, n = 90 images of HAM10000)")
    return [
        top(evaluation),
        details(evaluation, shipped / FIGURE_FOLDER),
        EXPLORER.read_text(encoding="utf-8"),
        beside(shipped, other),
        overview(sets[:1], {}),
        "".join(f"<p>{text}</p>" for text in said),
        "".join(table.html() for table in all_tables(sets[0].metrics, reference=False)),
    ]


def test_every_text_is_known_and_none_is_there_for_nothing(pages: list[str]) -> None:
    """Where the texts of a language are only their keys, nothing but names and keys is left of a page."""
    keys = {key: f"<{key}> " + " ".join(f"{{{name}}}" for name in PLACE.findall(text)) for key, text in texts_of("en")}
    signs = {name: GERMAN.texts[name] for name in ("common.decimal", "common.thousands", "common.percent")}
    found = [text for page in pages for text in texts(translated_page(page, Words("keys", keys | signs)))]
    left = {NAMES.sub("", re.sub(r"<[\w.]+>", "", text)) for text in found}
    assert [text for text in left if re.search("[A-Za-z]{2}", text)] == []
    used = {key for text in found for key in re.findall(r"<([\w.]+)>", text)}
    assert [key for key, _ in texts_of("en") if key.startswith("measured.") and key not in used] == []


def texts_of(language: str) -> list[tuple[str, str]]:
    return list(Words.load(language).texts.items())


def test_every_text_of_the_german_page_is_german_with_german_numbers(pages: list[str]) -> None:
    for page in pages:
        shown = list(zip(texts(page), texts(translated_page(page, GERMAN)), strict=True))
        assert len(shown) > 10
        same = {NAMES.sub("", english) for english, german in shown if english == german} - SAME
        assert [text for text in same if re.search("[A-Za-z]{2}", text)] == []
        assert [german for _, german in shown if re.search(r"\b0\.\d|\d,\d{3},|\d %", german)] == []


def test_nothing_but_texts_is_changed(pages: list[str]) -> None:
    for page in pages:
        german = translated_page(page, GERMAN)
        assert bare(german) == bare(page)
        assert translated_page(page, Words.load(LANGUAGES[0])) is page
    value = {"texts": {"score": "score"}, "scores": [0.5, None], "title": "HAM10000"}
    assert translated_data(value, GERMAN) == value | {"texts": {"score": "Score"}}


def bare(page: str) -> str:
    """A page without its texts and the labels of its figures."""
    return FIGURE.sub("", SHOWN.sub("", TEXT.sub("", page)))


def test_what_is_a_mark_in_html_stays_one() -> None:
    page = '<b title="face">\n of 5 lesions </b><i>a &lt;b&gt; &amp; c</i>'
    assert translated_page(page, GERMAN) == '<b title="Gesicht">\n von 5 Läsionen </b><i>a &lt;b&gt; &amp; c</i>'
