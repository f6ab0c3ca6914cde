"""The paired comparison of two networks as a table."""

from __future__ import annotations

from collections.abc import Mapping

from skinnet.evaluation import compare
from skinnet.evaluation.compare import Difference
from skinnet.reporting.metric_names import OVERALL_NAMES, RULE_METRICS, RULE_NAMES
from skinnet.reporting.table import Table

CALIBRATION_NAMES = {
    "brier": "Brier score (lower is better)",
    "error": "Calibration error, ECE (lower is better)",
}


def comparison_table(differences: Mapping[str, Difference], unit: str) -> Table:
    """The differences of one unit.

    Args:
        differences: by metric, from `compare`.
        unit: "lesion" or "image".
    """
    by_rule = {
        f"{name}_{rule}": f"{RULE_METRICS[name]} ({RULE_NAMES[rule]})"
        for name in compare.RULE_METRICS
        for rule in RULE_NAMES
    }
    names = OVERALL_NAMES | CALIBRATION_NAMES | by_rule
    rows = [
        [
            names[name],
            f"{each.first:.3f}",
            f"{each.second:.3f}",
            str(each.difference),
            "n/a" if each.p is None else f"{each.p:.3f}",
            each.verdict,
        ]
        for name, each in differences.items()
    ]
    header = ["metric", "this", "the other", "difference (95 % interval)", "p", "this is"]
    return Table(f"comparison_{unit}", f"Against the other, per {unit}", header, rows)
