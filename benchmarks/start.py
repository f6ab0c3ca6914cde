"""Time the start: of the app, until its page is served, and of the command line.

    python benchmarks/start.py

The app's peer imports the same torch and serves an empty page.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.app import APP, running
from benchmarks.timing import Row, in_turn, table

ROUNDS = 3
PLAIN, FAST, EMPTY, HELP = (
    "app.py",
    "app.py with OpenVINO",
    "an empty Gradio page, torch imported",
    "python -m skinnet --help",
)
EMPTY_PAGE = """
import gradio, torch
page = gradio.Blocks()
with page:
    page.launch(quiet=True)
"""


def start(command: Sequence[str], *, fast: bool = False) -> None:
    """Start an app, by OpenVINO or PyTorch, and wait for its page."""
    with running(command, fast=fast):
        pass


def rows() -> list[Row]:
    """The table of starts."""
    works = {
        PLAIN: partial(start, APP),
        FAST: partial(start, APP, fast=True),
        EMPTY: partial(start, ["-c", EMPTY_PAGE]),
        HELP: partial(subprocess.run, [sys.executable, "-m", "skinnet", "--help"], cwd=PROJECT, capture_output=True),
    }
    seconds = in_turn(works, rounds=ROUNDS, warm_up=1)
    return [
        Row(PLAIN, seconds[PLAIN], EMPTY, "1.5 x or less"),
        Row(FAST, seconds[FAST], EMPTY, "1.5 x or less"),
        Row(EMPTY, seconds[EMPTY]),
        Row(HELP, seconds[HELP], goal="0.3 s or less"),
    ]


if __name__ == "__main__":
    print(table(rows()))
