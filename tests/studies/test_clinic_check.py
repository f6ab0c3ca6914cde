from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.checkpoint import PREDICTIONS, load_config
from skinnet.errors import DataError
from skinnet.evaluation.bootstrap import Estimate, clopper_pearson
from skinnet.evaluation.evaluate import evaluate
from skinnet.inference.calibration import Decision
from skinnet.inference.predictions import load_predictions
from skinnet.labels import MALIGNANT
from skinnet.studies.clinic_check import clinic_check, counts_by_diagnosis, exact_where_all_agree

DRAWS = 100


@pytest.fixture(scope="module")
def decision(shipped: Path) -> Decision:
    return Decision.of(load_config(shipped))


@pytest.fixture(scope="module")
def published(shipped: Path) -> pd.DataFrame:
    """300 published predictions of test photos, some of the same lesion."""
    predictions = load_predictions(shipped / PREDICTIONS)
    return predictions[predictions["split"] == "test"].head(300).reset_index(drop=True)


def as_batch(published: pd.DataFrame) -> pd.DataFrame:
    """The rows that `predict` would have written."""
    rows = published.assign(path="clinic/" + published["image_id"] + ".jpg", gate="ok", error="")
    return rows.drop(columns=["dx", "lesion_id"])


def as_truth(published: pd.DataFrame, *, by_diagnosis: bool = True) -> pd.DataFrame:
    truth = pd.DataFrame({"file": published["image_id"] + ".jpg", "lesion_id": published["lesion_id"]})
    if by_diagnosis:
        return truth.assign(dx=published["dx"])
    return truth.assign(malignant=published["dx"].isin(MALIGNANT))


def test_the_metrics_are_those_of_evaluate_on_the_same_rows(published: pd.DataFrame, decision: Decision) -> None:
    check = clinic_check(as_batch(published), as_truth(published), decision=decision, draws=DRAWS)
    expected = evaluate(published, decision=decision, draws=DRAWS)
    for unit, metrics in expected.items():
        assert check.metrics[unit].overall == metrics.overall
        assert check.metrics[unit].per_class == metrics.per_class
        assert check.metrics[unit].calibration == metrics.calibration
    assert (check.without_truth, check.without_photo) == (0, 0)


def test_malignant_or_not_is_enough_for_sensitivity_specificity_auroc_and_calibration(
    published: pd.DataFrame, decision: Decision
) -> None:
    truth = as_truth(published, by_diagnosis=False)
    check = clinic_check(as_batch(published), truth, decision=decision, draws=DRAWS)
    expected = evaluate(published, decision=decision, draws=0)["lesion"]
    found = check.metrics["lesion"]
    assert not check.by_diagnosis
    for name in ("sensitivity", "specificity", "malignant_auroc"):
        assert found.overall[name].value == expected.overall[name].value
    assert found.calibration.intercept.value == pytest.approx(expected.calibration.intercept.value)
    assert check.refitted is not None


def test_the_refitted_threshold_is_the_highest_that_finds_95_of_100_lesions(
    published: pd.DataFrame, decision: Decision
) -> None:
    check = clinic_check(as_batch(published), as_truth(published), decision=decision, draws=0)
    lesions = published[published["dx"].isin(MALIGNANT)].groupby("lesion_id")["p_malignant"].mean()
    assert check.refitted is not None
    found = (lesions >= check.refitted.threshold).mean()
    assert found == pytest.approx(check.refitted.estimates["sensitivity"].value)
    assert found >= 0.95
    next_higher = np.sort(lesions[lesions >= check.refitted.threshold])[0]
    assert (lesions > next_higher).mean() < 0.95


def test_photos_without_a_verdict_are_counted_apart(published: pd.DataFrame, decision: Decision) -> None:
    batch = as_batch(published)
    batch.loc[[0, 1], "gate"] = ["warn", "refuse"]
    batch.loc[2, ["error", "gate", "p_malignant"]] = ["The file is empty.", None, None]
    check = clinic_check(batch, as_truth(published), decision=decision, draws=0)
    assert check.metrics["image"].n == len(published) - 3
    counts = counts_by_diagnosis(check)
    assert {dx: sum(columns) for dx, columns in counts.items()} == published["dx"].value_counts().to_dict()
    assert sum(columns[2] for columns in counts.values()) == 3
    above = (published["p_malignant"] >= decision.malignant_threshold)[3:]
    assert sum(columns[0] for columns in counts.values()) == above.sum()


def test_names_may_lack_their_suffix_and_must_not_be_ambiguous(published: pd.DataFrame, decision: Decision) -> None:
    batch, truth = as_batch(published), as_truth(published)
    truth["file"] = truth["file"].str.removesuffix(".jpg")
    assert clinic_check(batch, truth, decision=decision, draws=0).metrics["image"].n == len(published)
    twice = batch.assign(path=["other/" + Path(path).name if i < 1 else path for i, path in enumerate(batch["path"])])
    with pytest.raises(DataError, match=r"Two photos are named"):
        clinic_check(pd.concat([batch, twice.head(1)]), truth, decision=decision, draws=0)
    with pytest.raises(DataError, match=r"are the file names alike\?"):
        clinic_check(batch, truth.assign(file="x" + truth["file"]), decision=decision, draws=0)


def test_without_a_malignant_lesion_nothing_is_refitted(published: pd.DataFrame, decision: Decision) -> None:
    benign = published[~published["dx"].isin(MALIGNANT)]
    check = clinic_check(as_batch(benign), as_truth(benign), decision=decision, draws=0)
    assert check.refitted is None
    assert check.metrics["lesion"].overall["sensitivity"].value is None


def test_a_share_of_all_has_its_exact_interval() -> None:
    assert exact_where_all_agree(Estimate(1.0, 1.0, 1.0), 12) == Estimate(1.0, *clopper_pearson(12, 12))
    assert exact_where_all_agree(Estimate(0.5, 0.2, 0.8), 12) == Estimate(0.5, 0.2, 0.8)
