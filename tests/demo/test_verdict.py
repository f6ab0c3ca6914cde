from __future__ import annotations

import re
from dataclasses import replace

import pytest

from demo.frequencies import at_prevalence, prevalences, rounded_count
from demo.site import Site
from demo.svg import icon_array
from demo.verdict import refusal, verdict, warning
from demo.words import Words
from skinnet.inference.prediction import Prediction
from skinnet.labels import CLASSES, FULL_NAMES, MALIGNANT
from skinnet.reporting.results.axis import axis_position
from skinnet.reporting.results.counts import SourceCounts

ENGLISH = Words.load("en")
SUSPICIOUS = Prediction(
    diagnosis="mel",
    probabilities=dict(zip(CLASSES, (0.01, 0.01, 0.02, 0.01, 0.16, 0.78, 0.01), strict=True)),
    p_malignant=0.18,
    suspicious=True,
    possible=("nv", "mel"),
    scores=(0.18, 0.11, 0.3),
)
BELOW = replace(SUSPICIOUS, p_malignant=0.02, suspicious=False, scores=(0.02, 0.018, 0.03), diagnosis="nv")


@pytest.fixture(scope="module")
def tests(site: Site) -> list[SourceCounts]:
    return [SourceCounts.of(source, metrics) for source, metrics in site.metrics.items()]


def words(site: Site, tests: list[SourceCounts], prediction: Prediction, truth: str = "") -> str:
    threshold = site.classifier.decision.malignant_threshold
    html = verdict(
        prediction,
        threshold=threshold,
        tests=tests,
        prevalences=prevalences(site.config),
        words=ENGLISH,
        truth=truth,
    ).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_suspicious_lesion_is_to_be_examined(site: Site, tests: list[SourceCounts]) -> None:
    said = words(site, tests, SUSPICIOUS)
    assert said.split()[0] == "Suspicious"
    assert "A doctor should examine this lesion" in said
    assert "As it is or turned and cropped, the same photo scores 11 % to 30 %." in said
    assert (
        "Melanocytic nevus (mole) is the likeliest single diagnosis (78 %). It does not overrule the verdict." in said
    )
    assert "Melanoma is not excluded." in said
    assert "it names Melanoma" in said
    assert "one may be listed with less than 1 %, while a mole with far more is not" in said


def test_a_rare_diagnosis_stays_possible_with_less_than_a_mole_needs(site: Site) -> None:
    sets = site.classifier.sets
    assert sets is not None
    floors = dict(zip(CLASSES, sets.floors, strict=True))
    assert min(floors.values()) < 0.01 < 0.1 < floors["nv"]


def test_a_score_below_the_threshold_is_never_an_all_clear(site: Site, tests: list[SourceCounts]) -> None:
    said = words(site, tests, BELOW)
    assert said.lstrip().startswith("Below the threshold This is not an all-clear.")
    missed = [f"{test.missed} of {test.melanomas} photos in {test.title}" for test in tests]
    assert f"Melanomas that scored below the threshold: {', '.join(missed)}." in said
    assert all(0 < test.missed < test.melanomas for test in tests)
    assert not re.search(r"\b(is|probably|likely) benign|harmless|no cancer", said)


def test_a_score_on_both_sides_of_the_threshold_is_borderline(site: Site, tests: list[SourceCounts]) -> None:
    assert "Borderline." in words(site, tests, replace(BELOW, scores=(0.02, 0.018, 0.08)))
    assert "Borderline." not in words(site, tests, BELOW)
    assert "Borderline." in words(site, tests, replace(SUSPICIOUS, scores=(0.18, 0.01)))


def test_a_score_next_to_the_threshold_gets_a_digit_more(site: Site, tests: list[SourceCounts]) -> None:
    threshold = site.classifier.decision.malignant_threshold
    said = words(site, tests, replace(BELOW, p_malignant=threshold - 1e-4))
    assert f"Score {100 * (threshold - 1e-4):.2f} % , below the threshold of {100 * threshold:.2f} %" in said


