from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from skinnet.errors import DataError
from skinnet.evaluation.compare import compare
from skinnet.inference.calibration import Decision, OperatingPoint
from skinnet.labels import probability_columns

DECISION = Decision((1.0,) * 7, (OperatingPoint("95", 0.95, 0.3),))


@pytest.fixture
def table(predictions: pd.DataFrame) -> pd.DataFrame:
    return predictions.assign(image_id=[f"I{number}" for number in range(400)])


def worse(table: pd.DataFrame, noise: float) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    shares = table[probability_columns()].to_numpy().clip(1e-4) * np.exp(rng.normal(scale=noise, size=(400, 7)))
    return table.assign(**dict(zip(probability_columns(), (shares / shares.sum(axis=1, keepdims=True)).T, strict=True)))


def test_a_much_noisier_network_is_worse_in_any_order_of_rows(table: pd.DataFrame) -> None:
    other = worse(table, noise=3).sample(frac=1, random_state=0)
    rows = compare(table, other, decisions=(DECISION, DECISION), draws=200)["image"]
    area = rows["malignant_auroc"]
    ill = table["dx"].isin(["akiec", "bcc", "mel"])
    assert area.first == pytest.approx(roc_auc_score(ill, table[["p_akiec", "p_bcc", "p_mel"]].sum(axis=1)))
    assert area.difference.value == pytest.approx(area.first - area.second)
    assert area.verdict == "better"
    assert area.p is not None
    assert area.p <= 0.05
    assert rows["brier"].verdict == "better"  # it is lower
    back = compare(other, table, decisions=(DECISION, DECISION), draws=200)["image"]
    assert back["malignant_auroc"].verdict == back["brier"].verdict == "worse"


def test_the_same_network_ties_with_itself(table: pd.DataFrame) -> None:
    for rows in compare(table, table, decisions=(DECISION, None), draws=50).values():
        assert {each.verdict for each in rows.values()} == {"tie"}
        assert {each.p for each in rows.values()} == {1.0}
        assert "sensitivity" not in rows  # the second came without a threshold


def test_without_draws_nothing_is_claimed(table: pd.DataFrame) -> None:
    each = compare(table, worse(table, 3), decisions=(None, None), draws=0)["lesion"]["macro_auroc"]
    assert (each.verdict, each.p) == ("tie", None)


def test_tables_of_other_images_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="only one has I399"):
        compare(table, table[:-1], decisions=(None, None))
    changed = table.assign(dx=["vasc", *table["dx"][1:]])
    with pytest.raises(DataError, match="differ in dx or lesion_id of image I0"):
        compare(table, changed, decisions=(None, None))
