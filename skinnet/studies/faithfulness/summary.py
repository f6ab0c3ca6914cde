"""Summarise what `skinnet.studies.faithfulness.measure` measured, with 95 % intervals, and write it down.

    write_report(measured, folder=Path("checkpoints/mine"))

faithfulness.csv has a row for each method, group of photos, diagnosis and measure: value, low, high, lesions, photos.
faithfulness.json holds the same with the settings, which methods draw the same, the default that the figures speak for,
and whether it beats the blob. faithfulness.png and .svg show the main figures.

A value is the mean over lesions of each lesion's mean. The diagnosis "all" is the mean of the diagnoses, each counting
alike. Intervals are percentiles of a bootstrap over lesions, within each diagnosis.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.evaluation.bootstrap import Estimate
from skinnet.explain.heatmaps import DEFAULT_METHOD, METHODS, OFFERED
from skinnet.files import write_json, write_table
from skinnet.images import lesion_masks as masks
from skinnet.labels import CLASSES
from skinnet.reporting.plot_style import COLOURS, save
from skinnet.reporting.table import Table
from skinnet.studies.faithfulness import curves, localisation
from skinnet.studies.faithfulness import randomisation as randomise
from skinnet.studies.faithfulness.measure import CROPPED, WHOLE, Measured

REPORT = "faithfulness.json"
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
"""Leads that a default should have: over a blob made of the map's own values, and over a fixed Gaussian."""
GOAL_DIAGNOSES = 5
SPECIFIC = 0.9
"""A method whose maps of different diagnoses are more alike than this explains no diagnosis, so it is no default."""
KEPT = 0.5
"""A method whose maps stay more alike than this when the classifier's weights are shuffled shows where features are
strong, not what was learned of diagnoses, so it is no default either."""
COINCIDE = 0.999


def write_report(measured: Measured, *, folder: Path, checkpoint: str = "") -> dict[str, Any]:
    """Write these files; returns what is in the JSON."""
    summary, randomised = summarise(measured), randomisation(measured.cascade)
    report = {
        "split": measured.split,
        "checkpoint": checkpoint,
        "photos": int(measured.maps["image_id"].nunique()),
        "lesions": int(measured.maps["lesion"].nunique()),
        "settings": settings(),
        "default": DEFAULT_METHOD,
        "best": best_method(summary, randomised),
        "goal": {method: goal(summary, method) for method in OFFERED},
        "agreement": agreement(measured.agreement),
        "randomisation": randomised,
        "summary": [_plain(dict(row)) for row in summary.to_dict("records")],
    }
    write_table(summary, folder / "faithfulness.csv", float_format="%.4f")
    write_json(folder / REPORT, report)
    save(draw(summary, measured), folder, "faithfulness")
    return report


def settings() -> dict[str, float | int | str]:
    """What the figures depend on."""
    return {
        "gaussian_width": localisation.GAUSSIAN_WIDTH,
        "outline_width": localisation.OUTLINE_WIDTH,
        "iou_cut": localisation.HALF,
        "crop": masks.CROP,
        "curve_steps": curves.STEPS,
        "blur": curves.BLUR,
        "bootstraps": BOOTSTRAPS,
        "target_layer": "last feature layer",
        "shuffling": randomise.shuffle_weights.__name__,
    }


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
    """Insertion and deletion against the same photo's blob and random order; above 0 the map is better."""
    wide = table.pivot(index="image_id", columns="method", values=["insertion", "deletion"])
    leads = table.copy()
    for rival in ("blob", "random"):
        theirs = {name: table["image_id"].map(wide[name][rival]) for name in ("insertion", "deletion")}
        leads[f"insertion_over_{rival}"] = table["insertion"] - theirs["insertion"]
        leads[f"deletion_under_{rival}"] = theirs["deletion"] - table["deletion"]
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
    """The first value, with the percentiles of the others; drawn from a single lesion they would say nothing."""
    if size < 2:
        return Estimate(float(values[0]), None, None)
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high))


def goal(summary: pd.DataFrame, method: str) -> dict[str, Any]:
    """In how many diagnoses a method leads each blob, the interval leaving zero out, in each group of photos; and
    whether those are enough on whole photos and on the farthest third."""
    chosen = summary[(summary["method"] == method) & (summary["diagnosis"] != ALL) & (summary["low"] > 0)]
    won = chosen.groupby(["measure", "group"]).size()
    counts = {measure: {group: int(won.get((measure, group), 0)) for group in GROUPS} for measure in GOALS}
    met = {measure: min(each[WHOLE], each[FAR]) >= GOAL_DIAGNOSES for measure, each in counts.items()}
    return {"won": counts, "met": met}


def best_method(summary: pd.DataFrame, randomised: list[dict[str, Any]]) -> str:
    """The default that these figures speak for, "" if none will do.

    Of the methods whose maps differ between diagnoses and change when the classifier is shuffled, it is the one that
    beats the blob in most diagnoses (whole photos and the farthest third together), then by its lead in insertion.
    """
    kept = {row["method"]: row["similarity"] for row in randomised if row["layers"] == 1}

    def value(method: str, measure: str) -> float:
        chosen = (summary["method"] == method) & (summary["measure"] == measure) & (summary["diagnosis"] == ALL)
        found = summary[chosen & (summary["group"] == WHOLE)]["value"]
        return float(found.iloc[0]) if len(found) else float("nan")

    def score(method: str) -> tuple[int, float]:
        won = goal(summary, method)["won"][GOALS[0]]
        return won[WHOLE] + won[FAR], value(method, "insertion_over_blob")

    fit = [method for method in OFFERED if value(method, "likeness") < SPECIFIC and kept.get(method, 1) < KEPT]
    return max(fit, key=score, default="")


