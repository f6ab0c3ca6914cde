"""Summarise the faithfulness of the heat maps with 95 % intervals, and choose the method that they support.

    summary = summarise(measured)                                     # a row for each method, group, diagnosis, measure
    best = best_method(summary, randomisation(measured.cascade))      # "gradcam"

A value is the mean over lesions of each lesion's mean. The diagnosis "all" is the unweighted mean of the diagnoses.
Intervals are percentiles of a bootstrap over lesions, within each diagnosis.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from skinnet.evaluation.bootstrap import Estimate
from skinnet.explain.heatmaps import OFFERED
from skinnet.labels import CLASSES
from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.photo_rows import CROPPED, WHOLE

FAR = "farthest third"
"""Of each diagnosis's lesions: those whose centroid is farthest from the middle of the photo."""
GROUPS = (WHOLE, FAR, CROPPED)
ALL = "all"
BOOTSTRAPS = 1000
MEASURES = (
    "energy", "energy_over_matched", "energy_over_gaussian", "pointing", "pointing_over_centre", "iou",
    "iou_over_matched", "iou_over_gaussian", "likeness",
)  # fmt: skip
CURVE_MEASURES = (
    "insertion", "insertion_over_blob", "insertion_over_random", "deletion", "deletion_under_blob",
    "deletion_under_random",
)  # fmt: skip
GOALS = ("energy_over_matched", "energy_over_gaussian")
"""Leads that a default method needs: over a blob with the same values as the map, and over a fixed Gaussian."""
GOAL_DIAGNOSES = 5
MAX_LIKENESS = 0.9
"""A default method's maps of different diagnoses are less alike than this: otherwise they explain no diagnosis."""
MAX_SIMILARITY = 0.5
"""A default method's maps fall below this similarity when the classifier's weights are shuffled: otherwise they show
where features are strong, not what the classifier learned."""
COINCIDE = 0.999
"""Methods whose maps have at least this median correlation draw the same picture."""


def summarise(measured: Measured) -> pd.DataFrame:
    """Columns method, group, diagnosis, measure, value, low, high, lesions, photos."""
    whole = measured.maps[measured.maps["framing"] == WHOLE]
    photos = {WHOLE: whole, FAR: farthest(whole), CROPPED: measured.maps[measured.maps["framing"] == CROPPED]}
    rows = [row for group, table in photos.items() for row in _group_rows(table, group, MEASURES)]
    if not measured.curves.empty:
        rows += _group_rows(_with_leads(measured.curves), WHOLE, CURVE_MEASURES)
    return pd.DataFrame(rows)


def farthest(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the third of each diagnosis's lesions that lie farthest from the middle."""
    lesions = table.groupby(["dx", "lesion"])["offset"].mean()
    rank = lesions.groupby("dx").rank(pct=True, method="first")
    return table[table["lesion"].isin(rank[rank > 2 / 3].index.get_level_values("lesion"))]


def _with_leads(table: pd.DataFrame) -> pd.DataFrame:
    """Add the leads of each map over the same photo's blob and random order; above 0 the map is better."""
    wide = table.pivot(index="image_id", columns="method", values=["insertion", "deletion"])
    leads = table.copy()
    for rival in ("blob", "random"):
        insertion, deletion = (table["image_id"].map(wide[name][rival]) for name in ("insertion", "deletion"))
        leads[f"insertion_over_{rival}"] = table["insertion"] - insertion
        leads[f"deletion_under_{rival}"] = deletion - table["deletion"]
    return leads


def _group_rows(table: pd.DataFrame, group: str, measures: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for method, photos in table.groupby("method", sort=False):
        for measure in measures:
            known = photos[photos[measure].notna()]
            lesions = {dx: each.groupby("lesion")[measure].mean().to_numpy() for dx, each in known.groupby("dx")}
            counts = {str(dx): int(count) for dx, count in known["dx"].value_counts().items()}
            for dx, estimate in estimates(lesions).items():
                here = [dx] if dx != ALL else [str(name) for name in lesions]
                rows.append(
                    {"method": method, "group": group, "diagnosis": dx, "measure": measure}
                    | asdict(estimate)
                    | {
                        "lesions": sum(len(lesions[name]) for name in here),
                        "photos": sum(counts[name] for name in here),
                    }
                )
    return rows


def estimates(lesions: dict[Any, np.ndarray], *, seed: int = 0) -> dict[str, Estimate]:
    """The mean over each diagnosis's lesions, and under `ALL` the mean of those means.

    Args:
        lesions: a value for each lesion, by diagnosis.
    """
    rng = np.random.default_rng(seed)
    drawn = {}
    for dx in (name for name in CLASSES if name in lesions):
        values = lesions[dx]
        picks = rng.integers(len(values), size=(BOOTSTRAPS, len(values)))
        drawn[dx] = np.concatenate([[values.mean()], values[picks].mean(axis=1)])
    if not drawn:
        return {}
    found = {str(dx): _interval(values, size=len(lesions[dx])) for dx, values in drawn.items()}
    return found | {ALL: _interval(np.mean(list(drawn.values()), axis=0), size=min(map(len, lesions.values())))}


def _interval(values: np.ndarray, *, size: int) -> Estimate:
    """The first value, with the percentiles of the others; a single lesion allows no interval."""
    if size < 2:
        return Estimate(float(values[0]), None, None)
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high))


