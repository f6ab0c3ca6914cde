"""Metrics of thresholds on p_malignant: at operating points fixed beforehand, at other prevalences, and net benefit.

    results = at_operating_points(cases, weights, decision.operating_points, prevalences)
    curve = decision_curve(cases, weights, prevalence=0.1)

At a prevalence other than the data's own, sensitivity and specificity stay the same. This assumes that the diagnoses
among the (pre)malignant lesions, and among the benign ones, are mixed as in the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skinnet.checkpoint import OperatingPoint
from skinnet.evaluation.bootstrap import Estimate, estimate, estimates, in_blocks, ratio
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.labels import CLASSES

PREVALENCES = {"skin clinic": 0.10, "general practice": 0.02}
"""Shares of (pre)malignant lesions for the published tables, beside the data's own: round numbers, assumed."""
SAME_DATA = "these data"
"""Name of the data's own prevalence, in `metrics.json`."""
CURVE_THRESHOLDS = tuple(round(0.01 * percent, 2) for percent in range(1, 21))
"""Threshold probabilities of the decision curve, 1 to 20 %."""
HISTOLOGY = "histo"
"""The value of `dx_type` for a diagnosis proven under the microscope."""


@dataclass(frozen=True)
class PrevalenceMetrics:
    """Predictive values at a prevalence.

    Attributes:
        name, prevalence: the place, and the share of (pre)malignant lesions there.
        estimates: `ppv`, `npv`, and `flagged_per_found`: lesions flagged for each (pre)malignant one among them.
    """

    name: str
    prevalence: float
    estimates: dict[str, Estimate]


@dataclass(frozen=True)
class PointMetrics:
    """The metrics of one operating point.

    Attributes:
        name, target, threshold: the operating point; `target` is the sensitivity that it was fitted for.
        estimates: realised `sensitivity`, `specificity`, `melanoma_sensitivity`, and `histology_specificity`, the
            specificity among benign lesions proven by histology.
        prevalences: predictive values, by place.
        missed_melanomas: a row for each melanoma below the threshold, the lowest p_malignant first.
    """

    name: str
    target: float
    threshold: float
    estimates: dict[str, Estimate]
    prevalences: list[PrevalenceMetrics]
    missed_melanomas: list[dict[str, Any]]


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit (Vickers & Elkin, Medical Decision Making 2006) at a prevalence; treating none has 0.

    Attributes:
        prevalence: share of (pre)malignant lesions.
        thresholds: probabilities from which one would act, with p_malignant moved to the prevalence.
        model: net benefit of acting on the model.
        treat_all: net benefit of acting on every lesion.
    """

    prevalence: float
    thresholds: list[float]
    model: list[Estimate]
    treat_all: list[float]


def at_operating_points(
    cases: ScoredCases, weights: np.ndarray, points: Sequence[OperatingPoint], prevalences: Mapping[str, float]
) -> list[PointMetrics]:
    """Compute the realised metrics of each operating point.

    Args:
        weights: float (R, N).
        points: operating points that were fixed beforehand.
        prevalences: by name, in addition to the data's own.
    """
    shares = {SAME_DATA: float(cases.malignant.mean())} | dict(prevalences)
    return [_at_point(cases, weights, point, shares) for point in points]


def _at_point(
    cases: ScoredCases, weights: np.ndarray, point: OperatingPoint, prevalences: Mapping[str, float]
) -> PointMetrics:
    values = threshold_values(cases, weights, point.threshold)
    sensitivity, specificity = values["sensitivity"], values["specificity"]
    return PointMetrics(
        name=point.name,
        target=point.sensitivity,
        threshold=point.threshold,
        estimates=estimates(values),
        prevalences=[
            PrevalenceMetrics(name, share, estimates(prevalence_values(sensitivity, specificity, share)))
            for name, share in prevalences.items()
        ],
        missed_melanomas=_missed_melanomas(cases, point.threshold),
    )


@in_blocks
def threshold_values(cases: ScoredCases, weights: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Compute sensitivities and specificities, flagging p_malignant >= threshold: each (R,)."""
    flagged, benign = cases.p_malignant >= threshold, ~cases.malignant
    proof = cases.facts.get("dx_type")
    proven = np.zeros(len(benign), bool) if proof is None else (proof == HISTOLOGY).to_numpy(bool)
    pairs = {
        "sensitivity": (flagged, cases.malignant),
        "specificity": (~flagged, benign),
        "melanoma_sensitivity": (flagged, cases.melanoma),
        "histology_specificity": (~flagged, benign & proven),
    }
    columns = [column for correct, among in pairs.values() for column in (correct & among, among)]
    counts = weights @ np.stack(columns, axis=1)
    return {name: ratio(counts[:, 2 * i], counts[:, 2 * i + 1]) for i, name in enumerate(pairs)}


