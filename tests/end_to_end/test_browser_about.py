"""The About tab in a browser: readable at any width, chapters by keyboard, the way to the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import wide

pytestmark = pytest.mark.filterwarnings("default")


def test_the_tab_is_read_and_its_chapters_open_by_keyboard(page: Any, screenshots: Path) -> None:
    page.evaluate("location.hash = 'about'")
    about = page.locator(".about")
    about.locator("h1").wait_for()
    page.screenshot(path=screenshots / f"about-{page.size_name}.png", full_page=True)
    results = about.locator("details", has_text="Results").first
    results.locator("summary").focus()
    page.keyboard.press("Enter")
    results.locator("table").first.wait_for()
    assert not wide(page)
    page.screenshot(path=screenshots / f"about-results-{page.size_name}.png", full_page=True)


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_the_way_to_the_api_leads_there(page: Any) -> None:
    page.evaluate("location.hash = 'about'")
    page.get_by_role("button", name="Show the API").click()
    page.get_by_text("/classify").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".api-docs").wait_for(state="detached")
    assert page.evaluate("document.activeElement.className").endswith("api")
