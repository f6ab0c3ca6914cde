"""The Batch tab in a browser: many files, a bad one, sorting, stopping, CSV, one lesion, a clinic's check."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from demo.site import load_cases
from demo.words import Words
from skinnet.inference.batch import COLUMNS, csv_text, predict_paths
from skinnet.inference.classifier import Classifier
from tests.end_to_end.conftest import wide

pytestmark = pytest.mark.filterwarnings("default")
CASES = load_cases()[:13]
desktop = pytest.mark.parametrize("page", ["desktop"], indirect=True)
"""For what has nothing to do with the width of the page."""
MARKUP = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture
def batch(page: Any) -> Any:
    """The tab, opened."""
    page.evaluate("location.hash = 'batch'")
    page.locator(".batch .drop button").wait_for()
    return page.locator(".batch")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Twelve real photos, a broken file whose name is markup, and an archive of one photo."""
    broken, archive = tmp_path / MARKUP, tmp_path / "more.zip"
    broken.write_bytes(CASES[0].path.read_bytes()[:5000])
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(CASES[12].path, "inner/last.jpg")
    return [*(case.path for case in CASES[:12]), broken, archive]


def choose(batch: Any, files: list[Path]) -> None:
    batch.locator("input[type=file]").first.set_input_files([str(path) for path in files])


def told(batch: Any, words: str) -> None:
    batch.locator(".status", has_text=words).wait_for()


def names(batch: Any) -> list[str]:
    return [name.inner_text() for name in batch.locator(".rows .name").all()]


def saved(page: Any) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_many_files_become_rows_that_can_be_sorted_filtered_and_saved(
    page: Any, batch: Any, files: list[Path], shipped: Path, screenshots: Path
) -> None:
    page.screenshot(path=screenshots / f"batch-start-{page.size_name}.png", full_page=True)
    choose(batch, files)
    told(batch, "14 photos: done.")
    assert batch.locator("h1").inner_text() == "14 photos"
    assert names(batch)[-1] == MARKUP
    assert batch.locator(".rows img[src=x]").count() == 0
    assert batch.locator(".rows img").count() == 13
    assert "The picture is damaged or incomplete" in batch.locator(".rows tr").last.inner_text()
    assert not wide(page)
    page.screenshot(path=screenshots / f"batch-{page.size_name}.png", full_page=True)

    expected = predict_paths(Classifier.load(shipped), files)
    expected["path"] = [*(path.name for path in files[:13]), "more.zip/inner/last.jpg"]
    text = saved(page)
    assert text == csv_text(expected)
    assert next(csv.reader(io.StringIO(text))) == COLUMNS
    ordered = expected[expected["gate"] == "ok"].sort_values("p_malignant", ascending=False)["path"].tolist()
    assert names(batch)[: len(ordered)] == ordered

    by_name = batch.get_by_role("button", name="File", exact=True)
    for direction in ("ascending", "descending"):
        by_name.press("Enter")
        assert batch.locator(f"th[aria-sort={direction}]").inner_text().startswith("File")
        assert names(batch)[: len(ordered)] == sorted(ordered, reverse=direction == "descending")
        assert MARKUP in names(batch)[len(ordered) :]

    suspicious = int(expected["suspicious"].where(expected["gate"] == "ok", other=False).fillna(False).sum())
    batch.get_by_role("button", name=f"Suspicious {suspicious}").click()
    assert batch.locator(".rows tr").count() == suspicious
    assert set(batch.locator(".rows .state strong").all_inner_texts()) == {"Suspicious"}
    assert "benign" not in batch.inner_text().lower()


@desktop
def test_stopping_keeps_what_is_done(page: Any, batch: Any, files: list[Path]) -> None:
    choose(batch, files)
    batch.locator(".rows tr").first.wait_for()
    batch.get_by_role("button", name="Stop").click()
    told(batch, "What is done is kept.")
    done = batch.locator(".rows tr").count()
    assert 0 < done < 14
    assert len(list(csv.reader(io.StringIO(saved(page))))) == 1 + done
    batch.get_by_role("button", name="Clear").click()
    assert batch.locator(".rows tr:visible").count() == 0


@desktop
def test_more_than_the_limit_gets_one_sentence(page: Any, batch: Any) -> None:
    photos = [{"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": b"x"} for number in range(501)]
    batch.locator("input[type=file]").first.set_input_files(photos)
    told(batch, "At most 500 photos and 200 MB can be classified at once.")
    assert batch.locator(".rows tr").count() == 0


