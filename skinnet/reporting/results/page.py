"""The page of results around its explorer: the first screen above, all that was measured below.

top(evaluation), details(evaluation, folder / FIGURE_FOLDER)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

import pandas as pd

from skinnet.evaluation.evaluate import Metrics
from skinnet.labels import CLASSES, DISCLAIMER, FULL_NAMES
from skinnet.reporting.metric_tables import all_tables, class_tables
from skinnet.reporting.results.figures import by_group, figure, folded, table
from skinnet.reporting.results.forest import forest
from skinnet.reporting.results.measured import DataSet
from skinnet.reporting.results.melanomas import melanomas
from skinnet.reporting.results.overview import counts, overview
from skinnet.reporting.table import Table

CURVES = {
    "roc": ("operating_points", "classes"),
    "precision_recall": ("classes",),
    "reliability": ("calibration", "reliability"),
    "decision_curve": ("decision_curve",),
    "risk_coverage": ("selective",),
    "training": ("history",),
}
"""The names of the tables behind each figure."""
DIAGNOSES = {"confusion": ("rules", "classes_displayed", "classes_balanced")}
NOTE = (
    "(Pre)malignant are melanoma, basal cell carcinoma, and actinic keratosis or Bowen's disease. "
    "The file docs/evaluation.md of skinnet defines each metric. "
    "A metric that is undefined, or would rest on fewer than 20 lesions of a kind, is n/a."
)
CODES = " · ".join(f"<b>{dx}</b> <span>{escape(FULL_NAMES[dx])}</span>" for dx in CLASSES)
"""What the codes in the figures stand for."""


@dataclass(frozen=True)
class Evaluation:
    """What the page of results shows.

    Attributes:
        sets: one split of each data set; the figures are those of the first.
        title: of the report.
        caption: the first data set, in the words for the report.
        split: of the first data set, in words.
        published: whether these are the results of a checkpoint on its own test splits.
        history: a row for each epoch of training, if that is known.
        goals, study_tables: tables before and after those of the metrics.
        without: see `skinnet.reporting.without`.
    """

    sets: Sequence[DataSet]
    title: str
    caption: str
    split: str = "test split"
    published: bool = False
    history: pd.DataFrame | None = None
    goals: Sequence[Table] = ()
    study_tables: Sequence[Table] = ()
    without: Mapping[str, Metrics] = field(default_factory=dict)

    @property
    def home(self) -> DataSet:
        """The data set that leads."""
        return self.sets[0]

    @property
    def tables(self) -> list[Table]:
        """All tables of the first data set, in the order of the page."""
        return [*self.goals, *all_tables(self.home.metrics), *self.study_tables]


def top(evaluation: Evaluation) -> str:
    """Everything above the explorer."""
    if evaluation.published:
        return overview(evaluation.sets, evaluation.without)
    shown = counts(evaluation.sets) if all(data.has_both for data in evaluation.sets) else ""
    return f"<h1>{escape(evaluation.title)}</h1><p>{escape(evaluation.caption)}</p>{shown}"


def details(evaluation: Evaluation, figures: Path) -> str:
    """Everything below the explorer.

    Args:
        figures: their folder.
    """
    home = evaluation.home
    by_name = {each.name: each for each in [*evaluation.tables, *_history(evaluation)]}
    about = f'<p class="small">{escape(home.title)}, {evaluation.split}, {home.lesions.lesions:,} lesions.</p>'
    curves = {name: behind for name, behind in CURVES.items() if name != "training" or evaluation.history is not None}
    classes = f'<div class="panel">{"".join(map(_classes, evaluation.sets))}</div>'
    missed = "".join(map(melanomas, evaluation.sets))
    return "".join(
        [
            f'<h2>Curves</h2>{about}<div class="pair">{_figures(figures, curves, by_name)}</div>'
            f'<p class="caption">{CODES}</p>',
            f'<h2>Each diagnosis</h2>{about}<div class="pair">{_figures(figures, DIAGNOSES, by_name)}{classes}</div>',
            _patients(home),
            missed and f'<h2>The missed melanomas</h2><div class="pair">{missed}</div>',
            "<h2>Everything that was measured</h2><p class='small'>Each table opens here and can be saved as CSV. "
            f"Those of {escape(home.title)}, unless they say otherwise. {NOTE}</p>{folded(_groups(evaluation))}",
            f'<p class="caption">{DISCLAIMER}</p>',
        ]
    )


def _figures(folder: Path, figures: Mapping[str, Sequence[str]], tables: Mapping[str, Table]) -> str:
    return "".join(
        figure(folder, name, [tables[each] for each in behind if each in tables]) for name, behind in figures.items()
    )


def _classes(data: DataSet) -> str:
    """The scores of each diagnosis that a data set has."""
    (each,) = (found for found in class_tables(data.lesions) if found.name == "classes")
    rows = [row for row in each.rows if row[1] != "0"]
    return table(replace(each, name=f"{data.source}_classes", title=f"{data.title}: {each.title}", rows=rows))


def _patients(home: DataSet) -> str:
    rows = forest(home)
    return rows and (
        "<h2>Who is served less well</h2><p class='small'>At the verdict's threshold, per lesion, with 95 % intervals. "
        "A diamond in amber is surely below the average of all, which the thin line marks. Groups differ in how their "
        f"diagnoses were proven, too.</p><div class='panel'>{rows}</div>"
    )


def _history(evaluation: Evaluation) -> list[Table]:
    if evaluation.history is None:
        return []
    cells = evaluation.history.itertuples(index=False)
    rows = [[f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row] for row in cells]
    return [Table("history", "Each epoch of the training", list(evaluation.history.columns), rows)]


def _groups(evaluation: Evaluation) -> dict[str, Iterable[Table]]:
    """The tables of the first data set by group, those of the other ones, and those of all studies."""
    groups = by_group(each for each in evaluation.tables if each.rows)
    for other in evaluation.sets[1:]:
        groups[f"The same tables for {other.title}"] = [
            replace(each, name=f"{other.source}_{each.name}") for each in all_tables(other.metrics) if each.rows
        ]
    return groups
