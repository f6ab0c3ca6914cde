from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from skinnet.evaluation.evaluate import evaluate
from skinnet.evaluation.scored_cases import by_lesion
from skinnet.inference.calibration import Decision, OperatingPoint
from skinnet.labels import DISCLAIMER
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.plots.titles import FIGURES
from skinnet.reporting.report import write_evaluation
from skinnet.reporting.results.measured import DataSet
from skinnet.reporting.results.page import Evaluation
from skinnet.reporting.table import Table

DECISION = Decision((1.0,) * 7, (OperatingPoint("95", 0.95, 0.3), OperatingPoint("97.5", 0.975, 0.2)))


def test_an_evaluation_becomes_files_that_need_nothing_else(predictions: pd.DataFrame, tmp_path: Path) -> None:
    table = predictions.assign(sex="female")
    metrics = evaluate(table, decision=DECISION, draws=10)
    data = DataSet("drawn <photos>", metrics, by_lesion(table))
    evaluation = Evaluation([data], "A <network>", caption="400 drawings")
    write_evaluation(evaluation, {"test": metrics}, tmp_path, source="drawn")
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.index(DISCLAIMER.replace("'", "&#x27;")) < report.index("<figure")
    assert "<h1>A &lt;network&gt;</h1>" in report
    assert not re.search(r'(src|href|action)="(?!data:)', report)
    assert "<photos>" not in report
    assert "took no part in the training" not in report  # nobody knows that of another network
    assert report.count("data:image/svg+xml;base64,") == len(FIGURES) - 2  # a foreign network has no training curves
    for name in FIGURES.keys() - {"training"}:
        assert (tmp_path / "figures" / f"{name}.png").stat().st_size > 10_000
        assert "<svg" in (tmp_path / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    saved = json.loads((tmp_path / "metrics.json").read_text())
    assert saved["test"]["lesion"]["overall"]["macro_auroc"]["value"] == metrics["lesion"].overall["macro_auroc"].value
    for each in all_tables(metrics):
        rows = list(csv.reader(io.StringIO((tmp_path / "tables" / f"{each.name}.csv").read_text(encoding="utf-8"))))
        assert rows == [list(each.header), *(list(row) for row in each.rows)]


def test_a_table_is_the_same_words_in_three_forms() -> None:
    table = Table("name", "Title & more", ["a", "b"], [["1", "<2>"], ["3,4", "5"]])
    assert table.markdown() == "| a | b |\n|---|---|\n| 1 | <2> |\n| 3,4 | 5 |"
    assert table.csv() == 'a,b\n1,<2>\n"3,4",5\n'
    assert '<th scope="row">1</th><td>&lt;2&gt;</td>' in table.html()
    assert "<caption>Title &amp; more</caption>" in table.html()


@pytest.mark.parametrize("decision", [None, DECISION])
def test_every_row_has_a_cell_for_each_column(predictions: pd.DataFrame, decision: Decision | None) -> None:
    for table in all_tables(evaluate(predictions, decision=decision, draws=0)):
        assert {len(row) for row in table.rows} <= {len(table.header)}, table.name
