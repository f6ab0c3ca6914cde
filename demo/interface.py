"""The whole interface: a header, the tabs, and how it is served."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from demo.endpoint import add_endpoint
from demo.part import SCRIPT_FOLDER
from demo.payloads import Interface
from demo.site import Site
from demo.tabs import about, batch, classify, results
from demo.theme import style_sheets, theme
from skinnet.images.photo import MAX_FILE_BYTES

TABS = {"classify": classify, "batch": batch, "results": results, "about": about}
"""By the name in the address, as in `#results`; each module has a TITLE and `add(site)`."""
KEPT_SECONDS = 600
"""Uploaded pictures are deleted after this long."""
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
    interface = Interface(title="skinnet", analytics_enabled=False, delete_cache=(60, KEPT_SECONDS))
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


def launch(interface: gr.Blocks, **options: Any) -> Any:
    """Serve an interface with skinnet's settings; `options` are those of Gradio's launch."""
    return interface.launch(
        theme=theme(),
        css_paths=style_sheets(),
        footer_links=["api"],
        run_history=False,
        max_file_size=MAX_FILE_BYTES,
        share=False,
        ssr_mode=False,
        mcp_server=find_spec("mcp") is not None,
        **options,
    )


def serve(checkpoint: Path) -> None:
    """Serve until stopped, by Ctrl-C or SIGTERM; the temporary folder with the pictures goes with the process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="skinnet-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        launch(build(checkpoint))
