"""What holds for every tab: nothing from other hosts, no sideways scrolling, no errors, no barrier that axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from demo.interface import TABS
from demo.site import load_cases
from tests.end_to_end.conftest import WAIT_MS, wide

pytestmark = pytest.mark.filterwarnings("default")
GRADIO = {}
"""Gradio's own faults that cannot be mended from here: rule and part of the place, with the reason."""
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module", params=["light", "dark"])
def narrow(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """The app on the narrowest phone, in one colour scheme."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=request.param)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.scheme, page.asked, page.faults = request.param, [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.locator(".viewer .choose").wait_for()
    yield page
    context.close()


def barriers(page: Any) -> list[str]:
    """What axe calls serious or critical, one line a place, without what is Gradio's own."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    places = [
        (violation["id"], str(node["target"]), node["html"][:160])
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    return [
        " ".join(place)
        for place in places
        if not any(place[0] == rule and part in place[1] + place[2] for rule, part in GRADIO)
    ]


def show_a_verdict(panel: Any) -> None:
    panel.locator(".case").first.focus()
    panel.page.keyboard.press("Enter")
    panel.locator(".viewer[data-state=classified]").wait_for()


def fill_a_batch(panel: Any) -> None:
    panel.locator("input[type=file]").first.set_input_files([str(case.path) for case in load_cases()[:2]])
    panel.locator(".status", has_text="2 photos: done").wait_for()


def move_the_explorer(panel: Any) -> None:
    panel.locator("#explorer-threshold").focus()
    panel.page.keyboard.press("ArrowRight")
    panel.locator(".results summary").first.focus()
    panel.page.keyboard.press("Enter")


def answer_the_quiz(panel: Any) -> None:
    panel.locator(".begin").focus()
    panel.page.keyboard.press("Enter")
    panel.locator(".ask").wait_for()
    for key in ("1", "4", "Enter"):
        panel.page.keyboard.press(key)
    panel.locator("canvas.photo[data-drawn]").wait_for()
    panel.page.keyboard.press("1")
    panel.locator(".next").wait_for()


def open_a_chapter(panel: Any) -> None:
    panel.locator("summary").first.focus()
    panel.page.keyboard.press("Enter")


USE = {
    "classify": show_a_verdict,
    "batch": fill_a_batch,
    "results": move_the_explorer,
    "learn": answer_the_quiz,
    "about": open_a_chapter,
}
"""What fills each tab with a result, by the keyboard alone."""


@pytest.mark.parametrize("name", TABS)
def test_a_tab_keeps_to_itself_fits_and_has_no_barrier(name: str, narrow: Any, address: str) -> None:
    narrow.evaluate(f"location.hash = '{name}'")
    panel = narrow.locator(f"#tab-{name}")
    panel.locator("h1").first.wait_for()
    narrow.wait_for_load_state("networkidle")
    assert panel.locator("h1:visible").count() == 1
    assert not wide(narrow)
    assert barriers(narrow) == []
    USE[name](panel)
    assert panel.locator("h1:visible").count() == 1
    assert not wide(narrow)
    assert [url for url in narrow.asked if not url.startswith((address, "data:", "blob:"))] == []
    assert narrow.faults == []
    assert barriers(narrow) == []
