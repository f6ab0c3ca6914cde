"""The goals that were set before the shipped network was trained, and which of them it misses.

    print(goals_table(metrics).markdown())

`metrics` is what `evaluate` returns for one split: by unit, "lesion" (primary) and "image". A metric has two marks:
the least that a network should reach to be shipped, and the goal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.reporting.captions import source_title
from skinnet.reporting.metric_tables import unit_header
from skinnet.reporting.table import Table

ROUNDING = 1e-9
NO_MARK = "-"
UNDEFINED = "n/a"


Metric = Callable[[Metrics], Estimate]
"""Reads one metric from the metrics of a unit."""


@dataclass(frozen=True)
class Marks:
    """The bounds of a metric.

    Attributes:
        low, high: None is no bound.
        high_of: reads an estimate whose upper end is the upper bound, instead of `high`.
    """

    low: float | None = None
    high: float | None = None
    high_of: Metric | None = None

    def __str__(self) -> str:
        if self.high_of:
            return "in a perfect network's range"
        return f">= {self.low:.3f}" if self.high is None else f"{self.low:.3f}-{self.high:.3f}"

    def shortfall(self, value: float, metrics: Metrics) -> float:
        """The distance of a value from the bounds; 0 inside."""
        high = self.high_of(metrics).high if self.high_of else self.high
        below = 0.0 if self.low is None else self.low - value
        above = 0.0 if high is None else value - high
        distance = max(below, above)
        return distance if distance > ROUNDING else 0.0


@dataclass(frozen=True)
class Goal:
    """A metric with its marks.

    Attributes:
        title: the name of the metric in print.
        metric: reads it.
        least: needed to ship a network; None where no such mark was set.
        goal: aimed at; None where only `least` was set.
    """

    title: str
    metric: Metric
    least: Marks | None
    goal: Marks | None


def _overall(name: str) -> Metric:
    return lambda metrics: metrics.overall[name]


def _at_95(name: str) -> Metric:
    """Reads a metric at the operating point that was fitted for 95 % sensitivity."""
    return lambda metrics: next(point for point in metrics.operating_points if point.name == "95").estimates[name]


GOALS = (
    Goal(
        "Balanced accuracy (balanced rule)",
        lambda metrics: metrics.rules["balanced"].overall["balanced_accuracy"],
        Marks(0.80),
        Marks(0.85),
    ),
    Goal("Macro AUROC", _overall("macro_auroc"), Marks(0.970), Marks(0.985)),
    Goal("(Pre)malignant AUROC", _overall("malignant_auroc"), Marks(0.950), Marks(0.975)),
    Goal("Melanoma AUROC", _overall("melanoma_auroc"), Marks(0.940), Marks(0.966)),
    Goal(
        "(Pre)malignant: specificity at 95 % sensitivity, read off this split's curve",
        _overall("malignant_specificity_at_95"),
        Marks(0.75),
        Marks(0.89),
    ),
    Goal("Calibration slope of p_malignant", lambda metrics: metrics.calibration.slope, Marks(0.9, 1.1), None),
    Goal(
        "Calibration error (ECE) of p_malignant",
        lambda metrics: metrics.calibration.error,
        Marks(high_of=lambda metrics: metrics.calibration.perfect_error),
        None,
    ),
    Goal("Sensitivity at the threshold fixed beforehand for 95 %", _at_95("sensitivity"), None, Marks(0.93)),
    Goal("Specificity at the threshold fixed beforehand for 95 %", _at_95("specificity"), None, Marks(0.80)),
)


IMAGE_GOALS = {
    "test": (
        Goal("(Pre)malignant AUROC", _overall("malignant_auroc"), Marks(0.945), Marks(0.96)),
        Goal("Balanced accuracy (balanced rule)", GOALS[0].metric, Marks(0.785), Marks(0.85)),
        Goal("Sensitivity at the verdict's threshold", _overall("sensitivity"), Marks(0.90), Marks(0.95)),
    ),
    "isic2017": (
        Goal("Melanoma AUROC", _overall("melanoma_auroc"), Marks(0.84), Marks(0.88)),
        Goal("Keratosis (bkl) AUROC", lambda metrics: metrics.per_class["bkl"]["auroc"], Marks(0.93), Marks(0.965)),
        Goal("Sensitivity at the verdict's threshold", _overall("sensitivity"), Marks(0.90), Marks(0.95)),
        Goal("Specificity at the verdict's threshold", _overall("specificity"), None, Marks(0.70)),
    ),
}
"""Goals per image by data set, set before the committee was trained; by the names of `metrics.json`."""


class Reached(Enum):
    """How far a metric reached its marks, worst first; the value begins a sentence of titles."""

    MISSED = "Missed"
    AT_LEAST = "Reached at least, goal missed"
    BOTH = "Reached"
    UNDEFINED = "Undefined"


@dataclass(frozen=True)
class Outcome:
    """Whether a metric reached its marks, compared before rounding.

    Attributes:
        least, goal: the shortfall from each mark: 0 where it is reached, None where no such mark was set or the
            metric is undefined.
    """

    reached: Reached
    least: float | None = None
    goal: float | None = None

    def __str__(self) -> str:
        if self.reached is Reached.UNDEFINED:
            return UNDEFINED
        if self.reached is Reached.BOTH:
            return "reached"
        if self.least is None or self.goal is None:
            return f"missed by {_amount(self.least or self.goal or 0.0)}"
        least = "reached at least" if self.reached is Reached.AT_LEAST else f"missed by {_amount(self.least)}"
        return f"{least}; goal missed by {_amount(self.goal)}"


def outcome(goal: Goal, metrics: Metrics) -> Outcome:
    """Compare a metric with its marks."""
    value = goal.metric(metrics).value
    if value is None:
        return Outcome(Reached.UNDEFINED)
    to_least, to_goal = (marks.shortfall(value, metrics) if marks else None for marks in (goal.least, goal.goal))
    if not to_least and not to_goal:
        return Outcome(Reached.BOTH, to_least, to_goal)
    return Outcome(Reached.AT_LEAST if to_least == 0 else Reached.MISSED, to_least, to_goal)


def _amount(shortfall: float) -> str:
    return "less than .001" if shortfall < 0.0005 else f"{shortfall:.3f}".removeprefix("0")


def goals_sentence(metrics: Metrics) -> str:
    """List the titles of all goals by outcome, the missed ones first."""
    outcomes = [(goal.title, outcome(goal, metrics).reached) for goal in GOALS]
    parts = [
        f"{kind.value}: {'; '.join(titles)}."
        for kind in Reached
        if (titles := [title for title, reached in outcomes if reached is kind])
    ]
    return f"{' '.join(parts)} All per {metrics.unit}; the pair at the threshold counts only where both are reached."


def goals_table(metrics: Mapping[str, Metrics]) -> Table:
    """Every goal with the value on the test split, for which the goals were set, in each unit."""
    primary, *others = metrics.values()
    rows = [
        [
            goal.title, _value(goal, primary), str(outcome(goal, primary)),
            *(NO_MARK if marks is None else str(marks) for marks in (goal.least, goal.goal)),
            *(cell for unit in others for cell in (_value(goal, unit), str(outcome(goal, unit)))),
        ]
        for goal in GOALS
    ]  # fmt: skip
    names, first, *rest = unit_header("metric (95 % interval)", metrics)
    header = [names, first, f"outcome per {primary.unit}", "ship at least", "goal"]
    header += [words for column in rest for words in (column, f"outcome {column}")]
    title = f"Goals, and which were missed (test split, n = {primary.images:,} images of {primary.lesions:,} lesions)"
    return Table("goals", title, header, rows)


def image_goals_table(metrics: Mapping[str, Metrics]) -> Table:
    """Every goal per image of each data set's test split.

    Args:
        metrics: per image, by the names of `metrics.json`.
    """
    rows = [
        [
            source_title("ham10000" if name == "test" else name), f"{metrics[name].images:,}", goal.title,
            _value(goal, metrics[name]), str(outcome(goal, metrics[name])),
            *(NO_MARK if marks is None else str(marks) for marks in (goal.least, goal.goal)),
        ]
        for name, goals in IMAGE_GOALS.items() if name in metrics for goal in goals
    ]  # fmt: skip
    header = ["test split", "n", "metric", "value (95 % interval)", "outcome", "ship at least", "goal"]
    return Table("image-goals", "Goals of the committee by data set, per image", header, rows)


def _value(goal: Goal, metrics: Metrics) -> str:
    value = goal.metric(metrics)
    if goal.least is None or not goal.least.high_of:
        return str(value)
    return f"{value}; a perfect network's: {goal.least.high_of(metrics)}"