def test_the_frequencies_are_those_of_each_data_set(site: Site, tests: list[SourceCounts]) -> None:
    said = words(site, tests, SUSPICIOUS)
    assert [test.title for test in tests] == ["HAM10000", "ISIC 2017 part 3"]
    for test, metrics in zip(tests, site.metrics.values(), strict=True):
        sensitivity, specificity = metrics.overall["sensitivity"].value, metrics.overall["specificity"].value
        assert sensitivity is not None
        assert specificity is not None
        assert test.malignant == sum(metrics.support[dx] for dx in MALIGNANT)
        assert test.malignant + test.benign == metrics.images
        assert f"{100 * sensitivity:.0f} (" in said
        assert test.alarms.value == pytest.approx(1 - specificity)
        assert (test.alarms.low or 1) < test.alarms.value < (test.alarms.high or 0)
        assert test.missed / test.melanomas == pytest.approx(1 - _melanoma_sensitivity(metrics))


def _melanoma_sensitivity(metrics: object) -> float:
    value = metrics.operating_points[0].estimates["melanoma_sensitivity"].value  # type: ignore[attr-defined]
    return float(value)


def test_the_chance_shifts_with_the_prevalence(site: Site, tests: list[SourceCounts]) -> None:
    shares = prevalences(site.config)
    base = next(iter(shares.values()))
    assert base == pytest.approx(site.config.rules_from.malignant / site.config.rules_from.lesions)
    assert at_prevalence(0.18, base=base, prevalence=base) == pytest.approx(0.18)
    assert at_prevalence(base, base=base, prevalence=0.02) == pytest.approx(0.02)  # a score that says nothing
    said = words(site, tests, SUSPICIOUS)
    counts = [int(count) for count in re.findall(r"About (\d+) in 1,000", said)]
    assert counts == [rounded_count(at_prevalence(0.18, base=base, prevalence=share)) for share in shares.values()]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("probability", "count"), [(0.0004, 0), (0.0042, 4), (0.043, 45), (0.234, 230), (0.9999, 1000)]
)
def test_counts_claim_no_more_than_two_digits(probability: float, count: int) -> None:
    assert rounded_count(probability) == count


@pytest.mark.parametrize("count", [0, 1, 49, 50, 230, 1000])
def test_the_icons_add_up(count: int) -> None:
    areas = {"solid": 0, "hollow": 0}
    drawn = icon_array(count, drawing=0, label="")
    for width, height, kind in re.findall(r'width="(\d+)" height="(\d+)" fill="url\(#(\w+)-dot', drawn):
        areas[kind] += int(width) * int(height) // 100
    assert areas == {"solid": count, "hollow": 1000 - count}


def test_each_drawing_fills_its_dots_from_its_own_patterns() -> None:
    for drawing in range(3):  # equal counts too: all but one of the drawings are hidden
        drawn = icon_array(230, drawing=drawing, label="")
        defined = set(re.findall(r'<pattern id="([^"]+)"', drawn))
        assert (
            defined == set(re.findall(r"url\(#([^)]+)\)", drawn)) == {f"solid-dot-{drawing}", f"hollow-dot-{drawing}"}
        )


def test_the_axis_is_one_of_log_odds() -> None:
    assert [axis_position(end) for end in (0.0001, 0.001, 0.99, 0.9999)] == [0, 0, 1, 1]
    assert axis_position(0.5) - axis_position(0.1) == pytest.approx(axis_position(0.9) - axis_position(0.5))


def test_a_refused_photo_gets_no_figure_and_a_warned_one_folds_them_away() -> None:
    assert not re.search(r"\d", re.sub(r"<[^>]+>", "", refusal("Too dark.", ENGLISH)).replace("2.", ""))
    said = warning("Too dark.", "<p>46 %</p>", ENGLISH)
    assert said.index("Do not rely on it") < said.index("<details") < said.index("46 %") < said.index("</details>")


def test_the_truth_of_a_case_is_a_chip_and_texts_are_escaped(site: Site, tests: list[SourceCounts]) -> None:
    assert f"The archive's diagnosis: {FULL_NAMES['mel']}" in words(site, tests, BELOW, truth="mel")
    assert "The archive" not in words(site, tests, BELOW)
    assert "<b>" not in refusal("<b>bold</b>", ENGLISH)
