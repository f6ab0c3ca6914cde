"""Every published figure with its 95 % interval, computed from a table of predictions alone: no network, no image.

    metrics = evaluate(predictions, decision=decision)
    metrics["lesion"].overall["malignant_auroc"]                        # Estimate(value=.94, low=.93, high=.96)
    metrics["lesion"].rules["displayed"].overall["balanced_accuracy"]

Two units: a lesion, with the mean of its images' probabilities (the primary one), and an image. Two rules: "displayed",
the largest probability, and "balanced", weighed by the checkpoint's class weights. docs/evaluation.md defines each
figure and names its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinnet.checkpoint import VERDICT
from skinnet.evaluation.bootstrap import DRAWS, UNDEFINED, Estimate, bootstrap_weights, estimates
from skinnet.evaluation.calibration_metrics import CalibrationMetrics, calibration_metrics
from skinnet.evaluation.classification import (
    RuleMetrics,
    by_class,
    confusion_matrices,
    overall_values,
    rule_metrics,
)
from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import UNITS, ScoredCases, by_image
from skinnet.evaluation.selective import SelectiveMetrics, selective_metrics
from skinnet.evaluation.subgroups import Subgroup, subgroup_metrics
from skinnet.evaluation.thresholds import PREVALENCES, AtPoint, DecisionCurve, at_operating_points, decision_curve
from skinnet.inference.calibration import Decision
from skinnet.labels import CLASSES

__all__ = ["Estimate", "Metrics", "evaluate", "image_metrics"]

READER = "the reader's"
CURVE_PREVALENCE = PREVALENCES["skin clinic"]


@dataclass(frozen=True)
class Metrics:
    """All figures of one table in one unit.

    Attributes:
        unit: "lesion" or "image".
        images, lesions: how many the table has.
        support: lesions or images by class.
        overall: figures that need no decision rule, and the verdict's `sensitivity` and `specificity`.
        per_class: AUROC and average precision of each class against the rest.
        rules: figures of the diagnoses by name of rule, "displayed" and "balanced".
        operating_points: what each threshold of p_malignant does.
        calibration: of p_malignant.
        decision_curve: net benefit of acting on p_malignant.
        selective: errors among the surest.
        subgroups: figures by sex, age, site, kind of proof and clinic.
    """

    unit: str
    images: int
    lesions: int
    support: dict[str, int]
    overall: dict[str, Estimate]
    per_class: dict[str, dict[str, Estimate]]
    rules: dict[str, RuleMetrics]
    operating_points: list[AtPoint]
    calibration: CalibrationMetrics
    decision_curve: DecisionCurve | None
    selective: SelectiveMetrics
    subgroups: list[Subgroup]

    @property
    def n(self) -> int:
        """Lesions or images, whichever the unit is."""
        return self.lesions if self.unit == "lesion" else self.images

    @property
    def verdict(self) -> AtPoint | None:
        """The operating point of the verdict; None where the table came without decision rules."""
        return next((point for point in self.operating_points if point.name == VERDICT), None)

    @property
    def threshold(self) -> float:
        """Of the verdict; NaN where there is none."""
        return self.verdict.threshold if self.verdict else float("nan")


def evaluate(
    predictions: pd.DataFrame,
    *,
    decision: Decision | None,
    prevalence: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Metrics]:
    """Compute everything, by unit.

    Args:
        predictions: see `scored_cases`.
        decision: the class weights and operating points of the network that predicted; None for "displayed" alone.
        prevalence: the reader's share of (pre)malignant lesions, beside the published ones; the decision curve is
            then drawn for it.
        draws: bootstrap draws of the lesions; 0 for no intervals.
        seed: of the draws.

    Raises:
        DataError: if the table is empty, lacks a column or holds what cannot be.
    """
    return {
        unit: _evaluate_unit(read(predictions), decision, prevalence, draws=draws, seed=seed)
        for unit, read in UNITS.items()
    }


def _evaluate_unit(
    cases: ScoredCases, decision: Decision | None, prevalence: float | None, *, draws: int, seed: int
) -> Metrics:
    weights = bootstrap_weights(cases, draws=draws, seed=seed)
    overall, columns = ranking_values(cases, weights)
    points = at_operating_points(cases, weights, decision.operating_points if decision else (), _shares(prevalence))
    verdict = next((point.estimates for point in points if point.name == VERDICT), {})
    class_weights = decision.class_weights if decision else None
    return Metrics(
        unit=cases.unit,
        images=int(cases.images.sum()),
        lesions=len(np.unique(cases.lesions)),
        support={dx: int((cases.dx == number).sum()) for number, dx in enumerate(CLASSES)},
        overall=estimates(overall) | {name: verdict.get(name, UNDEFINED) for name in ("sensitivity", "specificity")},
        per_class=by_class(columns),
        rules={name: rule_metrics(cases.dx, chosen, weights) for name, chosen in diagnoses(cases, decision).items()},
        operating_points=points,
        calibration=calibration_metrics(cases, weights, seed=seed),
        decision_curve=decision_curve(cases, weights, prevalence=prevalence or CURVE_PREVALENCE),
        selective=selective_metrics(cases, weights),
        subgroups=subgroup_metrics(
            cases,
            weights,
            threshold=next((point.threshold for point in points if point.name == VERDICT), None),
            class_weights=class_weights,
        ),
    )


def diagnoses(cases: ScoredCases, decision: Decision | None) -> dict[str, np.ndarray]:
    """The diagnoses of each rule: int (N,)."""
    found = {"displayed": cases.displayed}
    if decision is not None:
        found["balanced"] = cases.balanced(decision.class_weights)
    return found


def _shares(prevalence: float | None) -> Mapping[str, float]:
    return PREVALENCES | ({} if prevalence is None else {READER: prevalence})


def image_metrics(predictions: pd.DataFrame) -> dict[str, float]:
    """The figures by which training chooses an epoch: per image, of the largest probability, without intervals."""
    cases = by_image(predictions)
    ones = np.ones((1, len(cases.dx)))
    overall, _ = ranking_values(cases, ones)
    values = overall | overall_values(confusion_matrices(cases.dx, cases.displayed, ones))
    return {name: float(column[0]) for name, column in values.items()}
