"""An evaluation as files: metrics.json, tables, figures, and one report.html that needs nothing else.

write_evaluation(Evaluation([data], "Mine", caption="..."), {"test": metrics}, out, source="HAM10000, test split")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path

from skinnet.checkpoint import FIGURE_FOLDER, METRICS, REPORT, TABLE_FOLDER
from skinnet.evaluation.evaluate import Metrics
from skinnet.files import write_json, write_text
from skinnet.inference.wording import unbroken
from skinnet.labels import DISCLAIMER
from skinnet.reporting.plots.draw import draw_figures
from skinnet.reporting.results.assets import EXPLORER, EXPLORER_SCRIPTS, SCRIPT_FOLDER, STYLE_FOLDER, STYLES
from skinnet.reporting.results.explorer import explorer
from skinnet.reporting.results.page import Evaluation, details, top

NO_REQUESTS = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The policy by which a browser asks no other host for anything."""
DARK = """
const dark = matchMedia("screen and (prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
dark.addEventListener("change", follow);
follow();"""


def write_evaluation(
    evaluation: Evaluation, metrics: Mapping[str, Mapping[str, Metrics]], folder: Path, *, source: str
) -> None:
    """Write metrics.json, a CSV file for each table, the figures and the report.

    Args:
        metrics: all that go into metrics.json, by split, then by unit.
        source: the data, in the words for figures.
    """
    write_json(
        folder / METRICS,
        {split: {unit: asdict(each) for unit, each in units.items()} for split, units in metrics.items()},
    )
    for table in evaluation.tables:
        write_text(folder / TABLE_FOLDER / f"{table.name}.csv", table.csv())
    home = evaluation.home
    draw_figures(home.cases, home.lesions, evaluation.history, folder=folder / FIGURE_FOLDER, caption=source)
    write_text(folder / REPORT, report(evaluation, folder / FIGURE_FOLDER))


def report(evaluation: Evaluation, figures: Path) -> str:
    """Build a whole HTML page with the notice on top; it loads nothing from elsewhere."""
    style = "".join((STYLE_FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in (*STYLES, "report"))
    below = _part("results", details(evaluation, figures))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{NO_REQUESTS}">
<title>{escape(evaluation.title)}</title><style>{style}</style><script>{DARK}</script></head>
<body><main class="report"><p class="notice"><strong>{escape(DISCLAIMER)}</strong></p>
{_part("results", top(evaluation))}{_explorer(evaluation)}{below}
</main></body></html>
"""


def _part(name: str, html: str) -> str:
    return f'<div class="part {name}">{unbroken(html)}</div>\n'


def _explorer(evaluation: Evaluation) -> str:
    """The explorer with its script, which the app gives the same `element` and `props`."""
    value = explorer(evaluation.sets)
    if value is None:
        return ""
    names = (*EXPLORER_SCRIPTS, "explorer")
    scripts = "\n".join((SCRIPT_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names)
    data = json.dumps({"value": value}, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f"{_part('explorer', EXPLORER.read_text(encoding='utf-8'))}"
        f"<script>((element, props) => {{{scripts}}})(document, {data});</script>\n"
    )
