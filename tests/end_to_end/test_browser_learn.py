"""The Learn tab in a browser: a whole quiz with the keyboard, a reload in its middle, the steps and the stress test."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from demo.quiz import Card, deck, draw
from demo.site import CASE_FOLDER, load_cases
from skinnet.inference.wording import percent
from skinnet.studies.case_verdicts import load_verdicts
from tests.end_to_end.conftest import wide

pytestmark = pytest.mark.filterwarnings("default")
SEED, SIZE = "K7Q4", 6
FIRST = (True, True, False, False, True, False)
FINAL = (False, True, True, False, True, True)
"""Whether to examine each photo, before and after the network's verdict."""


@pytest.fixture(scope="module")
def drawn(shipped: Path) -> list[Card]:
    """The cases of the set that the tests play."""
    return draw(deck(load_cases(), load_verdicts(shipped)), seed=SEED, size=SIZE)


@pytest.fixture
def learn(page: Any, address: str) -> Any:
    page.goto(f"{address}#learn")
    page.reload()
    page.locator(".learn .begin").wait_for()
    page.locator(".learn .stress .answer .changed").wait_for()  # the first photo is classified by itself
    return page


def words(page: Any, place: str) -> str:
    return str(page.locator(f".learn {place}").inner_text()).replace("\u00a0", " ")


def play(page: Any, number: int) -> None:
    """Answer one photo with the keyboard alone."""
    assert page.locator(".learn h1").inner_text() == "Would you have this lesion examined?"
    page.keyboard.press("1" if FIRST[number] else "2")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    page.locator(".learn canvas.photo[data-drawn]").wait_for()
    page.keyboard.press("1" if FINAL[number] else "2")
    page.locator(".learn .next").wait_for()


def start(page: Any) -> None:
    page.locator("#seed").fill(SEED.lower())
    page.locator(".learn .lengths input").first.check(force=True)
    assert f"#learn/{SEED}/{SIZE}" in words(page, ".address")  # a lecturer has the link before the quiz
    page.locator("#seed").press("Enter")
    page.locator(".learn .ask").wait_for()


def of(count: int, measure: str) -> str:
    return f"{count} of {SIZE // 2} {measure}"


def test_a_whole_quiz_with_the_keyboard_and_a_reload_in_the_middle(
    learn: Any, drawn: list[Card], screenshots: Path, tmp_path: Path
) -> None:
    page = learn
    page.screenshot(path=screenshots / f"learn-{page.size_name}.png", full_page=True)
    assert not wide(page)
    start(page)
    assert page.evaluate("location.hash") == f"#learn/{SEED}/{SIZE}"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.screenshot(path=screenshots / f"learn-question-{page.size_name}.png")
    assert not wide(page)
    asked = len(page.asked)
    for number, card in enumerate(drawn):
        if number == 3:  # in the middle: nothing is lost, and a first answer stays given
            page.keyboard.press("1" if FIRST[3] else "2")
            page.keyboard.press("5")
            page.keyboard.press("Enter")
            assert len(page.asked) == asked  # no answer leaves the browser
            page.reload()
            page.locator(".learn canvas.photo[data-drawn]").wait_for()
            assert words(page, ".progress > span:first-child").startswith("Photo 4 of 6")
            assert "Your answer: leave it (very sure)." in words(page, ".place .side")
            asked = len(page.asked)
            page.keyboard.press("1" if FINAL[3] else "2")
        else:
            play(page, number)
        side = words(page, ".place .side")
        assert ("Melanoma" if card.malignant else "Melanocytic nevus (mole)") in side
        assert f"Score {percent(card.verdict.p_malignant)}, " in side
        assert (" sure)." in side) == (FIRST[number] == FINAL[number])  # nobody said how sure a changed answer is
        assert ("no all-clear" in side) == (card.malignant and card.wrong)
        assert page.locator("h1:visible").count() == 1
        page.keyboard.press("Enter")
    assert words(page, "h1:visible") == "You, and the network"
    assert len(page.asked) == asked
    page.screenshot(path=screenshots / f"learn-end-{page.size_name}.png", full_page=True)
    assert not wide(page)
    check_counts(page, drawn)
    check_table(page, drawn, tmp_path / "quiz.csv")
    assert f"#learn/{SEED}/{SIZE}" in words(page, ".address")
    page.locator(".learn .results input").set_input_files([str(tmp_path / "quiz.csv")] * 2)
    found = 2 * sum(card.malignant and choice for card, choice in zip(drawn, FINAL, strict=True))
    page.locator(".learn .sums", has_text=f"2 files, {2 * SIZE} answers.").wait_for()
    assert f"After it: melanomas examined {found} of {SIZE} (" in words(page, ".sums")
    followed = 2 * sum(card.wrong and card.malignant != choice for card, choice in zip(drawn, FINAL, strict=True))
    assert f"it was followed in {followed} of {2 * sum(card.wrong for card in drawn)} (" in words(page, ".sums")


