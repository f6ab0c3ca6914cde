"""Metrics by subgroup: sex, age, site, kind of proof and clinic.

    rows = subgroup_metrics(cases, weights, threshold=0.04, class_weights=decision.class_weights)

A metric is given only where a group has 20 lesions of each kind that it needs. Sensitivity needs 20 (pre)malignant
lesions, specificity 20 benign ones, AUROC both, balanced accuracy 20 of any kind. Where no lesion is (pre)malignant, as
for every kind of proof but histology, balanced accuracy would average over a few benign classes. It is left out there,
and only specificity is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinnet.evaluation.bootstrap import UNDEFINED, Estimate, estimate
from skinnet.evaluation.classification import confusion_matrices, overall_values
from skinnet.evaluation.ranking import auroc
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.evaluation.thresholds import threshold_values

MIN_LESIONS = 20
"""A metric is given from this number of lesions of each kind that it needs."""
AGE_BANDS = {"under 30": (0, 30), "30 to 44": (30, 45), "45 to 59": (45, 60), "60 to 74": (60, 75), "75 on": (75, 200)}
"""First year of each band, and the first year after it."""
UNKNOWN = "unknown"
GROUPINGS = {"sex": "sex", "age": "age", "site": "site", "dx_type": "kind of proof", "clinic": "source clinic"}
"""Columns of a table of predictions that make subgroups, with their titles."""


@dataclass(frozen=True)
class Subgroup:
    """The metrics of one group.

    Attributes:
        grouping, group: such as "sex" and "female".
        lesions, malignant, images: counts; `malignant` counts the (pre)malignant lesions.
        estimates: `balanced_accuracy` (balanced rule, where there is one), `balanced_accuracy_displayed`,
            `malignant_auroc`, and `sensitivity` and `specificity` at the operating point.
    """

    grouping: str
    group: str
    lesions: int
    malignant: int
    images: int
    estimates: dict[str, Estimate]


def subgroup_metrics(
    cases: ScoredCases, weights: np.ndarray, *, threshold: float | None, class_weights: tuple[float, ...] | None
) -> list[Subgroup]:
    """Evaluate each group of each grouping that the table has, the largest groups first, the unknown last.

    Args:
        threshold: operating point of the verdict, if there is one.
        class_weights: weights of the balanced rule, if there is one.
    """
    rows = []
    for grouping in GROUPINGS:
        if grouping not in cases.facts or cases.facts[grouping].isna().all():
            continue
        groups = age_bands(cases.facts["age"]) if grouping == "age" else cases.facts[grouping].fillna(UNKNOWN)
        names = groups.astype(str)
        counts = names.value_counts()
        ordered = [name for name in AGE_BANDS if name in counts] if grouping == "age" else list(counts.index)
        for name in [*(name for name in ordered if name != UNKNOWN), *({UNKNOWN} & set(counts.index))]:
            chosen = (names == name).to_numpy(bool)
            estimates = _estimates(cases.only(chosen), weights[:, chosen], threshold, class_weights)
            rows.append(_row(cases.only(chosen), grouping, name, estimates))
    return rows


def age_bands(ages: pd.Series) -> pd.Series:
    """Name the band of `AGE_BANDS` that each age in years is in, or "unknown"."""
    years = pd.to_numeric(ages, errors="coerce")
    bands = pd.Series(UNKNOWN, index=ages.index)
    for name, (first, end) in AGE_BANDS.items():
        bands = bands.mask((years >= first) & (years < end), name)
    return bands


def _row(cases: ScoredCases, grouping: str, name: str, estimates: dict[str, Estimate]) -> Subgroup:
    return Subgroup(
        grouping=grouping,
        group=name,
        lesions=_lesions(cases, np.ones(len(cases.dx), bool)),
        malignant=_lesions(cases, cases.malignant),
        images=int(cases.images.sum()),
        estimates=estimates,
    )


def _lesions(cases: ScoredCases, chosen: np.ndarray) -> int:
    return len(np.unique(cases.lesions[chosen]))


def _estimates(
    cases: ScoredCases, weights: np.ndarray, threshold: float | None, class_weights: tuple[float, ...] | None
) -> dict[str, Estimate]:
    malignant, benign = _lesions(cases, cases.malignant), _lesions(cases, ~cases.malignant)
    names = {"balanced": "balanced_accuracy", "displayed": "balanced_accuracy_displayed"}
    diagnoses = cases.diagnoses(class_weights)
    rules = {names[rule]: diagnoses[rule] for rule in names if rule in diagnoses}
    found = dict.fromkeys((*rules, "malignant_auroc", "sensitivity", "specificity"), UNDEFINED)
    if malignant + benign >= MIN_LESIONS and malignant:
        for name, diagnosis in rules.items():
            matrices = confusion_matrices(cases.dx, diagnosis, weights)
            found[name] = estimate(overall_values(matrices)["balanced_accuracy"])
    if min(malignant, benign) >= MIN_LESIONS:
        found["malignant_auroc"] = estimate(auroc(cases.malignant, cases.p_malignant, weights))
    if threshold is not None:
        values = threshold_values(cases, weights, threshold)
        if malignant >= MIN_LESIONS:
            found["sensitivity"] = estimate(values["sensitivity"])
        if benign >= MIN_LESIONS:
            found["specificity"] = estimate(values["specificity"])
    return found
