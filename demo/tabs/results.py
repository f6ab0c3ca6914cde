"""The Results tab: how good the model is, all from the checkpoint's files."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

import gradio as gr

from demo.site import Site, load_metrics
from skinnet.checkpoint import FIGURE_FOLDER
from skinnet.errors import CheckpointError
from skinnet.evaluation.scored_cases import UNITS
from skinnet.reporting.captions import headline_section, home_name
from skinnet.reporting.goals import goals_table
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.plots.titles import FIGURES
from skinnet.reporting.source_table import source_table
from skinnet.reporting.study_tables import study_tables
from skinnet.reporting.table import Table

TITLE = "Results"


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    checkpoint, config = site.checkpoint, site.config
    metrics = {unit: load_metrics(checkpoint, "test", unit=unit) for unit in UNITS}
    headlines = headline_section(metrics, "test", source=home_name(config))
    home, *others = config.sources
    sources = source_table(config, {"test": site.metrics[home]} | {name: site.metrics[name] for name in others})
    gr.Markdown(f"## How good is it?\n{headlines}", elem_classes="tables")
    gr.Markdown(f"### {sources.title}\n{sources.markdown()}", elem_classes="tables")
    gr.HTML(f'<div class="figures">{"".join(_figure(checkpoint, name) for name in FIGURES)}</div>')
    gr.Markdown("## In detail")
    _folded([goals_table(metrics), *all_tables(metrics, reference=False)])
    if tables := study_tables(checkpoint):
        gr.Markdown("## Further measurements")
        _folded(tables)


def _folded(tables: Iterable[Table]) -> None:
    for table in tables:
        with gr.Accordion(table.title, open=False):
            gr.Markdown(table.markdown(), elem_classes=["tables", f"table-{table.name}"])


def _figure(checkpoint: Path, name: str) -> str:
    """A figure inside the page itself, so that no file of this machine needs to be served."""
    path = checkpoint / FIGURE_FOLDER / f"{name}.png"
    if not path.is_file():
        raise CheckpointError(f"No {path}: run python -m skinnet release.")
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<figure><img alt="{FIGURES[name]}" src="data:image/png;base64,{data}"></figure>'
