from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from skinnet.inference.calibration import VERDICT, Decision, OperatingPoint
from skinnet.labels import probability_columns
from skinnet.studies.leave_out.comparison import clinic_rows, diagnosis_rows
from skinnet.studies.leave_out.networks import NetworkPredictions
from skinnet.studies.leave_out.tables import clinics_table, diagnoses_table


def predicted(rows: list[tuple[str, float, float, int]], network: str, threshold: float = 0.5) -> NetworkPredictions:
    """One image a lesion: its diagnosis, p_mel (p_nv has the rest), the gate's distance and level."""
    table = pd.DataFrame(rows, columns=["dx", "p_mel", "distance", "level"])
    table[[name for name in probability_columns() if name not in table]] = 0.0
    table["p_nv"] = 1 - table["p_mel"]
    ids = [f"I{number}" for number in range(len(table))]
    point = OperatingPoint(VERDICT, sensitivity=0.95, threshold=threshold)
    return NetworkPredictions(
        table.assign(image_id=ids, lesion_id=ids, clinic="north"), Decision((1.0,) * 7, (point,)), network, 100, 3
    )


def test_an_unseen_diagnosis_is_compared_with_the_other_images() -> None:
    """df: two unsure and far, one sure and near, two of them called suspicious; three others, one of them far."""
    without = predicted(
        [
            ("df", 0.6, 9, 2),
            ("df", 0.55, 8, 1),
            ("df", 0.01, 1, 0),
            ("nv", 0.1, 2, 0),
            ("nv", 0.2, 3, 0),
            ("mel", 0.9, 8.5, 1),
        ],
        "without it",
    )
    knowing = predicted([("df", 0.02, 0, 0), ("nv", 0.3, 0, 0)], "shipped", threshold=0.01)
    shipped = dataclasses.replace(knowing, predictions=knowing.predictions.drop(columns=["distance", "level"]))
    missing, beside = diagnosis_rows("df", without, shipped, draws=50)
    assert (missing["images"], missing["lesions"], missing["others"]) == (3, 3, 3)
    assert missing["turned_away"] == pytest.approx(2 / 3)
    assert missing["refused"] == pytest.approx(1 / 3)
    assert missing["others_turned_away"] == pytest.approx(1 / 3)
    assert missing["flagged"] == pytest.approx(2 / 3)
    assert missing["distance_auroc"] == pytest.approx(5 / 9)  # of 9 pairs, the far ones win 3 + 2, the near one 0
    assert missing["doubt_auroc"] == pytest.approx(6 / 9)
    assert beside["flagged"] == 1  # by its own threshold
    assert beside["doubt_auroc"] == 0
    assert beside["distance_auroc"] is None
    printed = diagnoses_table(pd.DataFrame([{"left_out": "df"} | row for row in (missing, beside)]))
    assert printed.rows[1][:4] == ["Dermatofibroma, shipped", "100 (3)", "1 / 1", "1"]
    assert printed.rows[1][7] == "n/a"


def test_a_clinic_is_measured_by_each_networks_own_rules_on_the_same_lesions() -> None:
    found = [("mel", 0.9, 0, 0), ("mel", 0.4, 0, 0), ("nv", 0.1, 0, 0), ("nv", 0.6, 0, 0)] * 3
    better = [(dx, 0.95 if dx == "mel" else 0.05, 0, 0) for dx, *_ in found]
    without, shipped = predicted(found, "without it"), predicted(better, "shipped", threshold=0.96)
    extra = without.predictions.tail(1).assign(image_id="more", lesion_id="more")
    without = dataclasses.replace(without, predictions=pd.concat([without.predictions, extra], ignore_index=True))
    rows = clinic_rows("north", without, shipped)
    assert [row["images"] for row in rows] == [13, 12, 12]
    assert [row["sensitivity"] for row in rows] == [0.5, 0.5, 0.0]
    assert (rows[1]["malignant_auroc"], rows[2]["malignant_auroc"]) == (0.75, 1.0)
    assert rows[1]["difference"] == pytest.approx(-0.25)
    assert rows[0]["difference"] is None
    assert clinic_rows("south", without, shipped) == rows[:1]
    printed = clinics_table(pd.DataFrame([{"left_out": "north"} | row for row in rows]))
    assert [row[3] for row in printed.rows] == ["13 / 13", "12 / 12", "12 / 12"]
    assert printed.rows[1][5].startswith("-0.250 (")
