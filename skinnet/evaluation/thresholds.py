"""What thresholds of p_malignant do: at operating points fixed beforehand, at other prevalences, and for a decision.

    results = at_operating_points(cases, weights, decision.operating_points, prevalences)
    curve = decision_curve(cases, weights, prevalence=0.1)

At a prevalence other than the data's own, sensitivity and specificity are kept: the mix of diagnoses among the
(pre)malignant and among the benign is taken to be the data's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skinnet.checkpoint import OperatingPoint
from skinnet.evaluation.bootstrap import Estimate, estimate, estimates, ratio
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.labels import CLASSES

PREVALENCES = {"skin clinic": 0.10, "general practice": 0.02}
"""Shares of (pre)malignant lesions for the published tables, beside the data's own; assumed, round figures."""
OWN = "these data"
CURVE_THRESHOLDS = tuple(round(0.01 * percent, 2) for percent in range(1, 21))
HISTOLOGY = "histo"


@dataclass(frozen=True)
class AtPrevalence:
    """What a reader sees who works at a prevalence.

    Attributes:
        name, prevalence: where that is, and the share of (pre)malignant lesions there.
        estimates: `ppv`, `npv`, and `flagged_per_found`: lesions flagged for each (pre)malignant one among them.
    """

    name: str
    prevalence: float
    estimates: dict[str, Estimate]


@dataclass(frozen=True)
class AtPoint:
    """What one threshold does.

    Attributes:
        name, target, threshold: the operating point, and the sensitivity that it was fitted for.
        estimates: realised `sensitivity`, `specificity`, `melanoma_sensitivity`, and `histology_specificity`: that
            among benign lesions proven by histology.
        prevalences: the reader's view.
        missed_melanomas: a row for each melanoma below the threshold, the lowest p_malignant first.
    """

    name: str
    target: float
    threshold: float
    estimates: dict[str, Estimate]
    prevalences: list[AtPrevalence]
    missed_melanomas: list[dict[str, Any]]


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit (Vickers & Elkin, Medical Decision Making 2006) at a prevalence; treating none has 0.

    Attributes:
        prevalence: of the (pre)malignant.
        thresholds: probabilities from which on one would act, after p_malignant was moved to the prevalence.
        model: net benefit of acting on the model.
        treat_all: net benefit of acting on every lesion.
    """

    prevalence: float
    thresholds: list[float]
    model: list[Estimate]
    treat_all: list[float]


def at_operating_points(
    cases: ScoredCases, weights: np.ndarray, points: Sequence[OperatingPoint], prevalences: Mapping[str, float]
) -> list[AtPoint]:
    """Realised figures at each operating point.

    Args:
        prevalences: by name, beside the data's own.
    """
    own = {OWN: float(cases.malignant.mean())}
    return [_at_point(cases, weights, point, own | dict(prevalences)) for point in points]


def _at_point(
    cases: ScoredCases, weights: np.ndarray, point: OperatingPoint, prevalences: Mapping[str, float]
) -> AtPoint:
    values = threshold_values(cases, weights, point.threshold)
    sensitivity, specificity = values["sensitivity"], values["specificity"]
    return AtPoint(
        name=point.name,
        target=point.sensitivity,
        threshold=point.threshold,
        estimates=estimates(values),
        prevalences=[
            AtPrevalence(name, share, estimates(prevalence_values(sensitivity, specificity, share)))
            for name, share in prevalences.items()
        ],
        missed_melanomas=_missed_melanomas(cases, point.threshold),
    )


def threshold_values(cases: ScoredCases, weights: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Sensitivities and specificities where p_malignant >= threshold is flagged, each (R,)."""
    flagged, benign = cases.p_malignant >= threshold, ~cases.malignant
    proof = cases.facts.get("dx_type")
    proven = np.zeros(len(benign), bool) if proof is None else (proof == HISTOLOGY).to_numpy(bool)
    pairs = {
        "sensitivity": (flagged, cases.malignant),
        "specificity": (~flagged, benign),
        "melanoma_sensitivity": (flagged, cases.melanoma),
        "histology_specificity": (~flagged, benign & proven),
    }
    counts = weights @ np.stack([column for chosen, among in pairs.values() for column in (chosen & among, among)], 1)
    return {name: ratio(counts[:, 2 * i], counts[:, 2 * i + 1]) for i, name in enumerate(pairs)}


def prevalence_values(sensitivity: np.ndarray, specificity: np.ndarray, prevalence: float) -> dict[str, np.ndarray]:
    """Bayes' rule: `ppv`, `npv`, `flagged_per_found`, each (R,)."""
    found, alarms = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    missed, cleared = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    return {
        "ppv": ratio(found, found + alarms),
        "npv": ratio(cleared, cleared + missed),
        "flagged_per_found": ratio(found + alarms, found),
    }


def decision_curve(cases: ScoredCases, weights: np.ndarray, *, prevalence: float) -> DecisionCurve | None:
    """Net benefit at thresholds of 1 to 20 %; None where all are malignant or none is."""
    share = float(cases.malignant.mean())
    if share in (0, 1):
        return None
    scores = to_prevalence(cases.p_malignant, prevalence=prevalence, fitted_at=share)
    flagged = scores[:, None] >= np.array(CURVE_THRESHOLDS)  # (N, T)
    found = weights @ (flagged & cases.malignant[:, None]) / (weights @ cases.malignant)[:, None]
    alarms = weights @ (flagged & ~cases.malignant[:, None]) / (weights @ ~cases.malignant)[:, None]
    odds = np.array(CURVE_THRESHOLDS) / (1 - np.array(CURVE_THRESHOLDS))
    benefit = found * prevalence - alarms * (1 - prevalence) * odds
    return DecisionCurve(
        prevalence=prevalence,
        thresholds=list(CURVE_THRESHOLDS),
        model=[estimate(column) for column in benefit.T],
        treat_all=(prevalence - (1 - prevalence) * odds).tolist(),
    )


def _missed_melanomas(cases: ScoredCases, threshold: float) -> list[dict[str, Any]]:
    missed = np.flatnonzero(cases.melanoma & (cases.p_malignant < threshold))
    return [
        {
            f"{cases.unit}_id": str(cases.names[row]),
            **({} if cases.unit == "lesion" else {"lesion_id": str(cases.facts["lesion_id"].iloc[row])}),
            "images": int(cases.images[row]),
            "most_likely": CLASSES[cases.displayed[row]],
            "p_malignant": round(float(cases.p_malignant[row]), 6),
            **{f"p_{dx}": round(float(p), 6) for dx, p in zip(CLASSES, cases.probabilities[row], strict=True)},
        }
        for row in missed[np.argsort(cases.p_malignant[missed], kind="stable")]
    ]


def to_prevalence(scores: np.ndarray, *, prevalence: float, fitted_at: float) -> np.ndarray:
    """Move probabilities to another prevalence, by the ratio of the odds (Saerens et al. 2002).

    Args:
        scores: probabilities of (pre)malignancy.
        prevalence: the share of (pre)malignant lesions where the scores are to hold.
        fitted_at: the share where they hold now. The mix of diagnoses on either side is taken to be the same.
    """
    odds = prevalence / (1 - prevalence) / (fitted_at / (1 - fitted_at))
    return np.asarray(scores * odds / (scores * odds + (1 - scores)))
