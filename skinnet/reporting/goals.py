"""The goals that were set before the shipped network was trained, and which of them it misses.

    print(goals_table(metrics).markdown())

`metrics` is what `evaluate` returns for one split: by unit, "lesion" (primary) and "image". A figure has two marks:
what a network should reach at least to be shipped, and the goal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from functools import reduce
from typing import Any

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.reporting.metric_tables import unit_header
from skinnet.reporting.table import Table

ROUNDING = 1e-9
NONE = "-"
REACHED, AT_LEAST, MISSED, UNDEFINED = "reached", "reached at least", "missed by", "n/a"


@dataclass(frozen=True)
class Marks:
    """What a figure must lie between.

    Attributes:
        low, high: None is no bound.
        high_of: key of an estimate whose upper end is the upper bound, instead of `high`.
    """

    low: float | None = None
    high: float | None = None
    high_of: str = ""

    def __str__(self) -> str:
        if self.high_of:
            return "in a perfect network's range"
        return f">= {self.low:.3f}" if self.high is None else f"{self.low:.3f}-{self.high:.3f}"

    def shortfall(self, value: float, metrics: Metrics) -> float:
        """By how much a value lies outside; 0 inside."""
        high = figure(metrics, self.high_of).high if self.high_of else self.high
        below = 0.0 if self.low is None else self.low - value
        above = 0.0 if high is None else value - high
        outside = max(below, above)
        return outside if outside > ROUNDING else 0.0


@dataclass(frozen=True)
class Goal:
    """A figure with its marks.

    Attributes:
        key: of the figure in `metrics.json`, below split and unit; an operating point goes by its name.
        least: what a network should reach to be shipped; None where no such mark was set.
        goal: None where `least` is all that was asked for.
    """

    key: str
    title: str
    least: Marks | None
    goal: Marks | None


GOALS = (
    Goal("rules.balanced.overall.balanced_accuracy", "Balanced accuracy (balanced rule)", Marks(0.80), Marks(0.85)),
    Goal("overall.macro_auroc", "Macro AUROC", Marks(0.970), Marks(0.985)),
    Goal("overall.malignant_auroc", "(Pre)malignant AUROC", Marks(0.950), Marks(0.975)),
    Goal("overall.melanoma_auroc", "Melanoma AUROC", Marks(0.940), Marks(0.966)),
    Goal(
        "overall.malignant_specificity_at_95",
        "(Pre)malignant: specificity at 95 % sensitivity, read off this split's curve",
        Marks(0.75),
        Marks(0.89),
    ),
    Goal("calibration.slope", "Calibration slope of p_malignant", Marks(0.9, 1.1), None),
    Goal(
        "calibration.error", "Calibration error (ECE) of p_malignant", Marks(high_of="calibration.perfect_error"), None
    ),
    Goal(
        "operating_points.95.estimates.sensitivity",
        "Sensitivity at the threshold fixed beforehand for 95 %",
        None,
        Marks(0.93),
    ),
    Goal(
        "operating_points.95.estimates.specificity",
        "Specificity at the threshold fixed beforehand for 95 %",
        None,
        Marks(0.80),
    ),
)


def figure(metrics: Metrics, key: str) -> Estimate:
    """A figure by its key."""
    found = reduce(_inside, key.split("."), metrics)
    assert isinstance(found, Estimate)
    return found


def _inside(found: Any, name: str) -> Any:
    if is_dataclass(found):
        return getattr(found, name)
    return found[name] if isinstance(found, dict) else next(each for each in found if each.name == name)


def outcome(goal: Goal, metrics: Metrics) -> str:
    """In words whether a figure reached its marks; compared before rounding."""
    value = figure(metrics, goal.key).value
    if value is None:
        return UNDEFINED
    least, hoped = (marks.shortfall(value, metrics) if marks else 0.0 for marks in (goal.least, goal.goal))
    if not least and not hoped:
        return REACHED
    if goal.least is None or goal.goal is None:
        return f"{MISSED} {_amount(max(least, hoped))}"
    return f"{f'{MISSED} {_amount(least)}' if least else AT_LEAST}; goal missed by {_amount(hoped)}"


def _amount(shortfall: float) -> str:
    return "less than .001" if shortfall < 0.0005 else f"{shortfall:.3f}".removeprefix("0")


def goals_sentence(metrics: Metrics) -> str:
    """The titles of all goals by outcome, the missed ones first."""
    titles: dict[str, list[str]] = {"Missed": [], "Reached at least, goal missed": [], "Reached": [], "Undefined": []}
    kinds = dict(zip((MISSED, AT_LEAST, REACHED, UNDEFINED), titles, strict=True))
    for goal in GOALS:
        words = outcome(goal, metrics)
        titles[next(kind for start, kind in kinds.items() if words.startswith(start))].append(goal.title)
    found = " ".join(f"{kind}: {'; '.join(names)}." for kind, names in titles.items() if names)
    return f"{found} All per {metrics.unit}; the pair at the threshold counts only where both are reached."


def goals_table(metrics: Mapping[str, Metrics]) -> Table:
    """Every goal with what was reached on the test split, for which the goals were set, in each unit."""
    primary, *others = metrics.values()
    rows = [
        [
            goal.title, _reached(goal, primary), outcome(goal, primary),
            *(NONE if marks is None else str(marks) for marks in (goal.least, goal.goal)),
            *(cell for unit in others for cell in (_reached(goal, unit), outcome(goal, unit))),
        ]
        for goal in GOALS
    ]  # fmt: skip
    figures, first, *rest = unit_header("figure (95 % interval)", metrics)
    header = [figures, first, f"outcome per {primary.unit}", "ship at least", "goal"]
    header += [words for column in rest for words in (column, f"outcome {column}")]
    title = f"Goals, and which were missed (test split, n = {primary.images:,} images of {primary.lesions:,} lesions)"
    return Table("goals", title, header, rows)


def _reached(goal: Goal, metrics: Metrics) -> str:
    value = figure(metrics, goal.key)
    if goal.least is None or not goal.least.high_of:
        return str(value)
    return f"{value}; a perfect network's: {figure(metrics, goal.least.high_of)}"
