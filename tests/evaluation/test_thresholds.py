from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from skinnet.evaluation.scored_cases import by_image, by_lesion
from skinnet.evaluation.thresholds import (
    SAME_DATA,
    at_operating_points,
    decision_curve,
    threshold_values,
    to_prevalence,
)
from skinnet.inference.calibration import OperatingPoint
from skinnet.labels import CLASSES, probability_columns

POINT = OperatingPoint("95", 0.95, 0.3)


def test_realised_metrics_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    proof = np.where(np.arange(len(predictions)) % 3 == 0, "histo", "follow_up")
    cases = by_image(predictions.assign(dx_type=proof))
    values = threshold_values(cases, np.ones((1, len(cases.dx))), 0.3)
    flagged = cases.p_malignant >= 0.3
    benign = ~cases.malignant & (proof == "histo")
    assert values["sensitivity"][0] == pytest.approx(oracle.recall_score(cases.malignant, flagged))
    assert values["specificity"][0] == pytest.approx(oracle.recall_score(~cases.malignant, ~flagged))
    assert values["melanoma_sensitivity"][0] == pytest.approx(flagged[cases.melanoma].mean())
    assert values["histology_specificity"][0] == pytest.approx(1 - flagged[benign].mean())


def test_at_the_data_s_own_prevalence_bayes_gives_back_the_counts(predictions: pd.DataFrame) -> None:
    cases = by_lesion(predictions.assign(lesion_id=range(len(predictions))))
    [point] = at_operating_points(cases, np.ones((1, len(cases.dx))), [POINT], {"rare": 0.01})
    flagged, cleared = cases.p_malignant >= 0.3, cases.p_malignant < 0.3
    own, rare = point.prevalences
    assert (own.name, rare.name) == (SAME_DATA, "rare")
    assert own.prevalence == cases.malignant.mean()
    assert own.estimates["ppv"].value == pytest.approx(cases.malignant[flagged].mean())
    assert own.estimates["npv"].value == pytest.approx(1 - cases.malignant[cleared].mean())
    assert own.estimates["flagged_per_found"].value == pytest.approx(flagged.sum() / cases.malignant[flagged].sum())
    sensitivity, specificity = (point.estimates[name].value for name in ("sensitivity", "specificity"))
    assert sensitivity is not None
    assert specificity is not None
    found = sensitivity * 0.01 / (sensitivity * 0.01 + (1 - specificity) * 0.99)
    assert rare.estimates["ppv"].value == pytest.approx(found)


def test_every_missed_melanoma_is_named(predictions: pd.DataFrame) -> None:
    table = predictions.assign(image_id=[f"I{number}" for number in range(len(predictions))])
    cases = by_image(table)
    [point] = at_operating_points(cases, np.ones((1, len(cases.dx))), [POINT], {})
    score = predictions[["p_akiec", "p_bcc", "p_mel"]].sum(axis=1)
    expected = table[(table["dx"] == "mel") & (score < 0.3)]
    assert {row["image_id"] for row in point.missed_melanomas} == set(expected["image_id"])
    scores = [row["p_malignant"] for row in point.missed_melanomas]
    assert scores == pytest.approx(sorted(score[expected.index]), abs=1e-6)
    assert {row["lesion_id"] for row in point.missed_melanomas} == set(expected["lesion_id"])
    assert (point.name, point.target, point.threshold) == (POINT.name, POINT.sensitivity, 0.3)
    for row in point.missed_melanomas:
        [truth] = table[table["image_id"] == row["image_id"]].to_dict("records")
        columns = probability_columns()
        assert row["images"] == 1
        assert row["lesion_id"] == truth["lesion_id"]
        assert {name: row[name] for name in columns} == pytest.approx({name: truth[name] for name in columns}, abs=1e-6)
        assert truth[f"p_{row['most_likely']}"] == max(truth[name] for name in columns)
        assert row["most_likely"] in CLASSES
    at_one = OperatingPoint("95", 0.95, float(cases.p_malignant[expected.index[0]]))
    [point] = at_operating_points(cases, np.ones((1, len(cases.dx))), [at_one], {})
    assert expected["image_id"].iloc[0] not in {row["image_id"] for row in point.missed_melanomas}
    [by_unit] = at_operating_points(by_lesion(table), np.ones((1, table["lesion_id"].nunique())), [POINT], {})
    assert all("image_id" not in row and row["images"] >= 1 for row in by_unit.missed_melanomas)


def test_net_benefit_of_a_perfect_and_of_a_useless_model() -> None:
    dx = ["mel"] * 30 + ["nv"] * 70
    for right, expected in ((1.0, [0.1] * 20), (0.3, None)):
        table = pd.DataFrame({f"p_{name}": 0.0 for name in ("akiec", "bcc", "bkl", "df", "vasc")}, range(100))
        p = np.array([right] * 30 + [1 - right if expected else right] * 70)
        cases = by_image(table.assign(lesion_id=range(100), dx=dx, p_mel=p, p_nv=1 - p))
        curve = decision_curve(cases, np.ones((1, 100)), prevalence=0.1)
        assert curve is not None
        assert curve.prevalence == 0.1
        values = [estimate.value for estimate in curve.model]
        everyone = [0.1 - 0.9 * t / (1 - t) for t in curve.thresholds]
        assert curve.treat_all == pytest.approx(everyone)
        if expected:
            assert values == pytest.approx(expected)
        else:  # every score is 10 % at this prevalence: act on all up to there, on none above
            assert values[:9] == pytest.approx(everyone[:9])
            assert values[10:] == pytest.approx([0] * 10)


def test_a_score_at_the_threshold_is_flagged_in_the_decision_curve() -> None:
    table = pd.DataFrame(dict.fromkeys(probability_columns(), 0.0), range(4))
    cases = by_image(table.assign(lesion_id=range(4), dx=["mel", "mel", "nv", "nv"], p_mel=0.1, p_nv=0.9))
    curve = decision_curve(cases, np.ones((1, 4)), prevalence=0.5)
    assert curve is not None
    assert curve.model[9].value == pytest.approx(curve.treat_all[9])
    assert curve.model[10].value == 0


def test_there_is_no_curve_without_both_kinds(predictions: pd.DataFrame) -> None:
    for diagnosis in ("nv", "mel"):
        cases = by_image(predictions[predictions["dx"] == diagnosis])
        assert decision_curve(cases, np.ones((1, len(cases.dx))), prevalence=0.1) is None


def test_a_score_moves_to_another_prevalence_by_the_odds() -> None:
    scores = np.array([0.0, 0.2, 0.5, 1.0])
    assert to_prevalence(scores, prevalence=0.2, fitted_at=0.2) == pytest.approx(scores)
    moved = to_prevalence(scores, prevalence=0.02, fitted_at=0.2)
    assert moved == pytest.approx([0, 0.02, 0.5 / 0.5 * (0.02 / 0.98) / 0.25 / (1 + (0.02 / 0.98) / 0.25), 1])
    assert to_prevalence(moved, prevalence=0.2, fitted_at=0.02) == pytest.approx(scores)
