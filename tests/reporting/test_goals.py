from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import UNITS
from skinnet.reporting.goals import GOALS, IMAGE_GOALS, Goal, goals_sentence, goals_table, image_goals_table, outcome
from skinnet.reporting.results.measured import load_metrics

BALANCED, MACRO, PREMALIGNANT, MELANOMA, AT_95, SLOPE, ERROR, SENSITIVITY, SPECIFICITY = GOALS


@pytest.fixture(scope="module")
def metrics(shipped: Path) -> dict[str, Metrics]:
    return {unit: load_metrics(shipped, "test", unit=unit) for unit in UNITS}


def with_auroc(metrics: Metrics, name: str, value: float | None) -> Metrics:
    return replace(metrics, overall=metrics.overall | {name: Estimate(value, None, None)})


def with_calibration(metrics: Metrics, **values: Estimate) -> Metrics:
    return replace(metrics, calibration=replace(metrics.calibration, **values))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.966, "reached"),
        (0.966 - 1e-12, "reached"),  # rounding, not a miss
        (0.9659, "reached at least; goal missed by less than .001"),
        (0.954, "reached at least; goal missed by .012"),
        (0.940, "reached at least; goal missed by .026"),
        (0.9399, "missed by less than .001; goal missed by .026"),
        (0.928, "missed by .012; goal missed by .038"),
        (None, "n/a"),
    ],
)
def test_an_outcome_is_right_at_the_boundaries(metrics: dict[str, Metrics], value: float | None, words: str) -> None:
    assert str(outcome(MELANOMA, with_auroc(metrics["lesion"], "melanoma_auroc", value))) == words


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        (0.9, "reached"),
        (1.1, "reached"),
        (0.888, "missed by .012"),
        (1.112, "missed by .012"),
        (2.3, "missed by 1.200"),
    ],
)
def test_a_metric_with_one_kind_of_mark_is_reached_within_it(
    metrics: dict[str, Metrics], slope: float, words: str
) -> None:
    changed = with_calibration(metrics["lesion"], slope=Estimate(slope, None, None))
    assert str(outcome(SLOPE, changed)) == words


@pytest.mark.parametrize(("error", "words"), [(0.005, "reached"), (0.03, "reached"), (0.042, "missed by .012")])
def test_the_calibration_error_is_compared_with_a_perfect_networks_range(
    metrics: dict[str, Metrics], error: float, words: str
) -> None:
    perfect = {"error": Estimate(error, None, None), "perfect_error": Estimate(0.02, 0.01, 0.03)}
    assert str(outcome(ERROR, with_calibration(metrics["image"], **perfect))) == words


def at_the_threshold(metrics: Metrics, **values: float) -> Metrics:
    points = [
        replace(
            point, estimates=point.estimates | {name: Estimate(value, None, None) for name, value in values.items()}
        )
        for point in metrics.operating_points
        if point.name == "95"
    ]
    return replace(metrics, operating_points=[*points, *metrics.operating_points[1:]])


def test_the_pair_is_read_at_the_threshold_for_95_percent(metrics: dict[str, Metrics]) -> None:
    changed = at_the_threshold(metrics["lesion"], sensitivity=0.93, specificity=0.788)
    assert (str(outcome(SENSITIVITY, changed)), str(outcome(SPECIFICITY, changed))) == ("reached", "missed by .012")


def test_every_goal_reads_a_metric_of_the_metrics_file(metrics: dict[str, Metrics]) -> None:
    lesion = metrics["lesion"]
    assert BALANCED.metric(lesion) == lesion.rules["balanced"].overall["balanced_accuracy"]
    expected: Mapping[Goal, Estimate] = {
        MACRO: lesion.overall["macro_auroc"],
        PREMALIGNANT: lesion.overall["malignant_auroc"],
        AT_95: lesion.overall["malignant_specificity_at_95"],
        SLOPE: lesion.calibration.slope,
        SPECIFICITY: lesion.operating_points[0].estimates["specificity"],
    }
    assert {goal: goal.metric(lesion) for goal in expected} == expected


def test_the_table_has_each_unit_with_its_interval_and_outcome(metrics: dict[str, Metrics]) -> None:
    table = goals_table(metrics)
    assert table.title == "Goals, and which were missed (test split, n = 2,004 images of 1,493 lesions)"
    assert table.header[1:] == [
        "per lesion (primary)", "outcome per lesion", "ship at least", "goal", "per image", "outcome per image"
    ]  # fmt: skip
    assert [row[0] for row in table.rows] == [goal.title for goal in GOALS]
    lesion, image = metrics.values()
    assert table.rows[GOALS.index(MELANOMA)][1:] == [
        str(lesion.overall["melanoma_auroc"]), str(outcome(MELANOMA, lesion)), ">= 0.940", ">= 0.966",
        str(image.overall["melanoma_auroc"]), str(outcome(MELANOMA, image)),
    ]  # fmt: skip
    assert table.rows[GOALS.index(ERROR)][5].endswith(f"; a perfect network's: {image.calibration.perfect_error}")
    assert table.rows[GOALS.index(SLOPE)][3:5] == ["0.900-1.100", "-"]


def test_the_sentence_names_every_goal_once_under_its_outcome(metrics: dict[str, Metrics]) -> None:
    changed = at_the_threshold(with_auroc(metrics["lesion"], "melanoma_auroc", 0.928), sensitivity=0.93)
    changed = with_auroc(with_auroc(changed, "macro_auroc", 0.97), "malignant_auroc", None)
    missed, rest = goals_sentence(changed).split(" Reached at least, goal missed: ")
    at_least, rest = rest.split(" Reached: ")
    reached, undefined = rest.split(" Undefined: ")
    assert "Melanoma AUROC" in missed
    assert "Macro AUROC" in at_least
    assert SENSITIVITY.title in reached
    assert undefined.startswith("(Pre)malignant AUROC. All per lesion")
    assert all(goals_sentence(changed).count(goal.title) == 1 for goal in GOALS)


def test_the_goals_by_data_set_are_read_from_its_own_metrics(shipped: Path) -> None:
    metrics = {name: load_metrics(shipped, name) for name in IMAGE_GOALS}
    table = image_goals_table(metrics)
    assert len(table.rows) == sum(map(len, IMAGE_GOALS.values()))
    for row in table.rows:
        name = "test" if row[0] == "HAM10000" else "isic2017"
        (goal,) = (goal for goal in IMAGE_GOALS[name] if goal.title == row[2])
        assert row[1] == f"{metrics[name].images:,}"
        assert row[3] == str(goal.metric(metrics[name]))
        assert row[4] == str(outcome(goal, metrics[name]))
    assert {row[0] for row in image_goals_table({"test": metrics["test"]}).rows} == {"HAM10000"}
