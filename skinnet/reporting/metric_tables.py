"""Metrics as tables, which the model card, the README, the command line and the report print.

    print(overall_table(metrics).markdown())

`metrics` is what `evaluate` returns for one split: by unit, "lesion" (primary) and "image".
"""

from __future__ import annotations

from collections.abc import Mapping

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.subgroups import GROUPINGS
from skinnet.labels import CLASSES, FULL_NAMES
from skinnet.reporting.table import Table

OVERALL_NAMES = {
    "malignant_auroc": "(Pre)malignant AUROC",
    "melanoma_auroc": "Melanoma AUROC, against all others",
    "macro_auroc": "Macro AUROC, one against the rest",
    "malignant_average_precision": "(Pre)malignant average precision",
    "melanoma_average_precision": "Melanoma average precision",
    "macro_average_precision": "Macro average precision",
    "malignant_specificity_at_90": "(Pre)malignant: specificity at 90 % sensitivity, read off this split's curve",
    "malignant_specificity_at_95": "(Pre)malignant: specificity at 95 % sensitivity, read off this split's curve",
    "melanoma_specificity_at_90": "Melanoma: specificity at 90 % sensitivity, read off this split's curve",
    "melanoma_specificity_at_95": "Melanoma: specificity at 95 % sensitivity, read off this split's curve",
    "sensitivity": "Sensitivity at the verdict's threshold",
    "specificity": "Specificity at the verdict's threshold",
}
RULE_NAMES = {"displayed": "as displayed", "balanced": "balanced rule"}
RULE_METRICS = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall (sensitivity)",
    "macro_specificity": "Macro specificity",
    "macro_f1": "Macro F1",
    "malignant_sensitivity": "(Pre)malignant given a (pre)malignant diagnosis",
    "malignant_specificity": "Benign given a benign diagnosis",
    "melanoma_sensitivity": "Melanoma given a (pre)malignant diagnosis",
}
CLASS_METRICS = {"precision": "precision", "recall": "recall", "specificity": "specificity", "f1": "F1"}
SCORE_METRICS = {"auroc": "AUROC", "average_precision": "average precision"}
CALIBRATION_NAMES = {
    "intercept": "Intercept (calibration in the large; 0 is perfect)",
    "slope": "Slope (1 is perfect)",
    "brier": "Brier score",
    "error": "Calibration error (ECE, 15 bins of equal count)",
    "perfect_error": "The same of a perfect model of this n, by simulation: mean (95 % range)",
}
HEADLINES = ("malignant_auroc", "melanoma_auroc", "macro_auroc", "sensitivity", "specificity")
HEADLINES_BY_RULE = ("balanced_accuracy", "accuracy", "macro_f1")


def headline_table(metrics: Mapping[str, Metrics]) -> Table:
    """The README's first screen."""
    rows = [[OVERALL_NAMES[name], *(str(unit.overall[name]) for unit in metrics.values())] for name in HEADLINES]
    for name in HEADLINES_BY_RULE:
        rows += _rule_rows(metrics, name)
    rows.append(["Calibration slope (1 is perfect)", *(str(unit.calibration.slope) for unit in metrics.values())])
    return Table("headlines", "Headlines", unit_header("figure (95 % interval)", metrics), rows)


def overall_table(metrics: Mapping[str, Metrics]) -> Table:
    """Figures of the scores, which need no decision rule."""
    rows = [[words, *(str(unit.overall[name]) for unit in metrics.values())] for name, words in OVERALL_NAMES.items()]
    return Table("overall", "Scores", unit_header("figure (95 % interval)", metrics), rows)


def rule_table(metrics: Mapping[str, Metrics]) -> Table:
    """Figures of the diagnoses under each decision rule."""
    rows = [row for name in RULE_METRICS for row in _rule_rows(metrics, name)]
    return Table("rules", "Diagnoses, by decision rule", unit_header("figure (95 % interval)", metrics), rows)


def _rule_rows(metrics: Mapping[str, Metrics], name: str) -> list[list[str]]:
    return [
        [
            f"{RULE_METRICS[name]} ({RULE_NAMES[rule]})",
            *(str(unit.rules[rule].overall[name]) for unit in metrics.values()),
        ]
        for rule in next(iter(metrics.values())).rules
    ]


def unit_header(first: str, metrics: Mapping[str, Metrics]) -> list[str]:
    """A first column and one for each unit."""
    primary = {"lesion": " (primary)"}
    return [first, *(f"per {unit}{primary.get(unit, '')}" for unit in metrics)]


def class_tables(metrics: Metrics) -> list[Table]:
    """Figures of each class under each rule, and of its probability."""
    tables = [
        _class_table(
            f"classes_{rule}",
            f"Diagnoses {RULE_NAMES[rule]}, per {metrics.unit}",
            metrics,
            {words: {dx: made.per_class[dx][name] for dx in CLASSES} for name, words in CLASS_METRICS.items()},
        )
        for rule, made in metrics.rules.items()
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
    """What the thresholds, fixed beforehand, do here."""
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
    """What a reader sees at other prevalences."""
    rows = [
        [f"{100 * point.target:g} %", f"{here.name}, {100 * here.prevalence:.3g} %", *map(str, here.estimates.values())]
        for point in metrics.operating_points
        for here in point.prevalences
    ]
    header = ["threshold fitted for", "prevalence", "PPV", "NPV", "flagged per (pre)cancer found"]
    return Table("prevalences", f"At other prevalences, per {metrics.unit}, case mix unchanged", header, rows)


def calibration_table(metrics: Mapping[str, Metrics]) -> Table:
    """Calibration of p_malignant."""
    rows = [
        [words, *(str(getattr(unit.calibration, name)) for unit in metrics.values())]
        for name, words in CALIBRATION_NAMES.items()
    ]
    return Table("calibration", "Calibration of p_malignant", unit_header("figure (95 % interval)", metrics), rows)


def reliability_table(metrics: Metrics) -> Table:
    """The bins of the calibration figure."""
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
    """Errors among the surest."""
    columns = zip(metrics.selective.coverage, metrics.selective.risk, strict=True)
    rows = [[f"surest {share:.0%}", str(risk)] for share, risk in columns]
    rows.append(["mean over all shares", str(metrics.selective.area)])
    return Table("selective", "Errors among the surest diagnoses, as displayed", ["surest share", "share wrong"], rows)


def subgroup_table(metrics: Metrics) -> Table:
    """For whom it works how well."""
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
    words = {
        "balanced_accuracy": "balanced accuracy (balanced rule)",
        "balanced_accuracy_displayed": "balanced accuracy (as displayed)",
        "malignant_auroc": "(pre)malignant AUROC",
    }
    header = ["group", "lesions", "(pre)malignant", *(words.get(name, name) for name in names)]
    return Table("subgroups", f"Subgroups, per {metrics.unit}", header, rows)


def missed_tables(metrics: Metrics) -> list[Table]:
    """Every melanoma below a threshold."""
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


def all_tables(metrics: Mapping[str, Metrics]) -> list[Table]:
    """Every table of a split; what is given for one unit is given for the primary one."""
    primary = next(iter(metrics.values()))
    return [
        overall_table(metrics), rule_table(metrics), *class_tables(primary), point_table(metrics),
        prevalence_table(primary), *missed_tables(primary), calibration_table(metrics), reliability_table(primary),
        decision_curve_table(primary), selective_table(primary), subgroup_table(primary),
    ]  # fmt: skip
