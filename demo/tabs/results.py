"""The Results tab: how good the network is, all from the checkpoint's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from demo.part import part
from demo.results.explorer import explorer
from demo.results.figures import by_group, figure, folded, table
from demo.results.forest import forest
from demo.results.measured import DataSet, data_sets
from demo.results.melanomas import melanomas
from demo.results.overview import overview
from demo.site import Site
from demo.words import LANGUAGES
from skinnet.checkpoint import HISTORY
from skinnet.files import read_table
from skinnet.labels import DISCLAIMER
from skinnet.reporting.goals import goals_table, image_goals_table
from skinnet.reporting.metric_tables import all_tables, class_tables
from skinnet.reporting.source_table import source_table
from skinnet.reporting.study_tables import study_tables
from skinnet.reporting.table import Table

PAGE = Path(__file__).parents[1] / "html" / "explorer.html"
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


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    sets = data_sets(site)
    if site.words.language != LANGUAGES[0]:
        _show(f'<p class="small" lang="{site.words.language}">{site.words("results.english")}</p>')
    _show(site.words.typeset(overview(sets)))
    part("explorer", explorer(sets, site.config), scripts=["operating"], html=PAGE.read_text(encoding="utf-8"))
    _show(site.words.typeset(details(site, sets)))


def _show(page: str) -> None:
    gr.HTML(f'<div class="part results">{page}</div>', apply_default_css=False)


def details(site: Site, sets: Sequence[DataSet]) -> str:
    """Everything below the explorer."""
    home, *others = sets
    tables = all_tables(home.metrics)
    by_name = {each.name: each for each in [*tables, _history(site)]}
    about = f'<p class="small">{home.title}, test split, {home.lesions.lesions:,} lesions.</p>'
    diagnoses = f'{_figures(site, DIAGNOSES, by_name)}<div class="panel">{"".join(map(_classes, sets))}</div>'
    return "".join(
        [
            f'<h2>Curves</h2>{about}<div class="pair">{_figures(site, CURVES, by_name)}</div>',
            f'<h2>Each diagnosis</h2>{about}<div class="pair">{diagnoses}</div>',
            _patients(home),
            f'<h2>The missed melanomas</h2><div class="pair">{"".join(map(melanomas, sets))}</div>',
            "<h2>Everything that was measured</h2><p class='small'>Each table opens here and can be saved as CSV. "
            f"Those of {home.title}, unless they say otherwise.</p>{folded(_groups(site, home, others, tables))}",
            f'<p class="caption">{DISCLAIMER}</p>',
        ]
    )


def _figures(site: Site, figures: Mapping[str, Sequence[str]], tables: Mapping[str, Table]) -> str:
    return "".join(
        figure(site.checkpoint, name, [tables[each] for each in behind if each in tables])
        for name, behind in figures.items()
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


def _history(site: Site) -> Table:
    history = read_table(site.checkpoint / HISTORY, advice="run python -m skinnet release with --run")
    rows = [[str(cell) for cell in row] for row in history.itertuples(index=False)]
    return Table("history", "Each epoch of the training", list(history.columns), rows)


def _groups(
    site: Site, home: DataSet, others: Sequence[DataSet], tables: Sequence[Table]
) -> dict[str, Iterable[Table]]:
    """The tables of the home data set by group, those of the other ones, and those of all studies."""
    images = {"test": home.metrics["image"]} | {other.source: other.metrics["image"] for other in others}
    goals = [goals_table(home.metrics), image_goals_table(images)]
    shown = [*goals, source_table(site.config, images), *tables, *study_tables(site.checkpoint)]
    groups = by_group(each for each in shown if each.rows)
    for other in others:
        groups[f"The same tables for {other.title}"] = [
            replace(each, name=f"{other.source}_{each.name}") for each in all_tables(other.metrics) if each.rows
        ]
    return groups