def prevalence_values(sensitivity: np.ndarray, specificity: np.ndarray, prevalence: float) -> dict[str, np.ndarray]:
    """Apply Bayes' rule: `ppv`, `npv` and `flagged_per_found`, each (R,)."""
    found, alarms = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    missed, cleared = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    return {
        "ppv": ratio(found, found + alarms),
        "npv": ratio(cleared, cleared + missed),
        "flagged_per_found": ratio(found + alarms, found),
    }


def decision_curve(cases: ScoredCases, weights: np.ndarray, *, prevalence: float) -> DecisionCurve | None:
    """Compute the net benefit at thresholds of 1 to 20 %; None where all cases are (pre)malignant, or none is."""
    share = float(cases.malignant.mean())
    if share in (0, 1):
        return None
    scores = to_prevalence(cases.p_malignant, prevalence=prevalence, fitted_at=share)
    flagged = scores[:, None] >= np.array(CURVE_THRESHOLDS)  # (N, T)
    found, alarms = (_shares_flagged(flagged, among, weights) for among in (cases.malignant, ~cases.malignant))
    odds = np.array(CURVE_THRESHOLDS) / (1 - np.array(CURVE_THRESHOLDS))
    benefit = found * prevalence - alarms * (1 - prevalence) * odds
    return DecisionCurve(
        prevalence=prevalence,
        thresholds=list(CURVE_THRESHOLDS),
        model=[estimate(column) for column in benefit.T],
        treat_all=(prevalence - (1 - prevalence) * odds).tolist(),
    )


@in_blocks
def _shares_flagged(flagged: np.ndarray, among: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the share of some rows, bool (N,), that is flagged at each threshold, bool (N, T): (R, T)."""
    return np.asarray(weights @ (flagged & among[:, None]) / (weights @ among)[:, None])


def to_prevalence(scores: np.ndarray, *, prevalence: float, fitted_at: float) -> np.ndarray:
    """Move probabilities to another prevalence by the ratio of the odds (Saerens et al., Neural Computation 2002).

    Args:
        scores: probabilities of a (pre)malignant lesion.
        prevalence: the new share of (pre)malignant lesions.
        fitted_at: the share at which the scores are calibrated now. The mix of diagnoses within the (pre)malignant and
            within the benign lesions is assumed to stay the same.
    """
    odds = prevalence / (1 - prevalence) / (fitted_at / (1 - fitted_at))
    return np.asarray(scores * odds / (scores * odds + (1 - scores)))


def _missed_melanomas(cases: ScoredCases, threshold: float) -> list[dict[str, Any]]:
    scores, displayed = cases.p_malignant, cases.displayed
    missed = np.flatnonzero(cases.melanoma & (scores < threshold))
    return [
        {
            f"{cases.unit}_id": str(cases.names[row]),
            "lesion_id": str(cases.facts["lesion_id"].iloc[row]),
            "images": int(cases.images[row]),
            "most_likely": CLASSES[displayed[row]],
            "p_malignant": round(float(scores[row]), 6),
            **{f"p_{dx}": round(float(p), 6) for dx, p in zip(CLASSES, cases.probabilities[row], strict=True)},
        }
        for row in missed[np.argsort(scores[missed], kind="stable")]
    ]