def check_counts(page: Any, drawn: list[Card]) -> None:
    lists = (FIRST, FINAL, [card.verdict.suspicious for card in drawn])
    for number, choices in enumerate(lists):
        column = words(page, f".three section:nth-child({number + 1})")
        found = sum(card.malignant and choice for card, choice in zip(drawn, choices, strict=True))
        left = sum(not card.malignant and not choice for card, choice in zip(drawn, choices, strict=True))
        assert of(found, "melanomas examined") in column
        assert of(left, "moles left alone") in column
    assert "sensitivity 67 % (21 to 94)" in words(page, ".three section:nth-child(3)")  # Wilson, 2 of 3
    right = [card.malignant == choice for card, choice in zip(drawn, FIRST, strict=True)]
    wrong_now = [card.malignant != choice for card, choice in zip(drawn, FINAL, strict=True)]
    talked = sum(card.wrong and a and b for card, a, b in zip(drawn, right, wrong_now, strict=True))
    unhelped = sum(not card.wrong and not a and b for card, a, b in zip(drawn, right, wrong_now, strict=True))
    counts = ["Never", "Once", "Twice"]
    assert (counts[talked], counts[unhelped]) == ("Once", "Once")
    assert words(page, ".talked h2") == f"{counts[talked]} it talked you out of a right answer."
    assert words(page, ".unhelped h2") == f"{counts[unhelped]} you did not take its help."


def check_table(page: Any, drawn: list[Card], path: Path) -> None:
    with page.expect_download() as download:
        page.locator(".learn .save").click()
    assert download.value.suggested_filename == f"skinnet-quiz-{SEED}.csv"
    download.value.save_as(path)
    answer = {True: "examine", False: "leave"}
    assert list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))) == [
        {
            "set": SEED,
            "photo": str(number + 1),
            "isic_id": card.case.isic_id,
            "diagnosis": card.case.dx,
            "first_answer": answer[FIRST[number]],
            "sure": "3" if number == 3 else "2",
            "network_score": f"{card.verdict.p_malignant:g}",
            "network": "above" if card.verdict.suspicious else "below",
            "final_answer": answer[FINAL[number]],
        }
        for number, card in enumerate(drawn)
    ]


def test_a_link_names_its_set_and_a_wrong_one_says_so(page: Any, address: str) -> None:
    page.goto(f"{address}#learn/{SEED}/20")
    page.reload()
    page.locator(".learn .begin").wait_for()
    assert page.locator("#seed").input_value() == SEED
    assert page.locator(".learn .lengths input:checked").get_attribute("value") == "20"
    page.evaluate("location.hash = '#learn/OOO0'")
    page.locator(".learn .start .warning").wait_for()
    page.evaluate(f"location.hash = '#learn/{SEED}'")
    page.locator(".learn .ask").wait_for()
    assert "Photo 1 of 12" in words(page, ".progress")
    page.locator(".learn .progress .link").click()
    page.locator(".learn .begin").wait_for()
    assert page.evaluate("location.hash") == "#learn"


