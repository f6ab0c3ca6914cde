"""The Classify tab in a browser: verdicts, the map, files that are no photos, keyboard, camera, saving, printing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demo.site import CASE_FOLDER
from skinnet.checkpoint import load_config
from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier
from skinnet.inference.wording import percent
from skinnet.labels import CLASSES
from tests.end_to_end.conftest import wide

pytestmark = pytest.mark.filterwarnings("default")
MELANOMA = CASE_FOLDER / "ISIC_0000049.jpg"
BORDERLINE = CASE_FOLDER / "ISIC_0000297.jpg"
PIXELS = "canvas => canvas.toDataURL()"


def send(page: Any, photo: Path) -> None:
    page.locator(".viewer .library").set_input_files(str(photo))


def state(page: Any, name: str) -> None:
    page.locator(f".viewer[data-state={name}]").wait_for()


def test_a_photo_gets_its_verdict_and_a_map_that_changes_in_the_browser(
    page: Any, shipped: Path, screenshots: Path
) -> None:
    page.screenshot(path=screenshots / f"classify-empty-{page.size_name}.png", full_page=True)
    send(page, MELANOMA)
    state(page, "classified")
    expected = Classifier.load(shipped).predict(open_photo(MELANOMA))
    words = page.locator(".viewer .answer").inner_text().replace("\u00a0", " ")
    assert words.startswith("Suspicious")
    assert f"Score {percent(expected.p_malignant)}, above the threshold" in words
    assert "HAM10000" in words
    assert "ISIC 2017 part 3" in words
    assert page.locator(".viewer .ledger input").count() == len(CLASSES)
    assert page.locator("h1:visible").count() == 1
    assert page.locator(".viewer .answer h1").bounding_box()["y"] < page.viewport_size["height"]
    assert not wide(page)

    canvas = page.locator(".viewer canvas.photo")
    asked = len(page.asked)
    pictures = [canvas.evaluate(PIXELS)]
    for change in ("Colour", "Photo", "Outline"):
        page.get_by_label(change, exact=True).check(force=True)
        pictures.append(canvas.evaluate(PIXELS))
    assert pictures[3] == pictures[0]
    page.locator(".viewer .ledger input[value=nv]").check()
    pictures.append(canvas.evaluate(PIXELS))
    assert canvas.get_attribute("aria-label") == "Photo of the lesion, with the evidence for Melanocytic nevus (mole)"
    page.get_by_label("Strength").focus()
    page.keyboard.press("Home")
    assert canvas.evaluate(PIXELS) == pictures[2]  # no strength: the photo alone
    page.keyboard.press("End")
    pictures.append(canvas.evaluate(PIXELS))
    assert len(set(pictures)) == len(pictures) - 1
    page.get_by_role("button", name="All diagnoses").click()
    assert page.locator(".viewer .small-maps canvas").count() == len(CLASSES)
    assert len(page.asked) == asked  # nothing of this went to the server
    page.screenshot(path=screenshots / f"classify-{page.size_name}.png", full_page=True)


def test_the_chance_follows_the_prevalence_that_the_reader_picks(page: Any) -> None:
    send(page, MELANOMA)
    state(page, "classified")
    counts = []
    for number in range(3):
        page.locator(f"label[for=prevalence-{number}]").click()
        counts.append(page.locator(".viewer .chance h2:visible").inner_text())
    assert len(set(counts)) == 3
    page.locator("#prevalence-2").evaluate("field => { field.className = 'old'; }")
    page.get_by_role("button", name="Turn", exact=True).click()
    page.locator("#prevalence-2:not(.old)").wait_for(state="attached")
    assert page.locator("#prevalence-2").is_checked()  # the next photo is of the same place


def test_a_case_shows_its_truth_after_the_verdict(page: Any, screenshots: Path) -> None:
    page.locator(".viewer .case").nth(2).click()
    state(page, "classified")
    assert "The archive's diagnosis: " in page.locator(".viewer .truth").inner_text()
    assert page.locator(".viewer .left .another").bounding_box()["y"] < 300  # above the photo
    page.locator(".viewer .left .another").click()
    page.locator(".viewer .case").first.wait_for()
    assert page.locator(".viewer .truth").count() == 0
    assert page.locator(".viewer .ledger").count() == 0
    assert page.evaluate("[window.scrollY, document.activeElement.textContent]") == [0, "Choose a photo"]
    page.evaluate("""() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "photo.jpg"));
      document.querySelector(".viewer .right").dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer }));
    }""")
    state(page, "unreadable")  # a photo dropped beside the field is taken, too


def test_a_photo_sent_while_another_is_classified_gets_its_own_verdict(page: Any, shipped: Path) -> None:
    second = CASE_FOLDER / "ISIC_0000357.jpg"
    send(page, MELANOMA)
    page.locator(".viewer[data-state=busy]").wait_for()
    send(page, second)
    state(page, "classified")
    expected = Classifier.load(shipped).predict(open_photo(second))
    words = page.locator(".viewer p.score").inner_text().replace("\u00a0", " ")
    assert words.startswith(f"Score {percent(expected.p_malignant)}, ")


@pytest.mark.parametrize("kind", ["broken", "refused", "empty"])
def test_a_second_file_that_cannot_be_classified_clears_the_first_verdict(
    page: Any, photo: Path, tmp_path: Path, screenshots: Path, kind: str
) -> None:
    send(page, MELANOMA)
    state(page, "classified")
    second = tmp_path / "second.webp"
    second.write_bytes({"broken": MELANOMA.read_bytes()[:5000], "refused": photo.read_bytes(), "empty": b""}[kind])
    send(page, second)
    state(page, "refused" if kind == "refused" else "unreadable")
    words = page.locator(".viewer .answer").inner_text()
    assert "Suspicious" not in words
    assert "second" not in words
    assert words.startswith("Not classified" if kind == "refused" else "This file cannot be classified")
    assert page.locator(".viewer .ledger").count() == 0
    assert page.locator(".viewer .controls").is_hidden()
    assert page.locator(".viewer .report").is_hidden()
    page.screenshot(path=screenshots / f"classify-{kind}-{page.size_name}.png", full_page=True)
    page.locator(".viewer .right .another").click()
    page.locator(".viewer .case").first.wait_for()


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_a_photo_of_more_than_20_mb_is_told_so_before_it_is_sent(page: Any, tmp_path: Path) -> None:
    large, asked = tmp_path / "large.tif", len(page.asked)
    with large.open("wb") as file:
        file.truncate(20_000_001)
    send(page, large)
    state(page, "unreadable")
    assert "The photo is larger than 20 MB" in page.locator(".viewer [role=alert]").inner_text()
    assert len(page.asked) == asked


def test_turning_and_cropping_ask_again(page: Any) -> None:
    send(page, CASE_FOLDER / "ISIC_0000139.jpg")
    state(page, "classified")
    canvas = page.locator(".viewer canvas.photo")
    before = canvas.evaluate("canvas => [canvas.width, canvas.height]")
    score = page.locator(".viewer p.score").inner_text()
    page.get_by_role("button", name="Crop", exact=True).click()
    photo, apply = canvas.bounding_box(), page.get_by_role("button", name="Use this part").bounding_box()
    assert photo["y"] + photo["height"] < apply["y"] < page.viewport_size["height"]  # beside the photo, on a phone too
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Use this part").is_hidden()
    page.get_by_role("button", name="Crop", exact=True).click()
    page.get_by_label("Size").fill("50")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Use this part").click()
    page.wait_for_function("old => document.querySelector('.viewer p.score')?.innerText !== old", arg=score)
    page.get_by_role("button", name="Turn", exact=True).click()
    page.wait_for_function(
        """([width, height]) => {
          const canvas = document.querySelector(".viewer canvas.photo");
          return Math.abs(canvas.width / canvas.height - height / width) < 0.02;
        }""",
        arg=before,
    )


def test_the_keyboard_alone_leads_from_a_case_to_the_report(page: Any) -> None:
    page.locator(".viewer .case").first.focus()
    page.keyboard.press("Enter")
    state(page, "classified")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className").endswith("report"):
            break
    assert page.evaluate("document.activeElement.textContent") == "One-page report"
    page.evaluate("window.print = () => { window.printed = true }")
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed")


def test_the_report_is_one_page_and_names_the_model(page: Any, shipped: Path, screenshots: Path) -> None:
    if page.size_name == "phone":
        pytest.skip("the same page in print")
    send(page, MELANOMA)
    state(page, "classified")
    page.locator("label[for=prevalence-2]").click()
    page.evaluate("document.body.classList.add('dark')")
    printed = page.pdf(prefer_css_page_size=True)
    (screenshots / "report.pdf").write_bytes(printed)
    assert printed.count(b"/Type /Page\n") == 1
    page.emulate_media(media="print")
    plain, mapped = (page.locator(f".viewer canvas.{name}") for name in ("plain", "photo"))
    assert plain.bounding_box()["x"] < mapped.bounding_box()["x"]
    assert plain.bounding_box()["y"] == mapped.bounding_box()["y"]
    assert plain.evaluate(PIXELS) != mapped.evaluate(PIXELS)
    assert page.locator(".viewer .chance label:visible").all_inner_texts() == ["general practice 2 in 100"]
    paper = "['body', '.viewer .lead'].map(name => getComputedStyle(document.querySelector(name)))"
    colours = page.evaluate(f"(([page, text]) => [page.backgroundColor, text.color])({paper})")
    assert colours == ["rgb(255, 255, 255)", "rgb(23, 21, 28)"]  # from a dark screen, too
    words = page.locator(".viewer .right").inner_text()
    assert load_config(shipped).weights_sha256[:12] in words
    assert "For teaching and demonstration, not for the record." in words
    assert "not a medical device" in words
    assert "ISIC_0000049" not in page.locator("body").inner_text()
    page.emulate_media(media="null")
    page.locator(".viewer p.score").evaluate("score => { score.className = 'old'; }")
    send(page, BORDERLINE)
    page.locator(".viewer p.score").wait_for()
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1  # the longest one: below, with a warning


def test_the_picture_is_saved_with_its_verdict(page: Any, tmp_path: Path) -> None:
    from PIL import Image

    send(page, MELANOMA)
    state(page, "classified")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    assert download.value.suggested_filename == "skinnet.png"
    download.value.save_as(tmp_path / "saved.png")
    canvas = page.locator(".viewer canvas.photo").evaluate("canvas => [canvas.width, canvas.height]")
    with Image.open(tmp_path / "saved.png") as saved:
        assert saved.width == canvas[0]
        assert saved.height > canvas[1]


def test_a_camera_takes_a_photo(page: Any) -> None:
    if page.size_name == "phone":
        pytest.skip("a phone opens its own camera")
    page.get_by_role("button", name="Use a camera").click()
    page.wait_for_function("document.querySelector('.viewer video').videoWidth > 0")
    page.get_by_role("button", name="Take the photo").click()
    state(page, "refused")  # the test pattern of Chromium


def test_tabs_have_addresses(page: Any, address: str) -> None:
    page.get_by_role("tab", name="About").click()
    page.wait_for_function("location.hash === '#about'")
    page.go_back()
    page.locator(".viewer .choose").wait_for()
    page.goto(f"{address}#results")
    page.reload()
    page.wait_for_function("document.getElementById('tab-results-button')?.ariaSelected === 'true'")
