from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinnet.evaluation.scored_cases import by_lesion
from skinnet.evaluation.subgroups import age_bands, subgroup_metrics


def groups(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    cases = by_lesion(table)
    rows = subgroup_metrics(cases, np.ones((1, len(cases.dx))), threshold=0.3, class_weights=None)
    return {
        f"{row.grouping} {row.group}": {"lesions": row.lesions, "malignant": row.malignant}
        | {name: estimate.value for name, estimate in row.estimates.items()}
        for row in rows
    }


def test_a_group_has_the_metrics_of_its_rows_alone(predictions: pd.DataFrame) -> None:
    table = predictions.assign(lesion_id=range(400), sex=np.where(np.arange(400) % 2, "male", "female"))
    rows = groups(table)
    men = table[table["sex"] == "male"]
    benign = men[~men["dx"].isin(["akiec", "bcc", "mel"])]
    flagged = benign[["p_akiec", "p_bcc", "p_mel"]].sum(axis=1) >= 0.3
    assert rows["sex male"]["lesions"] == 200
    assert rows["sex male"]["malignant"] == 200 - len(benign)
    assert rows["sex male"]["specificity"] == pytest.approx(1 - flagged.mean())
    assert rows["sex male"] | {"lesions": 200} == groups(men)["sex male"]


def test_fewer_than_twenty_of_a_kind_give_no_metric(predictions: pd.DataFrame) -> None:
    ill = predictions["dx"].isin(["akiec", "bcc", "mel"])
    few = pd.concat([predictions[ill][:19], predictions[~ill][:30]])
    row = groups(few.assign(lesion_id=range(49), sex="male"))["sex male"]
    assert row["sensitivity"] is None
    assert row["malignant_auroc"] is None
    assert row["specificity"] is not None
    row = groups(few[:10].assign(lesion_id=range(10), sex="male"))["sex male"]
    assert {row[name] for name in ("balanced_accuracy_displayed", "sensitivity", "specificity")} == {None}


def test_images_of_one_lesion_are_not_twenty_lesions(predictions: pd.DataFrame) -> None:
    benign = predictions[predictions["dx"] == "nv"][:60]
    row = groups(benign.assign(lesion_id=np.arange(60) % 15, sex="male"))["sex male"]
    assert row["lesions"] == 15
    assert row["specificity"] is None


def test_where_nothing_is_malignant_only_specificity_is_given(predictions: pd.DataFrame) -> None:
    ill = predictions["dx"].isin(["akiec", "bcc", "mel"])
    table = predictions.assign(lesion_id=range(400), dx_type=np.where(ill, "histo", "follow_up"))
    row = groups(table)["dx_type follow_up"]
    assert row["specificity"] is not None
    assert [row[name] for name in ("balanced_accuracy_displayed", "malignant_auroc", "sensitivity")] == [None] * 3


def test_ages_fall_into_bands() -> None:
    years = pd.Series([0, 29.9, 30, 44, 45, 60, 75, 85, None])
    expected = ["under 30"] * 2 + ["30 to 44"] * 2 + ["45 to 59", "60 to 74", "75 on", "75 on", "unknown"]
    assert age_bands(years).tolist() == expected
    assert list(groups_of_nobody()) == []


def groups_of_nobody() -> dict[str, dict[str, float | None]]:
    names = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    return groups(pd.DataFrame({f"p_{name}": [1 / 7] for name in names}).assign(lesion_id="L", dx="nv"))
