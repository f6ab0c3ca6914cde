"""The About tab: the model card."""

from __future__ import annotations

import gradio as gr

from demo.site import Site
from skinnet.checkpoint import CARD
from skinnet.errors import CheckpointError

TITLE = "About"


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    path = site.checkpoint / CARD
    if not path.is_file():
        raise CheckpointError(f"No {path}: run python -m skinnet release.")
    gr.Markdown(path.read_text(encoding="utf-8"), elem_classes="tables")
