"""The Results tab in a browser: the explorer's figures, its speed, its keyboard, and every table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from skinnet.evaluation.evaluate import Metrics
from skinnet.reporting.results.assets import SCRIPT_FOLDER
from skinnet.reporting.results.measured import load_metrics
from tests.end_to_end.conftest import wide

pytestmark = pytest.mark.filterwarnings("default")
MOST_MS = 100
"""95 of 100 moves of the explorer must be faster."""
TIME_MOVES = """slider => {
  const times = [];
  for (let at = -6.9; at <= 4.6; at += 0.1) {
    const start = performance.now();
    slider.value = at;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();  // the layout is part of the move
    times.push(performance.now() - start);
  }
  return times;
}"""
SAID = "document.querySelector('.explorer [aria-live]').textContent === document.querySelector('.sentence').textContent"


@pytest.fixture
def results(page: Any, address: str) -> Any:
    page.get_by_role("tab", name="Results").click()
    page.locator(".explorer .figures .value").first.wait_for()
    return page


def shown(page: Any, name: str) -> tuple[float, float | None, float | None]:
    """A figure of the explorer with its interval, as numbers."""
    value = page.locator(f"[data-value={name}]").inner_text().replace("\u00a0%", "")
    interval = page.locator(f"[data-interval={name}]").inner_text().rpartition(", ")[2]
    low, _, high = interval.partition(" to ")
    return float(value), *((float(low), float(high)) if high else (None, None))


def test_the_explorer_shows_what_the_metrics_file_says(results: Any, shipped: Path, screenshots: Path) -> None:
    results.screenshot(path=screenshots / f"results-{results.size_name}.png", full_page=True)
    assert results.locator("h1:visible").count() == 1
    assert "There is no second checkpoint to compare with." in results.locator(".beside").inner_text()
    assert not wide(results)
    asked = len(results.asked)
    for title, split in (("HAM10000", "test"), ("ISIC 2017", "isic2017")):
        results.get_by_role("radio", name=title).check()
        results.get_by_role("button", name="the verdict's own").click()
        results.get_by_role("button", name="Skin clinic").click()
        check_figures(results, load_metrics(shipped, split, unit="lesion"))
    assert len(results.asked) == asked  # nothing of this went to the server


def check_figures(page: Any, metrics: Metrics) -> None:
    assert metrics.verdict
    estimates = metrics.verdict.estimates | metrics.verdict.prevalences[1].estimates
    names = {"ppv": "ppv", "npv": "npv", "flaggedPerFound": "flagged_per_found"}
    for name in ("sensitivity", "specificity", "ppv", "npv", "flaggedPerFound"):
        expected, scale = estimates[names.get(name, name)], 1 if name == "flaggedPerFound" else 100
        value, low, high = shown(page, name)
        assert value == pytest.approx(scale * (expected.value or 0), abs=0.51), name
        assert low == pytest.approx(scale * (expected.low or 0), abs=2), name  # the bootstrap's
        assert high == pytest.approx(scale * (expected.high or 0), abs=2), name
    assert shown(page, "specificity")[1:] == pytest.approx(wilson_of_specificity(metrics), abs=0.51)
    sentence = page.locator(".explorer .sentence").inner_text()
    assert sentence.startswith("Of 1,000 lesions, 100 are malignant or pre-malignant.")
    counts = [int(page.locator(f"[data-count={name}]").inner_text()) for name in ("found", "missed", "alarms", "left")]
    assert sum(counts) == 1000
    assert counts[0] == round(100 * (estimates["sensitivity"].value or 0))
    assert page.locator(".explorer .icons").get_attribute("aria-label") == sentence


def wilson_of_specificity(metrics: Metrics) -> tuple[float, float]:
    """The 95 % interval, in percent."""
    assert metrics.verdict
    benign = metrics.lesions - sum(metrics.support[dx] for dx in ("akiec", "bcc", "mel"))
    specific = round((metrics.verdict.estimates["specificity"].value or 0) * benign)
    wilson = binomtest(specific, benign).proportion_ci(method="wilson")
    return 100 * wilson.low, 100 * wilson.high


def test_a_move_is_fast_by_keyboard_and_is_spoken_once_it_rests(results: Any) -> None:
    slider = results.get_by_label("Threshold", exact=True)
    times = slider.evaluate(TIME_MOVES)
    print(f"{results.size_name}: {sum(times) / len(times):.1f} ms a move, at most {max(times):.1f}")
    assert sorted(times)[len(times) // 2] < MOST_MS  # of the slower ones the machine's other work has a part
    spoken = results.locator(".explorer [aria-live]")
    slider.focus()
    results.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0.10\u00a0%"
    assert results.locator("[data-value=sensitivity]").inner_text() == "100\u00a0%"
    assert results.locator("[data-value=npv]").inner_text() == "n/a"  # nothing is left alone
    results.wait_for_function(SAID)
    assert not slider.evaluate(f"""slider => {{
      slider.value = 0;
      slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
      return {SAID};
    }}""")
    results.wait_for_function(SAID)
    assert spoken.text_content() == results.locator(".explorer .sentence").text_content()
    results.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "99.0\u00a0%"
    results.keyboard.press("Tab")
    results.keyboard.press("Enter")
    assert results.locator(".explorer .thresholds button").first.get_attribute("aria-pressed") == "true"
    assert slider.get_attribute("aria-valuetext") == "4.1\u00a0%"


def operate(page: Any, malignant: list[int], *, threshold: float, prevalence: float) -> dict[str, Any]:
    """What the script makes of ten lesions with scores of .95, .85 .. .05."""
    script = (SCRIPT_FOLDER / "operating.js").read_text(encoding="utf-8")
    scores = [0.95 - 0.1 * number for number in range(10)]
    call = "operate(prepare({ title: '', scores, malignant }), threshold, prevalence)"
    return dict(
        page.evaluate(
            f"({{ scores, malignant, threshold, prevalence }}) => {{ {script}; return {call}; }}",
            {"scores": scores, "malignant": malignant, "threshold": threshold, "prevalence": prevalence},
        )
    )


def test_intervals_follow_wilson_and_mercaldo_and_what_is_undefined_is_null(browser: Any) -> None:
    page, malignant = browser.new_page(), [1, 1, 0, 1, 0, 1, 0, 0, 0, 0]
    found = operate(page, malignant, threshold=0.6, prevalence=0.2)  # flags 4 of 10: 3 of 4 malignant, 1 of 6 benign
    for name, hits, n in (("sensitivity", 3, 4), ("specificity", 5, 6)):
        wilson = binomtest(hits, n).proportion_ci(method="wilson")
        assert found[name] == pytest.approx({"value": hits / n, "low": wilson.low, "high": wilson.high}, abs=1e-6)
    ppv = 0.75 * 0.2 / (0.75 * 0.2 + 1 / 6 * 0.8)
    error = 1.959964 * (0.25 / 0.75 / 4 + (5 / 6) / (1 / 6) / 6) ** 0.5
    low, high = (1 / (1 + math.exp(-(math.log(ppv / (1 - ppv)) + sign * error))) for sign in (-1, 1))
    assert found["ppv"] == pytest.approx({"value": ppv, "low": low, "high": high})
    assert found["flaggedPerFound"] == pytest.approx({"value": 1 / ppv, "low": 1 / high, "high": 1 / low})
    assert found["counts"] == {"sick": 200, "found": 150, "missed": 50, "alarms": 133, "left": 667}
    undefined = dict.fromkeys(("value", "low", "high"))
    nothing = operate(page, malignant, threshold=0.99, prevalence=0.2)
    assert nothing["ppv"] == nothing["flaggedPerFound"] == undefined
    everything = operate(page, malignant, threshold=0.01, prevalence=0.2)
    assert everything["npv"] == undefined
    assert everything["ppv"] == {"value": pytest.approx(0.2), "low": None, "high": None}
    page.close()


def test_all_tables_open_scroll_by_keyboard_and_can_be_saved(results: Any, shipped: Path, tmp_path: Path) -> None:
    for summary in results.locator(".results summary").all():
        summary.evaluate("summary => { summary.parentElement.open = true; }")
    assert not wide(results)
    regions = results.locator(".results .table")
    for region in regions.all():
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("aria-label")
    for image in results.locator(".results figure img").all():
        assert image.get_attribute("alt")
        assert image.evaluate("image => image.naturalWidth") > 0
    with results.expect_download() as download:
        results.locator("a[download='subgroups.csv']").first.click()
    download.value.save_as(tmp_path / "subgroups.csv")
    assert (tmp_path / "subgroups.csv").read_bytes() == (shipped / "tables" / "subgroups.csv").read_bytes()


def test_in_the_dark_and_on_the_smallest_phone_nothing_is_cut_off(results: Any, screenshots: Path) -> None:
    results.emulate_media(color_scheme="dark")
    results.set_viewport_size({"width": 360, "height": 700})
    assert not wide(results)
    results.screenshot(path=screenshots / f"results-{results.size_name}-dark-360.png", full_page=True)
