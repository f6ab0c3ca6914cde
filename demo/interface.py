"""The whole interface: a header and the tabs, once in each language, each on a page of its own."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from demo.endpoint import add_endpoint
from demo.languages import CHOICE
from demo.part import SCRIPT_FOLDER
from demo.payloads import Interface
from demo.site import Site
from demo.tabs import about, batch, classify, learn, results
from demo.words import LANGUAGES, Words

TABS = {"classify": classify, "batch": batch, "results": results, "learn": learn, "about": about}
"""By the name in the address, as in `#results`; each module has `add(site)`, and its title is the text `frame.NAME`."""
HEADER = """
<div id="header">
  <p class="name">skinnet</p>
  <p class="notice">{frame.notice}</p>
  <nav class="languages" aria-label="{frame.languages}">{links}</nav>
</div>"""


def build(checkpoint: Path) -> gr.Blocks:
    """Make the interface around a checkpoint.

    Args:
        checkpoint: folder with weights, config, metrics, figures and card.

    Raises:
        CheckpointError: if the checkpoint is missing or damaged.
    """
    site = Site.load(checkpoint)
    interface = Interface(title="skinnet", analytics_enabled=False)
    for language in LANGUAGES:
        page = interface if language == LANGUAGES[0] else interface.route(language, language)
        with page:
            _add_page(site.in_language(language))
            page.load(js=_navigation(language), api_visibility="private")
            if language == LANGUAGES[0]:
                with gr.Column(visible=False):
                    add_endpoint(site.classifier)
    return interface


def _add_page(site: Site) -> None:
    words = site.words
    gr.HTML(words.page(HEADER, links=" ".join(_link(each, words) for each in LANGUAGES)), apply_default_css=False)
    with gr.Tabs(elem_id="tabs"):
        for name, tab in TABS.items():
            with gr.Tab(words(f"frame.{name}"), id=name, elem_id=f"tab-{name}"):
                tab.add(site)


def _link(language: str, words: Words) -> str:
    here = ' aria-current="page"' if language == words.language else ""
    name = Words.load(language)("frame.name")
    return f'<a href="./?{CHOICE}={language}" lang="{language}" hreflang="{language}"{here}>{name}</a>'


def _navigation(language: str) -> str:
    script = (SCRIPT_FOLDER / "navigation.js").read_text(encoding="utf-8")
    return script.replace("TABS", json.dumps(list(TABS))).replace("LANGUAGE", json.dumps(language))
