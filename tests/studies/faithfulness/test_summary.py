from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skinnet.explain.heatmaps import OFFERED
from skinnet.labels import CLASSES
from skinnet.studies.faithfulness.measure import CROPPED, WHOLE, Measured
from skinnet.studies.faithfulness.summary import (
    ALL,
    FAR,
    MEASURES,
    agreement,
    best_method,
    estimates,
    faithfulness_table,
    farthest,
    goal,
    randomisation,
    summarise,
    write_report,
)

LESIONS = 12


def made_up(leads: dict[str, float], likeness: dict[str, float]) -> Measured:
    """Every method leads the blob by so much in each diagnosis, give or take."""
    rng = np.random.default_rng(0)
    rows, curves = [], []
    for method in OFFERED:
        for dx in CLASSES:
            for lesion in range(LESIONS):
                about: dict[str, Any] = {"image_id": f"{dx}{lesion}", "lesion": f"L{dx}{lesion}", "dx": dx}
                about |= {"method": method, "offset": lesion / LESIONS, "diagnosis": dx}
                values = dict.fromkeys(MEASURES, -0.5) | {"likeness": likeness.get(method, 0.1)}
                values["energy_over_matched"] = leads.get(method, -0.1) + rng.normal(scale=0.01)
                rows += [about | {"framing": framing} | values for framing in (WHOLE, CROPPED)]
                curves.append(about | {"insertion": 0.6, "deletion": 0.2})
    for rival, insertion, deletion in (("blob", 0.5, 0.3), ("random", 0.4, 0.5)):
        curves += [each | {"method": rival, "insertion": insertion, "deletion": deletion} for each in curves[:84]]
    pairs = pd.DataFrame({"first": ["a"] * 3 + ["a"] * 3, "second": ["b"] * 3 + ["c"] * 3})
    pairs["correlation"] = [0.9995, 1, 0.2, 0.9, 0.9, 1]
    cascade = [
        {"layers": layers, "method": method, "photo": photo, "similarity": 0.9 if method == "eigencam" else 0.1}
        for layers in (1, 2)
        for method in OFFERED
        for photo in range(4)
    ]
    return Measured("val", pd.DataFrame(rows), pd.DataFrame(curves), pairs, pd.DataFrame(cascade))


@pytest.fixture(scope="module")
def measured() -> Measured:
    return made_up({"eigencam": 0.2, "gradcam": 0.05, "layercam": 0.1}, {"layercam": 0.98})


@pytest.fixture(scope="module")
def summary(measured: Measured) -> pd.DataFrame:
    return summarise(measured)


def one(summary: pd.DataFrame, **where: str) -> pd.Series:
    chosen = np.logical_and.reduce([summary[name] == value for name, value in where.items()])
    assert chosen.sum() == 1
    return summary[chosen].iloc[0]


def test_values_carry_intervals_and_counts(summary: pd.DataFrame) -> None:
    row = one(summary, method="gradcam", group=WHOLE, diagnosis="mel", measure="energy_over_matched")
    assert row["low"] < row["value"] < row["high"]
    assert row["value"] == pytest.approx(0.05, abs=0.01)
    assert (row["lesions"], row["photos"]) == (LESIONS, LESIONS)
    everyone = one(summary, method="gradcam", group=WHOLE, diagnosis=ALL, measure="energy_over_matched")
    assert everyone["lesions"] == LESIONS * len(CLASSES)
    assert everyone["high"] - everyone["low"] < row["high"] - row["low"]
    assert one(summary, method="gradcam", group=FAR, diagnosis="mel", measure="energy")["lesions"] == LESIONS / 3


def test_curves_are_compared_with_the_same_photos_blob_and_random_order(summary: pd.DataFrame) -> None:
    def value(measure: str) -> float:
        return float(one(summary, method="gradcam", group=WHOLE, diagnosis=ALL, measure=measure)["value"])

    assert value("insertion_over_blob") == pytest.approx(0.1)
    assert value("deletion_under_blob") == pytest.approx(0.1)
    assert value("insertion_over_random") == pytest.approx(0.2)
    assert value("deletion_under_random") == pytest.approx(0.3)


def test_each_lesion_counts_once_and_each_diagnosis_alike() -> None:
    found = estimates({"nv": np.zeros(90), "mel": np.ones(10), "df": np.array([2.0])})
    assert found[ALL].value == pytest.approx(1)
    assert found["df"].low is None
    assert found[ALL].low is None
    assert (found["mel"].low, found["mel"].high) == (1, 1)
    assert estimates({}) == {}


def test_the_farthest_third_is_taken_within_each_diagnosis(measured: Measured) -> None:
    far = farthest(measured.maps[measured.maps["framing"] == WHOLE])
    assert far.groupby("dx")["lesion"].nunique().tolist() == [LESIONS // 3] * len(CLASSES)
    assert far["offset"].min() == pytest.approx(8 / LESIONS)


def test_the_goal_counts_diagnoses_whose_interval_leaves_zero_out(summary: pd.DataFrame) -> None:
    won = goal(summary, "gradcam")
    assert won["won"] == {
        "energy_over_matched": {WHOLE: 7, FAR: 7, CROPPED: 7},
        "energy_over_gaussian": {WHOLE: 0, FAR: 0, CROPPED: 0},
    }
    assert won["met"] == {"energy_over_matched": True, "energy_over_gaussian": False}


def test_no_default_ignores_the_diagnosis_or_what_was_learned(measured: Measured, summary: pd.DataFrame) -> None:
    """Eigen-CAM leads but survives shuffling; Layer-CAM's maps are alike for all diagnoses."""
    assert best_method(summary, randomisation(measured.cascade)) == "gradcam"


def test_the_table_says_what_the_report_says(measured: Measured, summary: pd.DataFrame, tmp_path: Path) -> None:
    write_report(measured, folder=tmp_path)
    table = faithfulness_table(json.loads((tmp_path / "faithfulness.json").read_text()))
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


def test_methods_that_draw_the_same_are_named(measured: Measured) -> None:
    first, second = agreement(measured.agreement)
    assert (first["median"], first["coincide"], first["photos"]) == (pytest.approx(0.9995), True, 3)
    assert not second["coincide"]
