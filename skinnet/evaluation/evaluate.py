"""Every published metric with its 95 % interval, computed from a table of predictions alone: no network, no image.

    metrics = evaluate(predictions, decision=decision)
    metrics["lesion"].overall["malignant_auroc"]                        # Estimate(value=.94, low=.93, high=.96)
    metrics["lesion"].rules["displayed"].overall["balanced_accuracy"]

There are two units: a lesion, with the mean of its images' probabilities (the primary unit), and an image. There are
two decision rules: "displayed", the largest probability, and "balanced", the largest product of probability and class
weight. docs/evaluation.md defines each metric and names its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinnet.checkpoint import VERDICT
from skinnet.evaluation.bootstrap import DRAWS, UNDEFINED, Estimate, affordable, bootstrap_counts, estimates
from skinnet.evaluation.calibration_metrics import CalibrationMetrics, calibration_metrics
from skinnet.evaluation.classification import RuleMetrics, by_class, confusion_matrices, overall_values, rule_metrics
from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import UNITS, ScoredCases, by_image
from skinnet.evaluation.selective import SelectiveMetrics, selective_metrics
from skinnet.evaluation.subgroups import Subgroup, subgroup_metrics
from skinnet.evaluation.thresholds import PREVALENCES, DecisionCurve, PointMetrics, at_operating_points, decision_curve
from skinnet.inference.calibration import Decision
from skinnet.labels import CLASSES

READER = "the reader's"
"""Name of the prevalence that the caller gives, in `metrics.json`."""
CURVE_PREVALENCE = PREVALENCES["skin clinic"]
"""Prevalence of the decision curve, unless the caller gives one."""


@dataclass(frozen=True)
class Metrics:
    """All metrics of one table in one unit.

    Attributes:
        unit: "lesion" or "image".
        images, lesions: how many the table has.
        support: lesions or images by class.
        overall: metrics that need no decision rule, and the verdict's `sensitivity` and `specificity`.
        per_class: AUROC and average precision of each class against the rest.
        rules: metrics of the diagnoses by name of rule, "displayed" and "balanced".
        operating_points: metrics of each threshold of p_malignant.
        calibration: calibration of p_malignant.
        decision_curve: net benefit of acting on p_malignant.
        selective: errors among the surest diagnoses.
        subgroups: metrics by sex, age, site, kind of proof and clinic.
    """

    unit: str
    images: int
    lesions: int
    support: dict[str, int]
    overall: dict[str, Estimate]
    per_class: dict[str, dict[str, Estimate]]
    rules: dict[str, RuleMetrics]
    operating_points: list[PointMetrics]
    calibration: CalibrationMetrics
    decision_curve: DecisionCurve | None
    selective: SelectiveMetrics
    subgroups: list[Subgroup]

    @property
    def n(self) -> int:
        """The count of lesions or of images, depending on the unit."""
        return self.lesions if self.unit == "lesion" else self.images

    @property
    def verdict(self) -> PointMetrics | None:
        """The operating point of the verdict; None where the table came without decision rules."""
        return next((point for point in self.operating_points if point.name == VERDICT), None)

    @property
    def threshold(self) -> float:
        """The threshold of the verdict; NaN where there is none."""
        return self.verdict.threshold if self.verdict else float("nan")


def evaluate(
    predictions: pd.DataFrame,
    *,
    decision: Decision | None,
    prevalence: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Metrics]:
    """Compute all metrics, by unit.

    Args:
        predictions: see `scored_cases`.
        decision: class weights and operating points of the network that made the predictions; None evaluates the rule
            "displayed" alone.
        prevalence: the reader's share of (pre)malignant lesions, in addition to the published ones. The decision curve
            is then computed for it.
        draws: number of bootstrap draws of the lesions; 0 for no intervals. Tables of more than 20,000 rows get fewer.
        seed: seed of the draws.

    Raises:
        DataError: if the table is empty, lacks a column, or has empty fields or unknown classes.
    """
    draws = affordable(draws, max(1, len(predictions)))
    return {
        unit: _evaluate_unit(arrange(predictions), decision, prevalence, draws=draws, seed=seed)
        for unit, arrange in UNITS.items()
    }


def _evaluate_unit(
    cases: ScoredCases, decision: Decision | None, prevalence: float | None, *, draws: int, seed: int
) -> Metrics:
    weights = bootstrap_counts(cases, draws=draws, seed=seed)
    overall, columns = ranking_values(cases, weights)
    points = at_operating_points(cases, weights, decision.operating_points if decision else (), _shares(prevalence))
    verdict = next((point for point in points if point.name == VERDICT), None)
    at_verdict = verdict.estimates if verdict else {}
    class_weights = decision.class_weights if decision else None
    return Metrics(
        unit=cases.unit,
        images=int(cases.images.sum()),
        lesions=len(np.unique(cases.lesions)),
        support={dx: int((cases.dx == number).sum()) for number, dx in enumerate(CLASSES)},
        overall=estimates(overall) | {name: at_verdict.get(name, UNDEFINED) for name in ("sensitivity", "specificity")},
        per_class=by_class(columns),
        rules={name: rule_metrics(cases.dx, dx, weights) for name, dx in cases.diagnoses(class_weights).items()},
        operating_points=points,
        calibration=calibration_metrics(cases, weights, seed=seed),
        decision_curve=decision_curve(cases, weights, prevalence=prevalence or CURVE_PREVALENCE),
        selective=selective_metrics(cases, weights),
        subgroups=subgroup_metrics(
            cases,
            weights,
            threshold=verdict.threshold if verdict else None,
            class_weights=class_weights,
        ),
    )


def _shares(prevalence: float | None) -> Mapping[str, float]:
    return PREVALENCES | ({} if prevalence is None else {READER: prevalence})


def image_metrics(predictions: pd.DataFrame) -> dict[str, float]:
    """Compute the metrics by which training chooses an epoch: per image, as displayed, without intervals."""
    cases = by_image(predictions)
    ones = np.ones((1, len(cases.dx)))
    overall, _ = ranking_values(cases, ones)
    values = overall | overall_values(confusion_matrices(cases.dx, cases.displayed, ones))
    return {name: float(column[0]) for name, column in values.items()}
