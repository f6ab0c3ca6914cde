"""The app as a process of its own, and a small reverse proxy in front of it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
APP = (sys.executable, str(PROJECT / "app.py"))
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "server", "date"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_of(port: int | str, temporary: Path, **more: str) -> dict[str, str]:
    """An environment for the app."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
    return kept | {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(temporary)} | more


def heed_signals() -> None:
    """Undo what a job in the background, or one of nohup, inherits."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def running(
    settings: dict[str, str],
    command: Sequence[str] = APP,
    *,
    folder: Path = PROJECT,
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The app as a process of its own, which a command starts in a folder, and its address."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_signals,
    ) as app:
        try:
            assert app.stdout is not None
            said = []
            for line in iter(app.stdout.readline, ""):
                said.append(line)
                if line.startswith("skinnet runs on http://"):
                    break
            else:
                raise AssertionError("".join(said))
            yield app, f"http://127.0.0.1:{settings['GRADIO_SERVER_PORT']}"
        finally:
            app.kill()


def classify(address: str, photo: Path) -> str:
    """The gate's answer to a photo, by the API."""
    from gradio_client import Client, handle_file

    return str(Client(address, verbose=False).predict(handle_file(str(photo)), api_name="/classify")["gate"])


def half_an_upload(address: str) -> socket.socket:
    """Send the beginning of a file."""
    host, _, port = address.removeprefix("http://").rstrip("/").rpartition(":")
    connection = socket.create_connection((host, int(port)))
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="half.jpg"\r\n\r\n' + b"x" * 200_000
    head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    connection.sendall(f"{head}Content-Length: 900000\r\n\r\n".encode() + part)
    return connection


class _Forward(BaseHTTPRequestHandler):
    """Hands requests below a path on to a server, as nginx does by `location PATH { proxy_pass SERVER/; }`."""

    path_prefix, port = "", 0

    def do_GET(self) -> None:
        if not self.path.startswith(f"{self.path_prefix}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        asked.request(self.command, self.path.removeprefix(self.path_prefix), body, headers)
        answer = asked.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        while piece := answer.read1(1 << 16):  # events are handed on as they come
            self.wfile.write(piece)
        asked.close()

    do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the connections that a browser breaks when it closes."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def reverse_proxy(path: str, *, to: int, port: int) -> Iterator[str]:
    """Serve the app at port `to` below a path; yields the address of the path."""
    handler = type("Forward", (_Forward,), {"path_prefix": path, "port": to})
    with _QuietServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}{path}"
        finally:
            server.shutdown()