def test_two_photos_of_one_lesion_are_compared_with_repeat_photos(
    page: Any, batch: Any, shipped: Path, screenshots: Path
) -> None:
    chosen = [CASES[1].path, CASES[7].path]
    choose(batch, chosen)
    told(batch, "2 photos: done.")
    batch.get_by_label("These are photos of one lesion").check()
    lesion = batch.locator(".lesion")
    scores = predict_paths(Classifier.load(shipped), chosen)["p_malignant"]
    assert lesion.locator(".lesion-verdict").inner_text() == "Suspicious: a doctor should examine this lesion."
    assert f"of {chosen[scores.argmax()].name}." in lesion.inner_text()
    assert "in the tab Results use the mean of a lesion's scores instead" in lesion.inner_text()
    assert [name.inner_text() for name in lesion.locator("figcaption strong").all()] == ["Earlier", "Later"]
    direction = "rose" if scores[1] > scores[0] else "fell"
    other = {"rose": "fell", "fell": "rose"}[direction]
    assert f"the odds of the score {direction} by a factor of" in lesion.inner_text()
    assert "95 of 100 pairs differ by a factor of up to 9.8 (646 pairs of photos of 393 lesions)" in lesion.inner_text()
    assert not wide(page)
    page.screenshot(path=screenshots / f"batch-lesion-{page.size_name}.png", full_page=True)
    lesion.get_by_role("button", name="Swap the two").click()
    assert f"the odds of the score {other} by a factor of" in lesion.inner_text()
    batch.get_by_role("button", name="Clear").click()
    assert not batch.locator(".switch input").is_checked()  # the next photos may be of several lesions


def test_a_table_beside_the_photos_gives_the_clinics_own_check(
    page: Any, batch: Any, shipped: Path, tmp_path: Path, screenshots: Path
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("file,dx\n" + "".join(f"{case.path.name},{case.dx}\n" for case in CASES[:6]))
    choose(batch, [*(case.path for case in CASES[:6]), truth])
    check = batch.locator(".check")
    check.get_by_role("heading", name="Your own clinic check").wait_for()
    gates = predict_paths(Classifier.load(shipped), [case.path for case in CASES[:6]])["gate"]
    passed = int((gates == "ok").sum())
    assert f"Verdict and diagnosis are known for {passed} photos of {passed} lesions." in check.inner_text()
    assert check.get_by_role("rowheader", name="Sensitivity at the verdict's threshold").first.is_visible()
    batch.get_by_role("button", name="Your diagnosis").press("Enter")
    given = [Words.load("en").diagnosis(case.dx) for case in CASES[:6]]
    assert sorted(batch.locator(".rows .truth").all_inner_texts()) == sorted(given)
    assert batch.locator(".rows .truth").first.inner_text() == "Melanoma"
    check.locator("summary").press("Enter")
    assert check.get_by_role("table", name="Diagnoses, by decision rule").is_visible()
    assert not wide(page)
    page.screenshot(path=screenshots / f"batch-check-{page.size_name}.png", full_page=True)
    truth.write_text("file,dx\nother.jpg,wart\n")
    batch.locator("input[type=file]").nth(1).set_input_files(str(truth))
    check.get_by_text("The table has a dx that is none of").wait_for()
    assert batch.locator(".rows .truth").count() == 0


@desktop
def test_a_name_opens_the_photo_in_classify(page: Any, batch: Any) -> None:
    choose(batch, [CASES[1].path])
    told(batch, "1 photo: done.")
    batch.get_by_role("button", name=CASES[1].path.name).click()
    page.locator(".viewer[data-state=classified]").wait_for()
    assert page.evaluate("location.hash") == "#classify"
    assert page.locator("h1:visible").count() == 1


def test_in_the_dark_the_tab_is_dark(browser: Any, address: str, screenshots: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}#batch")
    batch = page.locator(".batch")
    batch.locator(".drop button").wait_for()
    choose(batch, [case.path for case in CASES[:2]])
    told(batch, "2 photos: done.")
    assert batch.locator(".scroll").evaluate("scroll => getComputedStyle(scroll).backgroundColor") == "rgb(26, 25, 32)"
    page.screenshot(path=screenshots / "batch-dark.png", full_page=True)
    context.close()
