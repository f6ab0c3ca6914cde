"""Metrics as tables for the model card, the README, the command line and the report.

    print(overall_table(metrics).markdown())

`metrics` is what `evaluate` returns for one split: by unit, "lesion" (primary) and "image".
"""

from __future__ import annotations

from collections.abc import Mapping

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.subgroups import GROUPINGS
from skinnet.labels import CLASSES, FULL_NAMES
from skinnet.reporting.metric_names import (
    CALIBRATION_NAMES,
    CLASS_METRICS,
    HEADLINES,
    HEADLINES_BY_RULE,
    OVERALL_NAMES,
    RULE_METRICS,
    RULE_NAMES,
    SCORE_METRICS,
    SUBGROUP_NAMES,
)
from skinnet.reporting.table import Table


def headline_table(metrics: Mapping[str, Metrics]) -> Table:
    """The leading metrics, for the README's first screen."""
    rows = [[OVERALL_NAMES[name], *(str(unit.overall[name]) for unit in metrics.values())] for name in HEADLINES]
    for name in HEADLINES_BY_RULE:
        rows += _rule_rows(metrics, name)
    rows.append(["Calibration slope (1 is perfect)", *(str(unit.calibration.slope) for unit in metrics.values())])
    return Table("headlines", "Headlines", unit_header("metric (95 % interval)", metrics), rows)


def overall_table(metrics: Mapping[str, Metrics]) -> Table:
    """Metrics of the scores, which need no decision rule."""
    rows = [[words, *(str(unit.overall[name]) for unit in metrics.values())] for name, words in OVERALL_NAMES.items()]
    return Table("overall", "Scores", unit_header("metric (95 % interval)", metrics), rows)


def rule_table(metrics: Mapping[str, Metrics]) -> Table:
    """Metrics of the diagnoses under each decision rule."""
    rows = [row for name in RULE_METRICS for row in _rule_rows(metrics, name)]
    return Table("rules", "Diagnoses, by decision rule", unit_header("metric (95 % interval)", metrics), rows)


def _rule_rows(metrics: Mapping[str, Metrics], name: str) -> list[list[str]]:
    return [
        [
            f"{RULE_METRICS[name]} ({RULE_NAMES[rule]})",
            *(str(unit.rules[rule].overall[name]) for unit in metrics.values()),
        ]
        for rule in next(iter(metrics.values())).rules
    ]


def unit_header(first: str, metrics: Mapping[str, Metrics]) -> list[str]:
    """The header of a table with a first column and one for each unit."""
    primary = {"lesion": " (primary)"}
    return [first, *(f"per {unit}{primary.get(unit, '')}" for unit in metrics)]


def class_tables(metrics: Metrics) -> list[Table]:
    """Metrics of each class under each rule, and of its probability."""
    tables = [
        _class_table(
            f"classes_{rule}",
            f"Diagnoses {RULE_NAMES[rule]}, per {metrics.unit}",
            metrics,
            {words: {dx: found.per_class[dx][name] for dx in CLASSES} for name, words in CLASS_METRICS.items()},
        )
        for rule, found in metrics.rules.items()
    ]
    scores = {words: {dx: metrics.per_class[dx][name] for dx in CLASSES} for name, words in SCORE_METRICS.items()}
    return [*tables, _class_table("classes", f"Each diagnosis against the rest, per {metrics.unit}", metrics, scores)]


def _class_table(name: str, title: str, metrics: Metrics, columns: Mapping[str, Mapping[str, Estimate]]) -> Table:
    rows = [
        [f"{FULL_NAMES[dx]} ({dx})", str(metrics.support[dx]), *(str(values[dx]) for values in columns.values())]
        for dx in CLASSES
    ]
    return Table(name, title, ["diagnosis", f"{metrics.unit}s", *columns], rows)


def point_table(metrics: Mapping[str, Metrics]) -> Table:
    """The realised metrics of thresholds that were fixed beforehand."""
    rows = [
        [
            f"{100 * point.target:g} %, per {unit.unit}",
            f"{point.threshold:.4f}",
            *(str(estimate) for estimate in point.estimates.values()),
            str(len(point.missed_melanomas)),
        ]
        for unit in metrics.values()
        for point in unit.operating_points
    ]
    columns = ["sensitivity", "specificity", "melanoma sensitivity", "specificity, histology-proven benign"]
    header = ["threshold fitted for", "p_malignant", *columns, "melanomas missed"]
    return Table("operating_points", "Operating points, fixed beforehand", header, rows)


