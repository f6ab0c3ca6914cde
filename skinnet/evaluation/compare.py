"""Is one network better than another on the same images? A paired bootstrap over lesions.

    rows = compare(ours, theirs, decisions=(our_decision, None))
    rows["lesion"]["malignant_auroc"].verdict      # "better", "worse" or "tie"

Both are measured on the same draws of lesions, so a lesion that is hard for both cancels out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinnet.errors import DataError, shortlist
from skinnet.evaluation.bootstrap import DRAWS, Estimate, affordable, bootstrap_counts, estimate, in_blocks
from skinnet.evaluation.calibration_metrics import calibration_error
from skinnet.evaluation.classification import confusion_matrices, overall_values
from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import UNITS, ScoredCases
from skinnet.evaluation.thresholds import threshold_values
from skinnet.inference.calibration import Decision

RULE_METRICS = ("balanced_accuracy", "accuracy", "macro_f1")
SCORE_METRICS = ("malignant_auroc", "melanoma_auroc", "macro_auroc", "malignant_average_precision")
LOWER_IS_BETTER = {"brier", "error"}


@dataclass(frozen=True)
class Difference:
    """One metric of two networks.

    Attributes:
        first, second: the values.
        difference: first minus second, with its interval over the same draws.
        p: two-sided, from the share of draws on the other side of zero; None without draws.
        verdict: "better" or "worse" (the first than the second), or "tie" where the interval holds zero.
    """

    first: float
    second: float
    difference: Estimate
    p: float | None
    verdict: str


def compare(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    decisions: tuple[Decision | None, Decision | None],
    units: Iterable[str] = tuple(UNITS),
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, dict[str, Difference]]:
    """Compare two networks: differences by unit and metric, without metrics that either lacks.

    Args:
        first, second: tables of predictions of the same images.
        decisions: the rules of each, applied to its own predictions.
        units: those to compare in.

    Raises:
        DataError: if they do not hold the same images, lesions and diagnoses.
    """
    second = _paired(first, second)
    differences = {}
    for unit in units:
        both = UNITS[unit](first), UNITS[unit](second)
        weights = bootstrap_counts(both[0], draws=affordable(draws, len(first)), seed=seed)
        ours, theirs = (_values(cases, weights, decision) for cases, decision in zip(both, decisions, strict=True))
        differences[unit] = {name: _difference(name, ours[name], theirs[name]) for name in ours if name in theirs}
    return differences


def _paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Put the rows of the second table in the order of the first."""
    left, right = first.set_index("image_id"), second.set_index("image_id")
    if left.index.has_duplicates or set(left.index) != set(right.index):
        odd = left.index.symmetric_difference(right.index)
        raise DataError(f"The two tables do not hold the same images: only one has {shortlist(odd)}.")
    right = right.loc[left.index].reset_index()
    different = (first["dx"].to_numpy() != right["dx"].to_numpy()) | (
        first["lesion_id"].astype(str).to_numpy() != right["lesion_id"].astype(str).to_numpy()
    )
    if different.any():
        raise DataError(f"The two tables differ in dx or lesion_id of image {shortlist(right['image_id'][different])}.")
    return right


@in_blocks
def _values(cases: ScoredCases, weights: np.ndarray, decision: Decision | None) -> dict[str, np.ndarray]:
    overall, _ = ranking_values(cases, weights)
    found = {name: overall[name] for name in SCORE_METRICS}
    if decision is not None:
        values = threshold_values(cases, weights, decision.malignant_threshold)
        found |= {name: values[name] for name in ("sensitivity", "specificity")}
    for rule, diagnosis in cases.diagnoses(decision.class_weights if decision else None).items():
        of_rule = overall_values(confusion_matrices(cases.dx, diagnosis, weights))
        found |= {f"{name}_{rule}": of_rule[name] for name in RULE_METRICS}
    found["brier"] = weights @ (cases.p_malignant - cases.malignant) ** 2 / weights.sum(axis=1)
    found["error"] = calibration_error(cases.p_malignant, cases.malignant, weights)
    return found


def _difference(name: str, first: np.ndarray, second: np.ndarray) -> Difference:
    gaps = first - second
    gap = estimate(gaps)
    drawn = gaps[1:][np.isfinite(gaps[1:])]
    p = None
    if len(drawn):
        p = min(1.0, 2 * (min((drawn <= 0).sum(), (drawn >= 0).sum()) + 1) / (len(drawn) + 1))
    return Difference(float(first[0]), float(second[0]), gap, p, _verdict(name, gap))


def _verdict(name: str, gap: Estimate) -> str:
    if gap.low is None or gap.high is None or gap.low <= 0 <= gap.high:
        return "tie"
    return "better" if (gap.low > 0) != (name in LOWER_IS_BETTER) else "worse"