def test_what_the_browser_kept_may_be_anything(page: Any, address: str) -> None:
    for kept in ("7", "[]", '{"seed": "K7Q4", "size": 6, "answers": [{"first": 1}]}', "{"):
        page.evaluate("kept => localStorage.setItem('skinnet-quiz', kept)", kept)
        page.goto(f"{address}#learn")
        page.reload()
        page.locator(".learn .begin").wait_for()
        assert page.locator(".learn .resume").count() == 0


def test_the_sliders_change_the_photo_the_score_and_the_gate(learn: Any, screenshots: Path) -> None:
    page = learn
    photo, before = page.locator(".learn .stress .photo"), words(page, ".stress .changed")
    pictures = [photo.get_attribute("src")]
    assert before.startswith("As it is, the photo scores")
    page.locator("#slider-light").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#slider-light").get_attribute("aria-valuetext") == "light −15\u00a0%"
    page.locator(".learn .stress .changed:has-text('light −15')").wait_for()
    assert words(page, ".stress .changed").startswith(f"{before} With light −15 % it scores")
    pictures.append(photo.get_attribute("src"))
    page.screenshot(path=screenshots / f"learn-stress-{page.size_name}.png", full_page=True)
    page.locator("#slider-blur").fill("3")
    page.locator(".learn .stress .answer h3:has-text('Not classified')").wait_for()
    assert "no figure is shown" in words(page, ".stress .answer")
    pictures.append(photo.get_attribute("src"))
    assert len(set(pictures)) == len(pictures)
    page.get_by_role("button", name="Undo all").click()
    page.locator(".learn .stress .answer h3:has-text('Suspicious')").wait_for()
    assert words(page, ".stress .changed") == before


def test_of_many_moves_the_last_one_is_answered(learn: Any) -> None:
    page = learn
    for zoom in ("1.1", "1.2", "1.3"):
        page.locator("#slider-crop").fill(zoom)
        page.wait_for_timeout(200)
    page.get_by_role("button", name="Undo all").click()
    page.locator("#slider-light").fill("0.9")
    page.locator(".learn .stress .busy:empty").wait_for(state="attached")
    page.locator(".learn .stress .changed:has-text('With light −10')").wait_for()
    assert "middle" not in words(page, ".stress .changed")


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_the_photo_last_classified_is_handed_over_and_not_stored(page: Any) -> None:
    page.locator(".viewer .library").set_input_files(str(CASE_FOLDER / "ISIC_0000357.jpg"))
    page.locator(".viewer[data-state=classified]").wait_for()
    score = page.locator(".viewer p.score strong").inner_text().replace("\u00a0", " ")
    page.evaluate("location.hash = 'learn'")
    page.locator(".learn .picker .new[aria-pressed=true]", has_text="Classified last").wait_for()
    page.locator(".learn .stress .changed", has_text="As it is, the photo scores").wait_for()
    assert f"the photo scores {score}" in words(page, ".stress .changed")
    assert page.evaluate("[localStorage, sessionStorage].map(each => JSON.stringify(each)).join()").count("data:") == 0


def test_six_steps_of_a_case_and_of_an_uploaded_photo(learn: Any, screenshots: Path, photo: Path) -> None:
    page = learn
    page.get_by_role("button", name="Show the six steps").click()
    page.locator(".learn .steps > li").nth(5).wait_for()
    assert page.locator(".learn .steps > li").count() == 6
    assert page.locator(".learn .steps canvas").count() == 4 + 4 + 2
    score = words(page, ".steps .big")
    assert f"As it is, the photo scores {score}" in words(page, ".stress .changed")
    page.screenshot(path=screenshots / f"learn-steps-{page.size_name}.png", full_page=True)
    assert not wide(page)
    page.locator(".learn input.own").set_input_files(str(CASE_FOLDER / "ISIC_0000357.jpg"))
    page.locator(".learn .steps li:nth-child(6):has-text('below the threshold')").wait_for()
    assert words(page, ".steps .big") != score
    page.locator(".learn input.own").set_input_files(str(photo))
    page.locator(".learn .steps-place .warning").wait_for()
    assert "no figure is shown" in words(page, ".steps-place")
    assert page.locator(".learn .steps").count() == 0
    assert "lesion.jpg" not in page.locator("body").inner_text()
