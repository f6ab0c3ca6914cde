"""The app in a real browser (Chromium through Playwright).

Screenshots go to the folder that SKINNET_SCREENSHOTS names, by default a temporary one. Without Chromium these
tests are skipped, unless SKINNET_REQUIRE_BROWSER=1.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skinnet.reporting.plots.titles import FIGURES
from skinnet.reporting.study_tables import study_tables
from tests.drawings import write_examples

pytestmark = pytest.mark.filterwarnings("default")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("SKINNET_REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium is not installed, and SKINNET_REQUIRE_BROWSER=1 asks for it")
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("SKINNET_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.size_name = request.param
    page.asked = []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.goto(address)
    page.locator("#verdict").wait_for(timeout=WAIT_MS)
    yield page
    context.close()


def wide(page: Any) -> bool:
    """Whether the page must be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def test_a_visitor_uploads_a_photo_and_reads_the_results(
    page: Any,
    address: str,
    shipped: Path,
    tmp_path: Path,
    screenshots: Path,
) -> None:
    drawing = write_examples(tmp_path)[0]  # the app refuses any other drawing
    page.locator("#photo input[type=file]").set_input_files(str(drawing))
    page.locator(".verdict .chance").wait_for(timeout=WAIT_MS)
    verdict = page.locator(".verdict").inner_text()
    assert "chance that the lesion is malignant or pre-malignant" in verdict
    assert "not a medical device" in verdict
    assert "benign" not in verdict.lower()
    assert page.locator(".verdict .bars tr").count() == 7
    drawn = page.locator("#heat-map img")
    drawn.wait_for(timeout=WAIT_MS)
    assert drawn.evaluate("image => image.naturalWidth") == 600
    assert not wide(page)
    page.screenshot(path=screenshots / f"classify-{page.size_name}.png", full_page=True)

    before = drawn.get_attribute("src")
    page.get_by_label("Method").click()
    page.get_by_role("option", name="Layer-CAM").click()
    changed = "before => { const now = document.querySelector('#heat-map img'); return now && now.src !== before }"
    page.wait_for_function(changed, arg=before, timeout=WAIT_MS)

    page.get_by_role("tab", name="Results").click()
    page.get_by_role("img", name="Confusion matrices").wait_for(timeout=WAIT_MS)
    assert page.locator(".figures img").count() == len(FIGURES)
    assert "n = 2,004 images of 1,493 lesions" in page.locator("body").inner_text()
    page.get_by_role("button", name="Goals, and which were missed").click()
    outcome = page.get_by_role("cell", name="missed by").first
    outcome.wait_for(timeout=WAIT_MS)
    for table in study_tables(shipped):
        assert page.get_by_role("button", name=table.title).is_visible()
    assert not wide(page)
    page.screenshot(path=screenshots / f"results-{page.size_name}.png", full_page=True)
    page.get_by_role("tab", name="About").click()
    page.get_by_role("heading", name="Model card").wait_for(timeout=WAIT_MS)
    elsewhere = [url for url in page.asked if not url.startswith((address, "data:", "blob:"))]
    assert elsewhere == []


def test_a_visitor_tries_a_drawing_and_clears_it(page: Any, screenshots: Path) -> None:
    page.screenshot(path=screenshots / f"start-{page.size_name}.png", full_page=True)
    page.locator("button.gallery-item, .gallery button").first.click()
    page.locator(".verdict .chance").wait_for(timeout=WAIT_MS)
    page.get_by_label("Remove Image").click()
    page.get_by_text("the verdict appears here").wait_for(timeout=WAIT_MS)


def test_a_picture_that_shows_no_lesion_gets_a_sentence_and_no_numbers(page: Any, photo: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(str(photo))
    page.get_by_text("This does not look like a dermatoscopic photo").wait_for(timeout=WAIT_MS)
    assert "%" not in page.locator("#verdict").inner_text()


def test_a_file_that_is_no_photo_gets_a_sentence(page: Any, photo: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:9000])
    page.locator("#photo input[type=file]").set_input_files(str(broken))
    page.get_by_text("The picture is damaged or incomplete").wait_for(timeout=WAIT_MS)
    assert page.locator(".verdict").count() == 0
