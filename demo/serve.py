"""How the interface is served: where, under which limits, and what becomes of visitors' files.

serve(Path("checkpoints/committee"), host="127.0.0.1", port=7860)
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from demo.headers import Headers
from demo.interface import build
from demo.temporary import private_folder, sweep
from demo.theme import styles, theme
from skinnet.images.source import MAX_FILE_BYTES

KEPT_SECONDS = 600
"""Uploaded files are deleted after this long."""
SWEEP_SECONDS = 30
STOPPING = ("SIGTERM", "SIGHUP", "SIGQUIT")
"""Besides Ctrl-C; Windows knows only the first."""


def launch(interface: gr.Blocks, **options: Any) -> Any:
    """Serve an interface with skinnet's settings; `options` are those of Gradio's launch."""
    return interface.launch(
        theme=theme(),
        head=styles(),
        footer_links=["api"],
        run_history=False,
        max_file_size=MAX_FILE_BYTES,
        share=False,
        ssr_mode=False,
        mcp_server=find_spec("mcp") is not None,
        prevent_thread_lock=True,
        quiet=True,
        app_kwargs={"middleware": [Middleware(Headers)]},
        **options,
    )


def serve(checkpoint: Path, *, host: str, port: int) -> None:
    """Serve until stopped; the folder with visitors' files goes with the process.

    Raises:
        CheckpointError: if the checkpoint is missing or damaged.
    """
    for name in STOPPING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: sys.exit())
    with private_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        interface = build(checkpoint)
        _, address, _ = launch(interface, server_name=host, server_port=port)
        print(f"skinnet runs on {address} - Ctrl-C stops it.", flush=True)
        _wait(folder)


def _wait(folder: Path) -> None:
    """Sweep visitors' files from time to time, until a signal ends the process."""
    never = threading.Event()
    try:
        while not never.wait(SWEEP_SECONDS):
            sweep(folder, older_than=KEPT_SECONDS)
    except KeyboardInterrupt:
        print("Stopped.")
