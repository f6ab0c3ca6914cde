"""How good a network is for whom: figures by sex, age, site, kind of proof and clinic.

    rows = subgroup_metrics(cases, weights, threshold=0.04, class_weights=decision.class_weights)

A group's figures are shown only with 20 lesions of each kind that they need: sensitivity needs 20 (pre)malignant ones,
specificity 20 benign ones, AUROC both, balanced accuracy 20 of any kind. Where no lesion is (pre)malignant, as in every
kind of proof but histology, balanced accuracy would be about a few benign classes and is left out: only specificity can
be read there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinnet.evaluation.bootstrap import UNDEFINED, Estimate, estimate
from skinnet.evaluation.classification import confusion_matrices, overall_values
from skinnet.evaluation.ranking import rank
from skinnet.evaluation.scored_cases import ScoredCases
from skinnet.evaluation.thresholds import threshold_values

FEWEST = 20
"""Lesions of a kind below which a figure is not given."""
AGE_BANDS = {"under 30": (0, 30), "30 to 44": (30, 45), "45 to 59": (45, 60), "60 to 74": (60, 75), "75 on": (75, 200)}
"""Years, the second not included."""
UNKNOWN = "unknown"
GROUPINGS = {"sex": "sex", "age": "age", "site": "site", "dx_type": "kind of proof", "clinic": "source clinic"}
"""Columns of a table of predictions and what they are called."""


@dataclass(frozen=True)
class Subgroup:
    """Figures of one group.

    Attributes:
        grouping, group: such as "sex" and "female".
        lesions, malignant, images: how many, and how many of the lesions are (pre)malignant.
        estimates: `balanced_accuracy` (balanced rule, if there is one), `balanced_accuracy_displayed`,
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
    """A row for each group of each grouping that the table has; the largest groups first, the unknown last."""
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
    """Years -> names of `AGE_BANDS`, or "unknown"."""
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
    ill, healthy = _lesions(cases, cases.malignant), _lesions(cases, ~cases.malignant)
    rules = {"balanced_accuracy_displayed": cases.displayed}
    if class_weights is not None:
        rules = {"balanced_accuracy": cases.balanced(class_weights), **rules}
    found = dict.fromkeys((*rules, "malignant_auroc", "sensitivity", "specificity"), UNDEFINED)
    if ill + healthy >= FEWEST and ill:
        for name, diagnosis in rules.items():
            matrices = confusion_matrices(cases.dx, diagnosis, weights)
            found[name] = estimate(overall_values(matrices)["balanced_accuracy"])
    if min(ill, healthy) >= FEWEST:
        found["malignant_auroc"] = estimate(rank(cases.malignant, cases.p_malignant, weights).auroc())
    if threshold is not None:
        values = threshold_values(cases, weights, threshold)
        if ill >= FEWEST:
            found["sensitivity"] = estimate(values["sensitivity"])
        if healthy >= FEWEST:
            found["specificity"] = estimate(values["specificity"])
    return found
