"""The Results tab: how good the network is, all from the checkpoint's files; the same page as its report.html."""

from __future__ import annotations

import gradio as gr

from demo.beside import add_beside
from demo.part import part
from demo.site import Site
from demo.words import LANGUAGES
from skinnet.checkpoint import FIGURE_FOLDER
from skinnet.inference.wording import unbroken
from skinnet.reporting.results.assets import EXPLORER, EXPLORER_SCRIPTS
from skinnet.reporting.results.explorer import explorer
from skinnet.reporting.results.measured import data_sets
from skinnet.reporting.results.page import details, top
from skinnet.reporting.results.published import published


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    evaluation = published(site.checkpoint, site.config, data_sets(site.checkpoint, site.config))
    if site.words.language != LANGUAGES[0]:
        _show(f'<p class="small" lang="{site.words.language}">{site.words("results.english")}</p>')
    _show(top(evaluation))
    if (value := explorer(evaluation.sets)) is not None:
        part("explorer", value, scripts=EXPLORER_SCRIPTS, html=EXPLORER.read_text(encoding="utf-8"))
    _show(details(evaluation, site.checkpoint / FIGURE_FOLDER))
    add_beside(site)


def _show(page: str) -> None:
    gr.HTML(f'<div class="part results">{unbroken(page)}</div>', apply_default_css=False)