def goal(summary: pd.DataFrame, method: str) -> dict[str, Any]:
    """Count the diagnoses in which a method leads each blob with an interval above zero.

    Returns:
        `won`: the count for each lead of `GOALS` and group of photos; `met`: whether `GOAL_DIAGNOSES` are reached on
        whole photos and on the farthest third.
    """
    chosen = summary[(summary["method"] == method) & (summary["diagnosis"] != ALL) & (summary["low"] > 0)]
    won = chosen.groupby(["measure", "group"]).size()
    counts = {measure: {group: int(won.get((measure, group), 0)) for group in GROUPS} for measure in GOALS}
    met = {measure: min(each[WHOLE], each[FAR]) >= GOAL_DIAGNOSES for measure, each in counts.items()}
    return {"won": counts, "met": met}


def best_method(summary: pd.DataFrame, randomised: list[dict[str, Any]]) -> str:
    """Choose the default method that the results support; "" if there is none.

    It is one whose maps differ between diagnoses and change when the classifier is shuffled. Among these it beats the
    blob in most diagnoses (whole photos and the farthest third together), then leads most in insertion.
    """
    similar = {row["method"]: row["similarity"] for row in randomised if row["layers"] == 1}

    def value(method: str, measure: str) -> float:
        chosen = (summary["method"] == method) & (summary["measure"] == measure) & (summary["diagnosis"] == ALL)
        found = summary[chosen & (summary["group"] == WHOLE)]["value"]
        return float(found.iloc[0]) if len(found) else float("nan")

    def score(method: str) -> tuple[int, float]:
        won = goal(summary, method)["won"][GOALS[0]]
        return won[WHOLE] + won[FAR], value(method, "insertion_over_blob")

    suited = [
        method
        for method in OFFERED
        if value(method, "likeness") < MAX_LIKENESS and similar.get(method, 1) < MAX_SIMILARITY
    ]
    return max(suited, key=score, default="")


def agreement(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Median correlation of each pair of methods, and whether their maps coincide."""
    medians = table.groupby(["first", "second"], sort=False)["correlation"].agg(["median", "count"]).reset_index()
    return [
        {"first": row["first"], "second": row["second"], "median": float(row["median"]), "photos": int(row["count"]),
         "coincide": bool(row["median"] >= COINCIDE)}
        for row in medians.to_dict("records")
    ]  # fmt: skip


def randomisation(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean similarity of the maps with those before shuffling, by method and number of shuffled layers from the top."""
    means = table.groupby(["method", "layers"], sort=False)["similarity"].agg(["mean", "count"]).reset_index()
    return [
        {"method": row["method"], "layers": int(row["layers"]), "similarity": float(row["mean"]),
         "photos": int(row["count"])}
        for row in means.to_dict("records")
    ]  # fmt: skip
