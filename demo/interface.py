"""The whole interface: a header and the tabs."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from demo.endpoint import add_endpoint
from demo.part import SCRIPT_FOLDER
from demo.payloads import Interface
from demo.site import Site
from demo.tabs import about, batch, classify, learn, results

TABS = {"classify": classify, "batch": batch, "results": results, "learn": learn, "about": about}
"""By the name in the address, as in `#results`; each module has a TITLE and `add(site)`."""
HEADER = """
<div id="header">
  <p class="name">skinnet</p>
  <p class="notice"><strong>Demonstration.</strong> Not a medical device.</p>
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
    with interface:
        gr.HTML(HEADER, apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            for name, tab in TABS.items():
                with gr.Tab(tab.TITLE, id=name, elem_id=f"tab-{name}"):
                    tab.add(site)
        with gr.Column(visible=False):
            add_endpoint(site.classifier)
        interface.load(js=_navigation(), api_visibility="private")
    return interface


def _navigation() -> str:
    script = (SCRIPT_FOLDER / "navigation.js").read_text(encoding="utf-8")
    return script.replace("TABS", json.dumps(list(TABS)))
