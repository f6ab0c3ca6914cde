"""The network on a reader's own photos with known diagnoses: a clinic's check before it trusts any figure.

    check = clinic_check(predict_paths(classifier, [photos]), read_truth(truth), decision=classifier.decision)
    check.metrics["lesion"].overall["sensitivity"], check.refitted

Only photos with a verdict count; those that the gate warned of or refused are counted apart. The threshold that is
refitted has seen the labels of the same photos, so what it reaches there is optimistic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import pandas as pd

from skinnet.checkpoint import VERDICT, OperatingPoint
from skinnet.errors import DataError
from skinnet.evaluation.bootstrap import DRAWS, Estimate, bootstrap_weights, clopper_pearson
from skinnet.evaluation.evaluate import Metrics, evaluate
from skinnet.evaluation.scored_cases import ScoredCases, by_lesion
from skinnet.evaluation.thresholds import PointMetrics, at_operating_points
from skinnet.inference.calibration import Decision
from skinnet.labels import CLASSES
from skinnet.training.fit_calibration import fit_operating_points

REFITTED = "refitted"
STAND_INS = {True: "mel", False: "nv"}
"""Where the reader knows only malignant or not: metrics that ask for no more than that depend on nothing else."""


@dataclass(frozen=True)
class ClinicCheck:
    """The check's result.

    Attributes:
        by_diagnosis: whether the reader gave diagnoses; else only metrics of malignant or not mean anything.
        metrics: of the photos with a verdict, by unit.
        refitted: the threshold for the verdict's sensitivity fitted on these lesions, and what it reaches on them; None
            without a (pre)malignant one.
        photos: all that the reader gave a truth for: place (row of the predictions, from 0), dx (or its stand-in), gate
            ("unreadable" for an error), p_malignant.
        without_truth: photos that the table does not name.
        without_photo: rows of the table that name no photo.
    """

    by_diagnosis: bool
    metrics: dict[str, Metrics]
    refitted: PointMetrics | None
    photos: pd.DataFrame
    without_truth: int
    without_photo: int


def clinic_check(table: pd.DataFrame, truth: pd.DataFrame, *, decision: Decision, draws: int = DRAWS) -> ClinicCheck:
    """Compare predictions with the reader's diagnoses.

    Args:
        table: of `predict_paths`.
        truth: of `read_truth`.

    Raises:
        DataError: if no photo has both a truth and a verdict, names are ambiguous, or a lesion has two diagnoses.
    """
    joined = _joined(table, truth)
    by_diagnosis = "dx" in truth
    if not by_diagnosis:
        joined["dx"] = joined["malignant"].map(STAND_INS)
    used = joined[joined["gate"] == "ok"]
    if used.empty:
        raise DataError("None of the photos has both a diagnosis in the table and a verdict: are the file names alike?")
    return ClinicCheck(
        by_diagnosis,
        evaluate(used, decision=decision, draws=draws),
        _refitted(by_lesion(used), draws=draws),
        joined[["place", "dx", "gate", "p_malignant"]],
        without_truth=len(table) - len(joined),
        without_photo=len(truth) - len(joined),
    )


def exact_where_all_agree(estimate: Estimate, count: int) -> Estimate:
    """Give a share of 0 or 1 its exact interval, since the bootstrap's has no width there."""
    if estimate.value not in (0, 1) or not count:
        return estimate
    low, high = clopper_pearson(estimate.value * count, count)
    return replace(estimate, low=low, high=high)


def counts_by_diagnosis(check: ClinicCheck) -> Mapping[str, tuple[int, int, int]]:
    """Count photos at or above the threshold, below it, and without a verdict, for each diagnosis that occurs."""
    threshold = check.metrics["image"].threshold
    shown, photos = check.photos["gate"] == "ok", check.photos
    above = shown & (photos["p_malignant"] >= threshold)
    return {
        dx: tuple(int((kind & (photos["dx"] == dx)).sum()) for kind in (above, shown & ~above, ~shown))  # type: ignore[misc]
        for dx in CLASSES
        if (photos["dx"] == dx).any()
    }


def _joined(table: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Rows with a truth: names agree, or agree without their suffix."""
    names = table["path"].map(lambda path: PurePosixPath(path).name)
    stems = names.map(lambda name: PurePosixPath(name).stem)
    known = set(truth["file"])
    keys = names.where(names.isin(known), stems)
    chosen = table.assign(file=keys, place=range(len(table)))[keys.isin(known)]
    if (twice := chosen["file"].duplicated()).any():
        raise DataError(f"Two photos are named {chosen['file'][twice].iloc[0]}: give each its own name.")
    joined = chosen.merge(truth, on="file")
    failed = joined["error"].fillna("") != ""
    return joined.assign(gate=joined["gate"].where(~failed, "unreadable"))


def _refitted(lesions: ScoredCases, *, draws: int) -> PointMetrics | None:
    if not lesions.malignant.any():
        return None
    fitted = next(point for point in fit_operating_points(lesions.probabilities, lesions.dx) if point.name == VERDICT)
    if fitted.threshold == 0:  # a lesion with a score of 0 cannot be flagged by any threshold
        return None
    point = OperatingPoint(REFITTED, fitted.sensitivity, fitted.threshold)
    return at_operating_points(lesions, bootstrap_weights(lesions, draws=draws, seed=0), [point], {})[0]