def agreement(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Median correlation of each pair of methods, and whether they draw the same picture."""
    medians = table.groupby(["first", "second"], sort=False)["correlation"].agg(["median", "count"]).reset_index()
    return [
        {"first": row["first"], "second": row["second"], "median": float(row["median"]), "photos": int(row["count"]),
         "coincide": bool(row["median"] >= COINCIDE)}
        for row in medians.to_dict("records")
    ]  # fmt: skip


def randomisation(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean similarity of the maps with those before, by method and number of shuffled layers from the top."""
    means = table.groupby(["method", "layers"], sort=False)["similarity"].agg(["mean", "count"]).reset_index()
    return [
        {"method": row["method"], "layers": int(row["layers"]), "similarity": float(row["mean"]),
         "photos": int(row["count"])}
        for row in means.to_dict("records")
    ]  # fmt: skip


def faithfulness_table(report: dict[str, Any]) -> Table:
    """What is in the JSON, in brief: a row for each method and group of photos."""
    rows = [_brief(report, method, group) for method in report["goal"] for group in GROUPS]
    header = [
        "map", "group", "photos / lesions", "diagnoses surely ahead of the matched blob", "of the Gaussian",
        "lead over the matched blob, all diagnoses", "likeness", "insertion, lead over the blob",
        "similarity, classifier / all layers shuffled",
        f"goal of {GOAL_DIAGNOSES}, matched / Gaussian",
    ]  # fmt: skip
    of = f"{report['split']} split, n = {report['photos']:,} photos of {report['lesions']:,} lesions"
    return Table("faithfulness", f"Heat maps against blobs that look at nothing ({of})", header, rows)


def _brief(report: dict[str, Any], method: str, group: str) -> list[str]:
    """What is not measured in each group of photos stands in the row of whole photos."""
    found = {
        row["measure"]: row
        for row in report["summary"]
        if (row["method"], row["group"], row["diagnosis"]) == (method, group, ALL)
    }
    goal, lead = report["goal"][method], found.get(GOALS[0])
    cells = [METHODS[method].title, group, f"{lead['photos']:,} / {lead['lesions']:,}" if lead else "0"]
    cells += [f"{goal['won'][measure][group]} of {len(CLASSES)}" for measure in GOALS]
    cells += [_signed(lead), f"{found['likeness']['value']:.2f}" if "likeness" in found else "n/a"]
    if group != WHOLE:
        return [*cells, "", "", ""]
    insertion = found.get("insertion_over_blob")
    lesions = f", n = {insertion['lesions']:,} lesions" if insertion else ""
    kept = {row["layers"]: row["similarity"] for row in report["randomisation"] if row["method"] == method}
    shuffled = f"{kept[min(kept)]:.2f} / {kept[max(kept)]:.2f}" if kept else "n/a"
    met = " / ".join("met" if goal["met"][measure] else "missed" for measure in GOALS)
    return [*cells, _signed(insertion) + lesions, shuffled, met]


def _signed(row: dict[str, Any] | None) -> str:
    """A lead with its interval."""
    return Estimate(row["value"], row["low"], row["high"]).signed() if row else "n/a"


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}


def draw(summary: pd.DataFrame, measured: Measured) -> Figure:
    """The lead over the blob in three groups of photos, and how maps change as layers are shuffled."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    for panel, group in zip(axes.ravel(), GROUPS, strict=False):
        _draw_leads(panel, summary[(summary["group"] == group) & (summary["measure"] == GOALS[0])], group)
    axes[0, 0].legend(fontsize=8)
    for colour, (method, rows) in zip(COLOURS, measured.cascade.groupby("method", sort=False), strict=False):
        means = rows.groupby("layers")["similarity"].mean()
        axes[1, 1].plot(means.index, means, "o-", markersize=3, color=colour, label=METHODS[str(method)].title)
    axes[1, 1].axhline(0, color="#bbbbbb", linewidth=0.8)
    photos = measured.cascade["photo"].nunique()
    axes[1, 1].set(
        title=f"Shuffled weights, {photos} photos", xlabel="layers shuffled, from the output down",
        ylabel="rank correlation with the map before",
    )  # fmt: skip
    return figure


def _draw_leads(panel: Axes, rows: pd.DataFrame, group: str) -> None:
    names = [*CLASSES, ALL]
    for number, (colour, method) in enumerate(zip(COLOURS, OFFERED, strict=False)):
        known = rows[(rows["method"] == method) & rows["low"].notna()].set_index("diagnosis").reindex(names).dropna()
        places = np.array([names.index(str(name)) for name in known.index]) + (number - 1) / 6
        reach = np.abs(known[["low", "high"]].to_numpy(float).T - known["value"].to_numpy(float))
        panel.errorbar(places, known["value"], yerr=reach, fmt="o", markersize=3, color=colour, linewidth=1)
        panel.plot([], [], "o", color=colour, label=METHODS[method].title)
    panel.axhline(0, color="black", linewidth=0.8)
    shown = rows[(rows["method"] == DEFAULT_METHOD) & (rows["diagnosis"] == ALL)]
    count = f", n = {shown['lesions'].iloc[0]:,} lesions" if len(shown) else ""
    panel.set_xticks(range(len(names)), names)
    panel.set(title=f"{group.capitalize()}{count}", ylabel="energy on the lesion, lead over the blob")
