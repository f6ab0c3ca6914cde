from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from demo.site import load_metrics
from demo.verdict import refusal, verdict
from skinnet.evaluation.evaluate import Metrics
from skinnet.inference.classifier import Prediction
from skinnet.inference.wording import percent
from skinnet.labels import CLASSES


@pytest.fixture(scope="module")
def metrics(shipped: Path) -> Metrics:
    return load_metrics(shipped, "test")


def prediction(diagnosis: str, *, p_malignant: float, suspicious: bool) -> Prediction:
    probabilities = dict.fromkeys(CLASSES, 0.0) | {"mel": p_malignant, "bkl": 1 - p_malignant}
    return Prediction(diagnosis, probabilities, p_malignant, suspicious)


def text_of(html: str) -> str:
    parts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = parts.append  # type: ignore[method-assign]
    parser.feed(html)
    return " ".join(" ".join(parts).split())


@pytest.mark.parametrize("diagnosis", CLASSES)
def test_below_the_threshold_it_is_no_all_clear_and_never_benign(diagnosis: str, metrics: Metrics) -> None:
    words = text_of(verdict(prediction(diagnosis, p_malignant=0.0004, suspicious=False), metrics))
    assert "This is no all-clear." in words
    assert "benign" not in words.lower()
    assert "under 0.1 % chance that the lesion is malignant or pre-malignant" in words
    assert "not a medical device" in words


def test_above_the_threshold_it_is_suspicious(metrics: Metrics) -> None:
    words = text_of(verdict(prediction("mel", p_malignant=0.62, suspicious=True), metrics))
    assert "62 % chance that the lesion is malignant or pre-malignant" in words
    assert "Suspicious: a doctor should look at this lesion." in words
    assert "all-clear" not in words


def test_it_says_how_many_the_threshold_found_on_test_images(metrics: Metrics) -> None:
    words = text_of(verdict(prediction("mel", p_malignant=0.62, suspicious=True), metrics))
    sensitivity = metrics.overall["sensitivity"].value
    assert sensitivity is not None
    assert f"On 2,004 test images it found {100 * sensitivity:.0f} % (95 % interval" in words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "under 0.1 %"), (0.0421, "4.2 %"), (0.567, "57 %"), (0.9312, "93.1 %"), (1.0, "over 99.9 %")],
)
def test_a_probability_never_claims_certainty(probability: float, words: str) -> None:
    assert percent(probability) == words


def test_a_refusal_shows_no_markup_of_the_reason() -> None:
    assert "<b>" not in refusal("<b>bad</b>")


def test_a_warning_stands_above_the_figures_and_a_note_below_the_diagnosis(metrics: Metrics) -> None:
    plain = prediction("mel", p_malignant=0.62, suspicious=True)
    warned = text_of(verdict(replace(plain, gate="warn", note="The <picture> is blurred."), metrics))
    assert warned.startswith("Do not rely on this. The <picture> is blurred. 62 % chance")
    noted = text_of(verdict(replace(plain, note="Melanoma is not excluded."), metrics))
    assert "Do not rely" not in noted
    assert noted.index("Diagnosis by both rules: Melanoma") < noted.index("Melanoma is not excluded.")


def test_both_diagnoses_are_named_where_the_rules_differ(metrics: Metrics) -> None:
    differing = replace(prediction("mel", p_malignant=0.62, suspicious=True), diagnosis="df")
    words = "Likeliest diagnosis: Melanoma . By the balanced rule: Dermatofibroma"
    assert words in text_of(verdict(differing, metrics))
