from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from skinnet.labels import CLASSES
from skinnet.reporting.study_tables import study_tables
from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.photo_rows import WHOLE
from skinnet.studies.faithfulness.report import write_report
from skinnet.studies.faithfulness.summary import ALL, FAR
from skinnet.studies.faithfulness.tables import faithfulness_table
from tests.studies.faithfulness.made_up import LESIONS, one


def test_the_table_says_what_the_report_says(measured: Measured, summary: pd.DataFrame, tmp_path: Path) -> None:
    write_report(measured, folder=tmp_path)
    table = faithfulness_table(json.loads((tmp_path / "faithfulness.json").read_text()))
    assert study_tables(tmp_path) == [table]
    n = LESIONS * len(CLASSES)
    assert table.title.endswith(f"(val split, n = {n} photos of {n} lesions)")
    row = next(row for row in table.rows if row[:2] == ["Grad-CAM", WHOLE])
    lead = one(summary, method="gradcam", group=WHOLE, diagnosis=ALL, measure="energy_over_matched")
    assert row[2:7] == [
        f"{n} / {n}", "7 of 7", "0 of 7", f"{lead['value']:+.3f} ({lead['low']:+.3f} to {lead['high']:+.3f})", "0.10"
    ]  # fmt: skip
    assert row[7:] == [f"+0.100 (+0.100 to +0.100), n = {n} lesions", "0.10 / 0.10", "met / missed"]
    far = next(row for row in table.rows if row[:2] == ["Eigen-CAM", FAR])
    assert far[2:5] == [f"{n // 3} / {n // 3}", "7 of 7", "0 of 7"]
