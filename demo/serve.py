"""How the interface is served: where, under which limits, and what becomes of visitors' files.

serve(Path("checkpoints/committee"), host="127.0.0.1", port=7860, folder=Path("/tmp/skinnet-1"))
"""

from __future__ import annotations

import io
import logging
import os
import threading
import warnings
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import gradio as gr
from starlette.requests import ClientDisconnect

from demo.address import past_any_proxy
from demo.headers import middleware
from demo.interface import build
from demo.temporary import KEPT_SECONDS, sweep
from demo.theme import styles, theme
from skinnet.device import share_arenas
from skinnet.images.source import MAX_FILE_BYTES

SWEEP_SECONDS = 30
SESSIONS = 20
"""How many visitors' last answers Gradio keeps in memory; skinnet reads none of them."""


def launch(interface: gr.Blocks, *, host: str, port: int) -> str:
    """Serve an interface with skinnet's settings, and return its address on this machine.

    Raises:
        OSError: if the port was taken in the meantime.
    """
    interface.space_id = None  # with it Gradio's page adds a bar, with fonts and figures from other hosts
    with past_any_proxy(), redirect_stdout(io.StringIO()):  # Gradio greets even when it is told to be quiet
        _, address, _ = interface.launch(
            server_name=f"[{host}]" if ":" in host else host,
            server_port=port,
            theme=theme(),
            head=styles(),
            footer_links=["api"],  # hidden by frame.css, and opened by the About tab's button
            run_history=False,
            max_file_size=MAX_FILE_BYTES,
            state_session_capacity=SESSIONS,
            share=False,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            mcp_server=find_spec("mcp") is not None,
            prevent_thread_lock=True,
            quiet=True,
            app_kwargs={"middleware": middleware(host, os.environ.get("GRADIO_ROOT_PATH", ""))},
        )
    return str(address)


def serve(checkpoint: Path, *, host: str, port: int, folder: Path) -> None:
    """Serve until a signal ends the process.

    Args:
        folder: where Gradio puts visitors' files.

    Raises:
        CheckpointError: if the checkpoint is missing or damaged.
        OSError: if the port was taken in the meantime.
    """
    share_arenas()
    interface = build(checkpoint)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    warnings.filterwarnings("ignore", module="PIL")  # of damaged pictures, which get their own sentence
    print(f"skinnet runs on {launch(interface, host=host, port=port)} - Ctrl-C stops it.", flush=True)
    try:
        while not threading.Event().wait(SWEEP_SECONDS):
            sweep(folder, older_than=KEPT_SECONDS)
    finally:  # before the folder goes: an upload that is still coming in would bring a part of it back
        logging.getLogger("uvicorn.error").disabled = True  # what is cut off now is no news
        interface.server.force_exit = True  # open pages are not waited for
        interface.close(verbose=False)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record of the server is more than that somebody broke an upload off."""
    return not (record.exc_info and isinstance(record.exc_info[1], ClientDisconnect))
