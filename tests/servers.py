"""Servers on loopback that misbehave like data sites, with seeded schedules of faults."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, bytes]
"""Status and body."""
CHUNK_BYTES = 1 << 16


@dataclass
class Server:
    """A file server that can misbehave.

    Attributes:
        faults: called with the path and the number of its requests so far, this one included; returns one of
            `FAULTS`, a status code such as "503", or "".
        after: value of Retry-After, sent with a status code.
        ranges: whether it supports the Range header.
        validators: whether it sends ETag and Last-Modified, and supports If-Range.
        routes: an API's answers, by path without query; called with path and query.
        requests: (path, Range header) of each request.
        injected: number of faults of each kind.
    """

    address: str = ""
    faults: Callable[[str, int], str] = lambda path, count: ""
    after: str = "7"
    ranges: bool = True
    validators: bool = True
    routes: dict[str, Callable[[str], Answer]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


FAULTS = ("drop", "short", "slow", "stall", "wrong-range", "ignore-range", "changed", "429", "500", "503")
"""drop: close within the body; short: send part of the body with a Content-Length that matches; slow: send in pieces
with pauses; stall: pause for a second within the body; wrong-range: send another part than requested; ignore-range:
send the whole file; changed: send the file under another ETag, and close within the body."""


@dataclass(frozen=True)
class Schedule:
    """Assigns faults to requests: the same for the same seed, whatever the order of threads."""

    seed: int
    rate: float = 0.5
    kinds: tuple[str, ...] = FAULTS

    def __call__(self, path: str, count: int) -> str:
        dice = random.Random(f"{self.seed} {path} {count}")
        return dice.choice(self.kinds) if dice.random() < self.rate else ""


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, state: Server, directory: str) -> None:
        self.state = state
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type]

    def log_message(self, *arguments: object) -> None:
        """Log nothing, which keeps the test output clean."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.state.requests.append((self.path, asked))
        fault = self.state.faults(self.path, self.state.paths().count(self.path))
        self.state.injected.update([fault] if fault else [])
        route = self.state.routes.get(self.path.partition("?")[0])
        path = Path(self.translate_path(self.path))
        if fault.isdigit():
            self._send(int(fault), b"", {"Retry-After": self.state.after})
        elif route:
            self._send(*route(self.path), {}, fault)
        elif path.is_file():
            self._send_file(path, asked, fault)
        else:
            self._send(404, b"not here", {})

    def _send_file(self, path: Path, asked: str, fault: str) -> None:
        status, size = path.stat(), path.stat().st_size
        headers = {}
        etag = f'"{size}-{status.st_mtime_ns}{"-new" if fault == "changed" else ""}"'
        if self.state.validators:
            headers = {"ETag": etag, "Last-Modified": formatdate(status.st_mtime, usegmt=True)}
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.state.ranges else 0
        if fault in ("ignore-range", "changed") or self.headers.get("If-Range", etag) not in {*headers.values(), etag}:
            start = 0
        if start >= size > 0:
            self._send(416, b"", {"Content-Range": f"bytes */{size}"})
            return
        if start and fault == "wrong-range":
            start //= 2
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        with path.open("rb") as file:
            file.seek(start)
            body = file.read()
        self._send(206 if start else 200, body, headers, fault)

    def _send(self, status: int, body: bytes, headers: dict[str, str], fault: str = "") -> None:
        dice = random.Random(f"{self.path} {len(self.state.requests)}")
        part = body[: int(dice.uniform(0.1, 0.9) * len(body))] if fault in ("drop", "short", "changed") else body
        length = len(part) if fault == "short" else len(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self._write(part, fault)
        self.close_connection = len(part) < len(body)

    def _write(self, body: bytes, fault: str) -> None:
        middle = len(body) // 2
        for start in range(0, len(body), max(CHUNK_BYTES, len(body) // 20)):
            self.wfile.write(body[start : start + max(CHUNK_BYTES, len(body) // 20)])
            if fault == "slow":
                time.sleep(0.02)
            elif fault == "stall" and start <= middle < start + max(CHUNK_BYTES, len(body) // 20):
                time.sleep(1)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the broken connections of clients that a test killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a folder on loopback."""
    state = Server()
    httpd = _QuietServer(("127.0.0.1", 0), partial(_Handler, state=state, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield state
    finally:
        httpd.shutdown()
        httpd.server_close()


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, except in `downloads/`."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "downloads" not in path.relative_to(folder).parts
    }


def manifest(folder: Path) -> dict[str, Any]:
    """What `acquire` wrote about the data set in a folder."""
    content: dict[str, Any] = json.loads((folder / "acquired.json").read_text())
    return content


def answer_as_isic(server: Server, folder: Path, count: int, *, page: int = 10) -> None:
    """Let a server answer like the ISIC Archive's API, with `count` pictures drawn into `folder/files`.

    Licences and authors alternate. The query `broken` is refused.
    """
    (folder / "files").mkdir()
    records = [_isic_record(server, folder, number) for number in range(count)]

    def search(path: str) -> Answer:
        asked = parse_qs(urlsplit(path).query)
        if asked.get("query") == ["broken"]:
            return 400, b'{"message": "Could not parse the search query: broken."}'
        start = int(asked.get("cursor", ["0"])[0])
        more = f"{server.address}/images/search/?cursor={start + page}" if start + page < count else None
        found = {"next": more, "previous": None, "results": records[start : start + page]}
        return 200, json.dumps(found if start else {"count": count, **found}).encode()

    server.routes["/images/search/"] = search
    for record in records:
        server.routes[f"/images/{record['isic_id']}/"] = partial(_answer_one, record)


def _answer_one(record: dict[str, Any], path: str) -> Answer:
    return 200, json.dumps(record).encode()


def _isic_record(server: Server, folder: Path, number: int) -> dict[str, Any]:
    isic_id = f"ISIC_{9_000_000 - number:07d}"
    files = {}
    for kind, size in (("full", 3000 + 7 * number), ("thumbnail_256", 300 + number)):
        name = f"files/{isic_id}_{kind}.jpg"
        (folder / name).write_bytes(random.Random(name).randbytes(size))
        files[kind] = {"url": f"{server.address}/{name}", "size": size}
    clinical = {"sex": "female", "age_approx": 5 * number} if number % 3 else {"diagnosis_1": "Benign, surely"}
    return {
        "isic_id": isic_id,
        "copyright_license": ("CC-0", "CC-BY", "CC-BY-NC")[number % 3],
        "attribution": ("Clinic of Ärzte", "Hospital, B")[number % 2],
        "files": files,
        "metadata": {"acquisition": {"pixels_x": 600, "pixels_y": 450}, "clinical": clinical},
    }
