from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinnet.labels import CLASSES
from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.photo_rows import CROPPED, WHOLE
from skinnet.studies.faithfulness.summary import (
    ALL,
    FAR,
    agreement,
    best_method,
    estimates,
    farthest,
    goal,
    randomisation,
)
from tests.studies.faithfulness.made_up import LESIONS, one


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


def test_methods_whose_maps_coincide_are_named(measured: Measured) -> None:
    first, second = agreement(measured.agreement)
    assert (first["median"], first["coincide"], first["photos"]) == (pytest.approx(0.9995), True, 3)
    assert not second["coincide"]
