"""The app in a real browser (Chromium through Playwright).

Screenshots go to the folder that SKINNET_SCREENSHOTS names, by default `build/screens`. Without Chromium the tests that
need it are skipped, unless SKINNET_REQUIRE_BROWSER=1.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skinnet.inference.predictions import load_predictions
from tests.conftest import PROJECT

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
WAIT_MS = 60_000


@pytest.fixture(scope="session")
def published(shipped: Path) -> pd.DataFrame:
    """The predictions of the shipped checkpoint."""
    return load_predictions(shipped / "predictions.csv")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("SKINNET_REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium is not installed, and SKINNET_REQUIRE_BROWSER=1 asks for it")
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    flags += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder for pictures of the app, to be looked at."""
    folder = Path(os.environ.get("SKINNET_SCREENSHOTS", PROJECT / "build" / "screens"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """The app on a desktop and on a phone; `page.asked` are the addresses that it asked for."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.size_name, page.asked, page.errors = request.param, [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address)
    page.locator(".viewer .choose").wait_for()
    yield page
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith((address, "data:", "blob:"))] == []
    context.close()


def wide(page: Any) -> bool:
    """Whether the page must be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))
