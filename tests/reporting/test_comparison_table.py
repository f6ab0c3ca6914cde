from __future__ import annotations

import pandas as pd

from skinnet.evaluation.compare import compare
from skinnet.inference.calibration import Decision, OperatingPoint
from skinnet.reporting.comparison_table import comparison_table

DECISION = Decision((1.0,) * 7, (OperatingPoint("95", 0.95, 0.3),))


def test_every_metric_that_both_have_gets_a_row(predictions: pd.DataFrame) -> None:
    table = predictions.assign(image_id=[f"I{number}" for number in range(400)])
    differences = compare(table, table, decisions=(DECISION, DECISION), draws=20)
    for unit, rows in differences.items():
        printed = comparison_table(rows, unit)
        assert printed.name == f"comparison_{unit}"
        assert len(printed.rows) == len(rows) == 14
        assert {len(row) for row in printed.rows} == {len(printed.header)}
        assert {row[-1] for row in printed.rows} == {"tie"}
