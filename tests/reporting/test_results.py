from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from skinnet.checkpoint import FIGURE_FOLDER, load_config
from skinnet.errors import CheckpointError
from skinnet.evaluation.bootstrap import Estimate, clopper_pearson
from skinnet.inference.wording import unbroken
from skinnet.labels import MALIGNANT
from skinnet.reporting.report import report
from skinnet.reporting.results.explorer import explorer
from skinnet.reporting.results.figures import by_group, figure, folded, readable, table
from skinnet.reporting.results.forest import forest
from skinnet.reporting.results.measured import DataSet, bounds, data_sets, interval
from skinnet.reporting.results.melanomas import melanomas
from skinnet.reporting.results.overview import overview
from skinnet.reporting.results.page import details, top
from skinnet.reporting.results.published import published
from skinnet.reporting.study_tables import study_tables
from skinnet.reporting.table import Table


@pytest.fixture(scope="module")
def sets(shipped: Path) -> list[DataSet]:
    return data_sets(shipped, load_config(shipped))


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").split())


def test_the_first_screen_counts_lesions_and_cancers_of_each_test_set(sets: list[DataSet]) -> None:
    page = words(overview(sets, {}))
    assert [data.source for data in sets] == ["ham10000", "isic2017"]
    for data in sets:
        metrics, verdict = data.lesions, data.lesions.verdict
        assert verdict
        malignant = sum(metrics.support[dx] for dx in MALIGNANT)
        cases, flagged = data.cases, data.cases.p_malignant >= verdict.threshold
        assert f"{metrics.lesions:,} of {data.title}" in page
        assert f"{(flagged & cases.malignant).sum():,} of {malignant:,} lesions" in page
        assert f"{(flagged & ~cases.malignant).sum():,} of {metrics.lesions - malignant:,} lesions" in page
        assert f"{len(verdict.missed_melanomas)} of {metrics.support['mel']} lesions {data.title}" in page
        for name in ("sensitivity", "specificity"):
            assert f"{data.title}: {name} {interval(metrics.overall[name], n=malignant)}" in page
    for name in ("AUROC", "ccuracy"):
        assert name not in page


def test_shares_have_the_decimals_of_their_value_and_the_exact_interval_where_the_bootstrap_has_none() -> None:
    assert interval(Estimate(0.7111, 0.6881, 0.7341), n=1260) == "71 % (69 to 73)"
    assert interval(Estimate(0.9871, 0.97, 1.0), n=233) == "98.7 % (97.0 to 100)"
    assert interval(Estimate(None, None, None), n=0) == "n/a"
    assert interval(Estimate(1.0, 1.0, 1.0), n=49) == "100 % (92.7 to 100)"
    assert bounds(Estimate(1.0, 1.0, 1.0), n=49) == clopper_pearson(49, 49)


def test_the_explorer_gets_every_lesion_and_agrees_with_the_metrics_file(shipped: Path, sets: list[DataSet]) -> None:
    value = explorer(sets)
    assert value
    assert value["thresholds"][0] == {"threshold": sets[0].lesions.threshold, "target": 0.95}
    assert len(value["thresholds"]) == len(load_config(shipped).operating_points)
    for data, sent in zip(sets, value["sets"], strict=True):
        scores, malignant = np.array(sent["scores"]), np.array(sent["malignant"], bool)
        assert len(scores) == data.lesions.lesions
        assert (np.diff(scores) <= 0).all()
        for point in data.lesions.operating_points:
            flagged = scores >= point.threshold
            assert flagged[malignant].mean() == pytest.approx(point.estimates["sensitivity"].value)
            assert (~flagged)[~malignant].mean() == pytest.approx(point.estimates["specificity"].value)


def test_the_forest_plot_shows_each_group_that_is_large_enough(sets: list[DataSet]) -> None:
    home, other = sets
    page = forest(home)
    rows = {row.group.replace("_", " "): row for row in home.lesions.subgroups}
    shown = {name: row for name, row in rows.items() if f">{name}<" in page}
    assert {"male", "female", "75 on", "face", "histo"} <= shown.keys()
    assert "unknown" not in shown
    assert "scalp" not in shown  # 15 lesions
    whole = home.lesions.overall["specificity"].value or 0
    highs = [row.estimates["specificity"].high for row in shown.values()]
    assert page.count("surely below the average") == sum(high is not None and high < whole for high in highs)
    assert (shown["face"].estimates["specificity"].high or 1) < whole
    text = words(page)
    assert "75 on 81 of 199 flagged 100 % (95.5 to 100)" in text
    assert "chest 15 of 51 flagged too few to say" in text
    assert forest(other) == ""  # ISIC 2017 tells nothing of its patients


def test_every_melanoma_is_on_the_axis_and_every_missed_one_is_named(sets: list[DataSet]) -> None:
    for data in sets:
        page = melanomas(data)
        verdict = data.lesions.verdict
        assert verdict
        assert page.count('class="missed" cx') == len(verdict.missed_melanomas) > 0
        assert page.count("<circle") == data.lesions.support["mel"]
        for row in verdict.missed_melanomas:
            assert f">{row['lesion_id'].rpartition('/')[2]}<" in page


def test_the_report_is_the_page_of_the_app_and_the_published_one(shipped: Path, sets: list[DataSet]) -> None:
    evaluation = published(shipped, load_config(shipped), sets)
    page, figures = report(evaluation, shipped / FIGURE_FOLDER), shipped / FIGURE_FOLDER
    assert page == (shipped / "report.html").read_text(encoding="utf-8")
    for part in (top(evaluation), details(evaluation, figures)):
        assert unbroken(part) in page
    for study in study_tables(shipped):
        assert unbroken(readable(study).html()) in page
    assert str(shipped.resolve()) not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert page.count("How to read it.") == 7 + 2  # with the explorer's own


def test_a_table_is_saved_as_the_same_csv() -> None:
    each = Table("study", "A <study>", ["a, b", "c"], [["1 %", '"2"']])
    page = table(each)
    link = re.search(r'download="study.csv" href="data:text/csv;charset=utf-8,([^"]+)"', page)
    assert link
    assert unquote(link[1]) == each.csv()
    assert 'role="group" aria-label="A &lt;study&gt;" tabindex="0"' in page
    assert "Further studies <span>1 table</span>" in folded(by_group([each]))


def test_a_table_shows_the_names_of_diagnoses_and_its_csv_file_the_codes() -> None:
    each = Table("missed", "Missed", ["lesion_id", "most_likely", "p_nv"], [["mel", "bkl", "0.9"]])
    shown = readable(each)
    assert shown.header == ["lesion", "taken for", "p(Melanocytic nevus)"]
    assert shown.rows == [["Melanoma", "Keratosis", "0.9"]]
    assert "lesion_id%2Cmost_likely%2Cp_nv%0Amel%2Cbkl%2C0.9" in table(each)


def test_a_missing_figure_is_named_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"roc\.svg: run python -m skinnet release"):
        figure(tmp_path, "roc")