def prevalence_table(metrics: Metrics) -> Table:
    """Predictive values at other prevalences."""
    rows = [
        [
            f"{100 * point.target:g} %",
            f"{place.name}, {100 * place.prevalence:.3g} %",
            *map(str, place.estimates.values()),
        ]
        for point in metrics.operating_points
        for place in point.prevalences
    ]
    header = ["threshold fitted for", "prevalence", "PPV", "NPV", "flagged per (pre)cancer found"]
    return Table("prevalences", f"At other prevalences, per {metrics.unit}, case mix unchanged", header, rows)


def calibration_table(metrics: Mapping[str, Metrics]) -> Table:
    """Calibration of p_malignant."""
    rows = [
        [words, *(str(getattr(unit.calibration, name)) for unit in metrics.values())]
        for name, words in CALIBRATION_NAMES.items()
    ]
    return Table("calibration", "Calibration of p_malignant", unit_header("metric (95 % interval)", metrics), rows)


def reliability_table(metrics: Metrics) -> Table:
    """The bins of the figure `reliability`."""
    rows = [[f"{each.predicted:.4f}", str(each.n), str(each.observed)] for each in metrics.calibration.bins]
    header = ["mean p_malignant", f"{metrics.unit}s", "observed share (pre)malignant"]
    return Table("reliability", "Reliability", header, rows)


def decision_curve_table(metrics: Metrics) -> Table:
    """Net benefit at each threshold."""
    curve = metrics.decision_curve
    columns = zip(curve.thresholds, curve.model, curve.treat_all, strict=True) if curve else ()
    rows = [[f"{100 * threshold:g} %", str(model), f"{everyone:.3f}", "0"] for threshold, model, everyone in columns]
    share = f"{100 * curve.prevalence:g} %" if curve else "n/a"
    header = ["threshold", "act on the model", "act on every lesion", "act on none"]
    return Table("decision_curve", f"Net benefit at a prevalence of {share}", header, rows)


def selective_table(metrics: Metrics) -> Table:
    """Errors among the surest diagnoses."""
    columns = zip(metrics.selective.coverage, metrics.selective.risk, strict=True)
    rows = [[f"surest {share:.0%}", str(risk)] for share, risk in columns]
    rows.append(["mean over all shares", str(metrics.selective.area)])
    return Table("selective", "Errors among the surest diagnoses, as displayed", ["surest share", "share wrong"], rows)


def subgroup_table(metrics: Metrics) -> Table:
    """Metrics by subgroup."""
    names = list(metrics.subgroups[0].estimates) if metrics.subgroups else []
    rows = [
        [
            f"{GROUPINGS[row.grouping]}: {row.group}",
            str(row.lesions),
            str(row.malignant),
            *map(str, row.estimates.values()),
        ]
        for row in metrics.subgroups
    ]
    header = ["group", "lesions", "(pre)malignant", *(SUBGROUP_NAMES[name] for name in names)]
    return Table("subgroups", f"Subgroups, per {metrics.unit}", header, rows)


def missed_tables(metrics: Metrics) -> list[Table]:
    """Every melanoma below each threshold."""
    return [
        Table(
            f"missed_melanomas_{point.name}",
            f"Melanomas below the threshold for {100 * point.target:g} %, per {metrics.unit}",
            list(point.missed_melanomas[0]) if point.missed_melanomas else [f"{metrics.unit}_id"],
            [[_cell(value) for value in row.values()] for row in point.missed_melanomas],
        )
        for point in metrics.operating_points
    ]


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def all_tables(metrics: Mapping[str, Metrics], *, reference: bool = True) -> list[Table]:
    """Every table of a split; a table that shows one unit shows the primary one.

    Args:
        reference: include the long tables for looking things up, which only the report shows: missed melanomas, bins of
            the reliability and the decision curve.
    """
    primary = next(iter(metrics.values()))
    missed = missed_tables(primary) if reference else []
    curves = [reliability_table(primary), decision_curve_table(primary)] if reference else []
    return [
        overall_table(metrics), rule_table(metrics), *class_tables(primary), point_table(metrics),
        prevalence_table(primary), *missed, calibration_table(metrics), *curves, selective_table(primary),
        subgroup_table(primary),
    ]  # fmt: skip
