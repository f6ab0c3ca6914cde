"""The Results tab: how good the network is, all from the checkpoint's files; the same page as its report.html."""

from __future__ import annotations

import gradio as gr

from demo.beside import add_beside
from demo.part import part
from demo.site import Site
from demo.translated import translated_data, translated_page
from demo.words import Words
from skinnet.checkpoint import FIGURE_FOLDER
from skinnet.inference.wording import unbroken
from skinnet.reporting.results.assets import EXPLORER, EXPLORER_SCRIPTS
from skinnet.reporting.results.explorer import explorer
from skinnet.reporting.results.measured import data_sets
from skinnet.reporting.results.page import details, top
from skinnet.reporting.results.published import published


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    evaluation, words = published(site.checkpoint, site.config, data_sets(site.checkpoint, site.config)), site.words
    _show(top(evaluation), words)
    if (value := explorer(evaluation.sets)) is not None:
        page = translated_page(EXPLORER.read_text(encoding="utf-8"), words)
        part("explorer", translated_data(value, words), scripts=EXPLORER_SCRIPTS, html=page)
    _show(details(evaluation, site.checkpoint / FIGURE_FOLDER), words)
    add_beside(site)


def _show(page: str, words: Words) -> None:
    page = unbroken(translated_page(page, words))
    gr.HTML(f'<div class="part results">{page}</div>', apply_default_css=False)
