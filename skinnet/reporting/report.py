"""An evaluation as files: metrics.json, tables, figures, and one report.html that needs nothing else.

write_evaluation(Evaluation(predictions, {"test": metrics}, "test", "Mine", source="HAM10000", caption="..."), out)
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

import pandas as pd

from skinnet.checkpoint import FIGURE_FOLDER, METRICS, REPORT, TABLE_FOLDER
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import UNITS
from skinnet.files import write_json, write_text
from skinnet.labels import DISCLAIMER, MALIGNANT_MEANING
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.plots.draw import draw_figures
from skinnet.reporting.plots.titles import FIGURES, READING
from skinnet.reporting.table import Table
from skinnet.reporting.table_groups import grouped

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; color: #111 }
.notice { border: 2px solid #d55e00; padding: .6rem 1rem }
.table { overflow-x: auto; margin: 1.5rem 0 }
table { border-collapse: collapse; font-size: .85rem }
caption { text-align: left; font-weight: bold; padding: .3rem 0 }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .6rem; text-align: left; font-weight: normal }
thead th { font-weight: bold }
figure { margin: 1.5rem 0 } img { max-width: 100%; height: auto }
@media print { body { max-width: none } figure, tr { break-inside: avoid } .table { overflow: visible } }
"""


@dataclass(frozen=True)
class Evaluation:
    """One split's evaluation with everything that its report shows.

    Attributes:
        predictions: the rows of the split.
        metrics: by split, then by unit; all of them are written, while the report shows `split`.
        title: of the report.
        source: the data, in the words for figures.
        caption: the data, in the words for the report.
        history: a row for each epoch of training, if that is known.
        goals, study_tables: tables before and after those of the metrics.
    """

    predictions: pd.DataFrame
    metrics: Mapping[str, Mapping[str, Metrics]]
    split: str
    title: str
    source: str
    caption: str
    history: pd.DataFrame | None = None
    goals: Sequence[Table] = ()
    study_tables: Sequence[Table] = ()

    @property
    def tables(self) -> list[Table]:
        """All tables in the order of the report."""
        return [*self.goals, *all_tables(self.metrics[self.split]), *self.study_tables]


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write metrics.json, a CSV file for each table, the figures and the report."""
    by_split = evaluation.metrics.items()
    write_json(
        folder / METRICS, {split: {unit: asdict(each) for unit, each in units.items()} for split, units in by_split}
    )
    for table in evaluation.tables:
        write_text(folder / TABLE_FOLDER / f"{table.name}.csv", table.csv())
    pictures = _draw(evaluation, folder / FIGURE_FOLDER)
    tables = "".join(
        f"<h2>{escape(group.title)}</h2>{''.join(table.html() for table in group.tables)}"
        for group in grouped(evaluation.tables)
    )
    write_text(folder / REPORT, page(evaluation.title, f"<p>{escape(evaluation.caption)}</p>{pictures}{tables}"))


def _draw(evaluation: Evaluation, folder: Path) -> str:
    """Draw the figures of the primary unit; return them as HTML."""
    units = evaluation.metrics[evaluation.split]
    primary = next(iter(units))
    cases = UNITS[primary](evaluation.predictions)
    drawn = draw_figures(cases, units[primary], evaluation.history, folder=folder, caption=evaluation.source)
    return "".join(_picture(folder / f"{name}.svg", name) for name in drawn)


def page(title: str, body: str) -> str:
    """Build a whole HTML page with the notice on top; it loads nothing from elsewhere."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body><h1>{escape(title)}</h1>
<p class="notice"><strong>{escape(DISCLAIMER)}</strong></p>
<p>(Pre)malignant means {MALIGNANT_MEANING}: akiec, bcc or mel. Each metric is defined in docs/evaluation.md of
skinnet. A metric that is undefined, or would rest on fewer than 20 lesions of a kind, is n/a.</p>
{body}
</body></html>
"""


def _picture(path: Path, name: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    picture = f'<img alt="{escape(FIGURES[name])}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure>{picture}<figcaption>{escape(READING[name])}</figcaption></figure>"
