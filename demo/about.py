"""The About tab: the model card."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from skinnet.checkpoint import CARD
from skinnet.errors import CheckpointError


def add(checkpoint: Path) -> None:
    """Add the tab's contents to the interface that is being built."""
    path = checkpoint / CARD
    if not path.is_file():
        raise CheckpointError(f"No {path}: run python -m skinnet release.")
    gr.Markdown(path.read_text(encoding="utf-8"), elem_classes="tables")
