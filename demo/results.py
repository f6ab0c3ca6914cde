"""The Results tab: how good the model is, all from the checkpoint's files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import gradio as gr

from skinnet.card import data_name, results_section
from skinnet.classifier import read_config
from skinnet.errors import CheckpointError
from skinnet.evaluate import Estimate, Metrics
from skinnet.figures import FIGURES
from skinnet.release import FIGURE_FOLDER, METRICS


def add(checkpoint: Path) -> None:
    """Add the tab's contents to the interface that is being built."""
    config = read_config(checkpoint)
    results = results_section(load_metrics(checkpoint, "test"), "test", source=data_name(config))
    gr.Markdown(
        f"## How good is it?\n{results}\n"
        f"The {config['network']} was trained for {config['training']['epochs']} epochs in "
        f"{config['training_minutes']:.0f} minutes on {config['machine']}.",
        elem_classes="tables",
    )
    gr.HTML(f'<div class="figures">{"".join(_figure(checkpoint, name) for name in FIGURES)}</div>')


def load_metrics(checkpoint: Path, split: str) -> Metrics:
    """Read one split of a checkpoint's `metrics.json`.

    Raises:
        CheckpointError: if it is missing or damaged.
    """
    path = checkpoint / METRICS
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))[split]
        saved["overall"] = {name: Estimate(**estimate) for name, estimate in saved["overall"].items()}
        saved["per_class"] = {
            dx: {name: Estimate(**estimate) for name, estimate in estimates.items()}
            for dx, estimates in saved["per_class"].items()
        }
        return Metrics(**saved)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is missing or damaged: run python -m skinnet release.") from error


def _figure(checkpoint: Path, name: str) -> str:
    """A figure inside the page itself, so that no file of this machine needs to be served."""
    path = checkpoint / FIGURE_FOLDER / f"{name}.png"
    if not path.is_file():
        raise CheckpointError(f"No {path}: run python -m skinnet release.")
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<figure><img alt="{FIGURES[name]}" src="data:image/png;base64,{data}"></figure>'
