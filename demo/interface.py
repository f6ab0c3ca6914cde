"""The whole interface: a heading, three tabs, and how it is served."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from demo import about, classify, results
from demo.drawings import write_examples
from skinnet.images.photo import MAX_FILE_BYTES
from skinnet.inference.classifier import Classifier
from skinnet.labels import DISCLAIMER

CSS_FILE = Path(__file__).with_name("style.css")
KEPT_SECONDS = 600
"""Uploaded pictures and drawn maps are deleted, on disk and in memory, after this long."""


def build(checkpoint: Path, *, examples: list[Path]) -> gr.Blocks:
    """Make the interface around a checkpoint.

    Args:
        checkpoint: folder with weights, config, metrics, figures and card.
        examples: drawings to offer.

    Raises:
        CheckpointError: if the checkpoint is missing or damaged.
    """
    classifier = Classifier.load(checkpoint)
    interface: gr.Blocks = gr.Blocks(title="skinnet", analytics_enabled=False, delete_cache=(60, KEPT_SECONDS))
    with interface:
        gr.Markdown("# skinnet\nSkin cancer detection in dermatoscopic photos, explained.", elem_id="heading")
        gr.HTML(f'<p class="disclaimer">{DISCLAIMER}</p>')
        with gr.Tab("Classify", id="classify"):
            classify.add(classifier, results.load_metrics(checkpoint, "test"), examples, kept_seconds=KEPT_SECONDS)
        with gr.Tab("Results", id="results"):
            results.add(checkpoint)
        with gr.Tab("About", id="about"):
            about.add(checkpoint)
    return interface


def launch(interface: gr.Blocks, **options: Any) -> Any:
    """Serve an interface with skinnet's settings; `options` are those of Gradio's launch."""
    return interface.launch(
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        css=CSS_FILE.read_text(encoding="utf-8"),
        footer_links=["api"],
        run_history=False,
        max_file_size=MAX_FILE_BYTES,
        share=False,
        **options,
    )


def serve(checkpoint: Path) -> None:
    """Serve until stopped, by Ctrl-C or SIGTERM; the temporary folder with the pictures goes with the process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="skinnet-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        interface = build(checkpoint, examples=write_examples(Path(folder) / "examples"))
        launch(interface)
