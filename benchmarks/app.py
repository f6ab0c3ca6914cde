"""Time the app over HTTP: from a click to the verdict, for one visitor and for twenty at once.

    python benchmarks/app.py

A click does what the Classify tab does: upload, join the queue, wait for the answer with its photo, text and maps. The
peers are a `gr.Interface` around one pass of the same network, which answers with seven numbers, and one around the
whole verdict, both by PyTorch. Each app is a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import requests

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.timing import Row, in_turn, table
from benchmarks.verdict import jpeg
from demo.address import without_proxy
from skinnet.cores import limit_threads, usable_cores
from skinnet.inference.onnx_graph import SWITCH
from tests.apps import free_port

CLIENTS = 20
ROUNDS, CROWDS = 20, 3
SKINNET, FAST, PASS, VERDICT = "skinnet", "skinnet by OpenVINO", "gr.Interface, one pass", "gr.Interface, whole verdict"
APP = [str(PROJECT / "app.py")]
APPS = {SKINNET: APP, FAST: APP, PASS: [__file__, "pass"], VERDICT: [__file__, "verdict"]}


def serve_interface(kind: str) -> None:
    """Serve what a user would write: a photo in, seven probabilities out."""
    import gradio as gr

    from skinnet.images.photo import to_input
    from skinnet.inference.classifier import Classifier
    from skinnet.labels import CLASSES

    classifier = Classifier.load(PROJECT / "checkpoints" / "committee")

    def classify(photo):  # type: ignore[no-untyped-def]  # gradio takes an annotation for a request of its own
        if kind == "verdict":
            return classifier.predict(photo).probabilities
        logits = classifier.logits(to_input(photo, frame=classifier.frame)[None])
        return dict(zip(CLASSES, classifier.probabilities(logits)[0].tolist(), strict=True))

    gr.Interface(classify, gr.Image(type="pil"), gr.Label(), flagging_mode="never").launch(quiet=True)


@contextmanager
def running(command: Sequence[str], *, fast: bool = False) -> Iterator[str]:
    """Start an app, the command of Python's, and yield its address as soon as it serves its page.

    Args:
        fast: by OpenVINO.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "TMPDIR": folder}
        settings[SWITCH] = "1" if fast else "0"
        app = subprocess.Popen([sys.executable, *command], env=os.environ | settings, stdout=subprocess.DEVNULL)
        try:
            while not _answers(address):
                if app.poll() is not None:
                    raise RuntimeError(f"{command} ended with {app.returncode}.")
                time.sleep(0.02)
            yield address
        finally:
            app.kill()
            app.wait()


def _answers(address: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(address, timeout=60).ok
    return False


@dataclass(frozen=True)
class Page:
    """What an app's page sends when a photo is chosen.

    Attributes:
        api: address of the app's endpoints.
        event: its number.
        as_event: the file is the event's data, not an input.
    """

    api: str
    event: int
    as_event: bool
    photo: bytes

    @staticmethod
    def of(address: str, photo: bytes) -> Page:
        """Ask an app."""
        events = requests.get(f"{address}/config", timeout=60).json()["dependencies"]
        ours = [event["id"] for event in events if "photo" in {kind for _, kind in event["targets"]}]
        plain = [event["id"] for event in events if event["api_name"] == "classify"]
        return Page(f"{address}/gradio_api", (ours or plain)[0], bool(ours), photo)

    def click(self, visitor: str) -> float:
        """Send the photo, wait for the answer, and return the seconds."""
        begin = time.perf_counter()
        path = requests.post(f"{self.api}/upload", files={"files": ("mole.jpg", self.photo)}, timeout=60).json()[0]
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        asked = {"data": [], "event_data": file} if self.as_event else {"data": [file]}
        asked |= {"fn_index": self.event, "session_hash": visitor}
        requests.post(f"{self.api}/queue/join", json=asked, timeout=60).raise_for_status()
        told = requests.get(f"{self.api}/queue/data", params={"session_hash": visitor}, stream=True, timeout=300)
        with told:
            line = next(line for line in told.iter_lines(chunk_size=1 << 16) if b'"process_completed"' in line)
        if not json.loads(line.removeprefix(b"data: "))["success"] or b"unreadable" in line:
            raise RuntimeError(f"No verdict: {line[:300]!r}")
        return time.perf_counter() - begin

    def crowd(self) -> float:
        """Let `CLIENTS` new visitors click at once: the seconds that 95 % of them wait at most."""
        with ThreadPoolExecutor(CLIENTS) as visitors:
            return float(np.quantile(list(visitors.map(self.click, [uuid4().hex for _ in range(CLIENTS)])), 0.95))


def rows() -> list[Row]:
    """The table of the app."""
    limit_threads()
    os.environ.update(without_proxy(os.environ))
    photo = jpeg((600, 450))
    with ExitStack() as apps:
        pages = {
            name: Page.of(apps.enter_context(running(command, fast=name == FAST)), photo)
            for name, command in APPS.items()
        }
        alone = in_turn({name: partial(page.click, "one visitor") for name, page in pages.items()}, rounds=ROUNDS)
        waits = [{name: page.crowd() for name, page in pages.items()} for _ in range(CROWDS)]
        crowds = {name: np.array([wait[name] for wait in waits]) for name in pages}
    one, many, share = "a click", f"{CLIENTS} clicks at once, 95th percentile", f"{CLIENTS} x a click / cores"
    return [
        Row(f"{one}, {SKINNET}", alone[SKINNET], f"{one}, {PASS}", "1.3 x or less"),
        Row(f"{one}, {FAST}", alone[FAST], f"{one}, {PASS}"),
        Row(f"{one}, {PASS}", alone[PASS]),
        Row(f"{one}, {VERDICT}", alone[VERDICT], f"{one}, {PASS}"),
        Row(f"{many}, {SKINNET}", crowds[SKINNET], share, "1.2 x or less"),
        Row(f"{many}, {FAST}", crowds[FAST]),
        Row(f"{many}, {PASS}", crowds[PASS]),
        Row(f"{many}, {VERDICT}", crowds[VERDICT]),
        Row(share, CLIENTS * alone[SKINNET] / usable_cores()),
    ]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve_interface(sys.argv[1])
    else:
        print(table(rows()))
