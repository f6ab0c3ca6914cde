from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from skinnet.data.download import download
from skinnet.data.download.download import Download
from skinnet.data.download.parallel import WORKERS, fetch_all
from skinnet.errors import AcquireError
from tests.servers import Server

ServerFor = Callable[[Path], Server]
COUNT = 3 * WORKERS


@pytest.fixture
def server(server_for: ServerFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(download, "BACKOFF_SECONDS", 0.001)
    (tmp_path / "site").mkdir()
    for number in range(COUNT):
        (tmp_path / "site" / f"p{number:02d}.jpg").write_bytes(bytes([number]) * 999)
    return server_for(tmp_path / "site")


def pictures(server: Server) -> list[Download]:
    return [Download(f"p{n:02d}.jpg", f"{server.address}/p{n:02d}.jpg", bytes=999) for n in range(COUNT)]


def as_it_was(item: Download, session: requests.Session) -> Download:
    return item


def get(server: Server, folder: Path, renew: object = as_it_was) -> None:
    fetch_all(pictures(server), folder / "images", folder=folder, renew=renew)  # type: ignore[arg-type]


def test_every_picture_comes_whole(server: Server, tmp_path: Path) -> None:
    server.faults = lambda path, count: ("drop", "500", "short")[int(path[2:4]) % 3] if count == 1 else ""
    server.after = ""
    get(server, tmp_path)
    assert [(tmp_path / "images" / f"p{n:02d}.jpg").read_bytes() for n in range(COUNT)] == [
        bytes([n]) * 999 for n in range(COUNT)
    ]
    assert not (tmp_path / "failures.csv").exists()


def test_every_failure_is_reported_and_only_these_are_fetched_again(server: Server, tmp_path: Path) -> None:
    lost = {"/p03.jpg", "/p07.jpg", "/p08.jpg", "/p11.jpg", "/p12.jpg", "/p20.jpg"}
    server.faults = lambda path, count: "404" if path in lost else ""
    with pytest.raises(AcquireError, match=r"6 of 24 pictures failed, such as p03, p07, p08, p11, p12; all are in "):
        get(server, tmp_path)
    with (tmp_path / "failures.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [f"/{row['id']}.jpg" for row in rows] == sorted(lost)
    assert all("the server answered 404" in row["error"] for row in rows)
    assert len(list((tmp_path / "images").iterdir())) == COUNT - 6
    server.faults = lambda path, count: ""
    server.requests.clear()
    get(server, tmp_path)
    assert set(server.paths()) == lost
    assert not (tmp_path / "failures.csv").exists()


def test_a_truncated_picture_is_fetched_again(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path)
    (tmp_path / "images" / "p05.jpg").write_bytes(b"half")
    server.requests.clear()
    get(server, tmp_path)
    assert server.paths() == ["/p05.jpg"]
    assert (tmp_path / "images" / "p05.jpg").read_bytes() == bytes([5]) * 999


def test_an_expired_address_is_renewed_once(server: Server, tmp_path: Path) -> None:
    def renew(item: Download, session: requests.Session) -> Download:
        return Download(item.name, f"{item.url}?signed=anew", bytes=item.bytes)

    server.faults = lambda path, count: "403" if path == "/p09.jpg" else ""
    get(server, tmp_path, renew)
    assert (tmp_path / "images" / "p09.jpg").read_bytes() == bytes([9]) * 999
    server.faults = lambda path, count: "403" if path.startswith("/p09.jpg") else ""
    (tmp_path / "images" / "p09.jpg").unlink()
    with pytest.raises(AcquireError, match="1 of 24 pictures failed, such as p09"):
        get(server, tmp_path, renew)


def test_a_stop_does_not_wait_for_the_server(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that wait for a Retry-After end at once when the call does."""

    def stop(*arguments: object, **options: object) -> None:
        time.sleep(0.2)
        raise KeyboardInterrupt

    server.faults, server.after = lambda path, count: "503", "20"
    monkeypatch.setattr("skinnet.data.download.parallel.progress", stop)
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        get(server, tmp_path)
    assert time.monotonic() - begin < 5
    assert len(server.requests) <= WORKERS
