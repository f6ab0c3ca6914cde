"""An evaluation as files: metrics.json, tables, figures, and one report.html that needs nothing else.

write_evaluation(
    predictions, {"test": metrics}, split="test", folder=out, title="Mine", source="HAM10000", caption="..."
)
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

import pandas as pd

from skinnet.checkpoint import FIGURE_FOLDER, METRICS, REPORT, TABLE_FOLDER
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import UNITS
from skinnet.files import write_json, write_text
from skinnet.labels import DISCLAIMER, MALIGNANT_MEANING
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.plots import FIGURES, draw_figures
from skinnet.reporting.table import Table

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


def write_evaluation(
    predictions: pd.DataFrame,
    metrics: Mapping[str, Mapping[str, Metrics]],
    *,
    split: str,
    folder: Path,
    title: str,
    source: str,
    caption: str,
    history: pd.DataFrame | None = None,
    goals: Sequence[Table] = (),
    further: Sequence[Table] = (),
) -> None:
    """Write everything about one split, and the metrics of all splits that are given.

    Args:
        predictions: the rows of the split.
        metrics: by split, then by unit.
        title: what was evaluated.
        source: the data, in the words for figures.
        caption: the data, in the words for the report.
        history: a row for each epoch of training, if that is known.
        goals, further: tables before and after those of the metrics.
    """
    write_json(
        folder / METRICS,
        {name: {unit: asdict(each) for unit, each in units.items()} for name, units in metrics.items()},
    )
    tables = [*goals, *all_tables(metrics[split]), *further]
    for table in tables:
        write_text(folder / TABLE_FOLDER / f"{table.name}.csv", table.csv())
    primary = next(iter(metrics[split]))
    cases = UNITS[primary](predictions)
    figures = folder / FIGURE_FOLDER
    drawn = draw_figures(cases, metrics[split][primary], history, folder=figures, caption=source)
    pictures = "".join(_picture(figures / f"{name}.svg", FIGURES[name]) for name in drawn)
    body = "".join(table.html() for table in tables)
    write_text(folder / REPORT, page(title, f"<p>{escape(caption)}</p>{pictures}{body}"))


def page(title: str, body: str) -> str:
    """A whole HTML page with the notice on top and nothing from elsewhere."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body><h1>{escape(title)}</h1>
<p class="notice"><strong>{escape(DISCLAIMER)}</strong></p>
<p>(Pre)malignant means {MALIGNANT_MEANING}: akiec, bcc or mel. Each figure is defined in docs/evaluation.md of
skinnet. Where a figure is undefined, or fewer than 20 lesions of a kind would carry it, it is n/a.</p>
{body}
</body></html>
"""


def _picture(path: Path, words: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<figure><img alt="{escape(words)}" src="data:image/svg+xml;base64,{data}"></figure>'
