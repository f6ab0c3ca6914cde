"""The app in German, at the narrowest width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skinnet.labels import MALIGNANT
from skinnet.reporting.results.measured import load_metrics
from tests.end_to_end.conftest import WAIT_MS, wide
from tests.end_to_end.test_browser_results import wilson_of_specificity


def test_a_german_browser_gets_german_and_may_switch(browser: Any, address: str, shipped: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="de-DE")
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}#classify")
    page.locator("[data-case=ISIC_0000357]").click()
    page.locator(".viewer[data-state=classified]").wait_for()
    assert page.locator(".answer h1").inner_text() == "Unter dem Schwellenwert"
    assert "Das ist keine Entwarnung." in page.locator(".answer").inner_text()
    assert page.locator(".ledger .row.malignant").first.inner_text().startswith("Melanom")
    assert page.evaluate("document.documentElement.lang") == "de"
    assert not wide(page)
    for tab, title in {"batch": "Stapel", "learn": "Erst raten, dann das Netz fragen", "about": "Über skinnet"}.items():
        page.locator(f"#tab-{tab}-button").click()
        page.get_by_role("heading", level=1, name=title, exact=True).wait_for()
        assert page.url == f"{address}de#{tab}"
        assert not wide(page), tab
    page.locator("#tab-results-button").click()
    page.get_by_role("heading", level=1, name="Wie gut ist es?").wait_for()
    metrics = load_metrics(shipped, "test", unit="lesion")
    sick = round(1000 * sum(metrics.support[dx] for dx in MALIGNANT) / metrics.lesions)
    assert page.locator(".explorer .sentence").inner_text().startswith(f"Von 1.000 Läsionen sind {sick} maligne")
    low, high = wilson_of_specificity(metrics)
    assert page.locator("[data-interval=specificity]").inner_text() == f"Spezifität, {low:.0f} bis {high:.0f}"
    assert page.locator(".beside h2").inner_text() == "Vergleich mit einem anderen Modell"
    assert not wide(page)
    page.locator("#tab-about-button").click()
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", level=1, name="About skinnet").wait_for()
    assert page.url == f"{address}?lang=en#about"
    assert page.evaluate("document.documentElement.lang") == "en"
    context.close()
