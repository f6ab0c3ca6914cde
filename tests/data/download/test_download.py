from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from skinnet.data.download import download as module
from skinnet.data.download import http as web
from skinnet.data.download.download import ATTEMPTS, Download, fetch, read_all
from skinnet.data.download.http import RECEIVED_BYTES
from skinnet.errors import AcquireError
from tests.servers import Server

ServerFor = Callable[[Path], Server]
SIZE = 256 * RECEIVED_BYTES
DATA = random.Random(0).randbytes(SIZE)


@pytest.fixture
def server(server_for: ServerFor, tmp_path: Path) -> Server:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.bin").write_bytes(DATA)
    return server_for(tmp_path / "site")


@pytest.fixture
def got(tmp_path: Path) -> Path:
    return tmp_path / "got" / "a.bin"


def checked(server: Server, **more: object) -> Download:
    sha256 = hashlib.sha256(DATA).hexdigest()
    return Download("a.bin", f"{server.address}/a.bin", **{"checksum": f"sha256:{sha256}", **more})  # type: ignore[arg-type]


def ranges(server: Server) -> list[str]:
    return [asked for _, asked in server.requests]


def nothing_left(got: Path) -> bool:
    return [path.name for path in got.parent.iterdir()] == ["a.bin"]


def test_a_broken_download_goes_on_where_it_was(server: Server, got: Path, session: requests.Session) -> None:
    server.faults = lambda path, count: "drop" if count < 3 else ""
    fetch(checked(server), got, session=session, pause=lambda seconds: None)
    first, *others = ranges(server)
    offsets = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in others]
    assert first == ""
    assert 0 < offsets[0] < offsets[1] < SIZE
    assert got.read_bytes() == DATA
    assert nothing_left(got)


def test_a_later_call_goes_on_too(server: Server, got: Path, session: requests.Session) -> None:
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    server.faults = lambda path, count: "drop" if count == 1 else ""
    with pytest.raises(KeyboardInterrupt):
        fetch(checked(server), got, session=session, pause=stop)
    kept = got.with_name("a.bin.part").stat().st_size
    fetch(checked(server), got, session=session)
    assert ranges(server) == ["", f"bytes={kept}-"]
    assert got.read_bytes() == DATA


@pytest.mark.parametrize("checksum", [True, False])
def test_a_file_that_changed_on_the_server_is_not_glued(
    checksum: bool, server: Server, got: Path, tmp_path: Path, session: requests.Session
) -> None:
    newer = bytes(reversed(DATA))

    def replace(seconds: float) -> None:
        (tmp_path / "site" / "a.bin").write_bytes(newer)

    server.faults = lambda path, count: "drop" if count == 1 else ""
    sha256 = f"sha256:{hashlib.sha256(newer).hexdigest()}" if checksum else None
    fetch(checked(server, checksum=sha256), got, session=session, pause=replace)
    assert got.read_bytes() == newer
    assert len(server.requests) == 2  # the checksum had no need to tell


def test_without_version_and_checksum_it_starts_again(server: Server, got: Path, session: requests.Session) -> None:
    server.validators = False
    server.faults = lambda path, count: "drop" if count == 1 else ""
    fetch(checked(server, checksum=None), got, session=session, pause=lambda seconds: None)
    assert ranges(server) == ["", ""]
    assert got.read_bytes() == DATA


def test_a_server_without_ranges_starts_again(server: Server, got: Path, session: requests.Session) -> None:
    server.ranges = False
    server.faults = lambda path, count: "drop" if count == 1 else ""
    fetch(checked(server), got, session=session, pause=lambda seconds: None)
    assert got.read_bytes() == DATA


def test_a_short_body_is_noticed_by_size_or_checksum(server: Server, got: Path, session: requests.Session) -> None:
    server.faults = lambda path, count: "short" if count == 1 else ""
    fetch(checked(server), got, session=session, pause=lambda seconds: None)
    assert got.read_bytes() == DATA
    got.unlink()
    server.requests.clear()
    fetch(checked(server, checksum=None, bytes=SIZE), got, session=session, pause=lambda seconds: None)
    assert got.read_bytes() == DATA


def test_a_part_that_is_already_whole_is_kept(server: Server, got: Path, session: requests.Session) -> None:
    got.parent.mkdir()
    got.with_name("a.bin.part").write_bytes(DATA)
    fetch(checked(server), got, session=session)
    assert ranges(server) == [f"bytes={SIZE}-"]
    got.rename(got.with_name("a.bin.part"))
    fetch(checked(server, bytes=SIZE), got, session=session)
    assert len(server.requests) == 1
    assert got.read_bytes() == DATA


def test_a_server_that_does_not_answer_in_time_is_asked_again(
    server: Server, got: Path, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TIMEOUT_SECONDS", (1.0, 0.3))
    server.faults = lambda path, count: "stall" if count == 1 else ""
    fetch(checked(server), got, session=session, pause=lambda seconds: None)
    assert len(server.requests) == 2
    assert got.read_bytes() == DATA


def test_waits_double_and_a_server_may_set_them(server: Server, got: Path, session: requests.Session) -> None:
    waits: list[float] = []
    server.after = ""
    server.faults = lambda path, count: "503" if count < 4 else ""
    fetch(checked(server), got, session=session, pause=waits.append)
    assert waits == [1.0, 2.0, 4.0]
    got.unlink()
    waits.clear()
    server.requests.clear()
    server.after = "7"
    fetch(checked(server), got, session=session, pause=waits.append)
    assert waits == [7.0, 7.0, 7.0]


def test_a_server_that_asks_for_hours_ends_the_call(server: Server, got: Path, session: requests.Session) -> None:
    server.after, server.faults = "7200", lambda path, count: "429"
    with pytest.raises(AcquireError, match="the server is busy: run the command again in 120 minutes"):
        fetch(checked(server), got, session=session)


def test_a_server_that_stays_down_is_an_error_that_keeps_the_part(
    server: Server, got: Path, session: requests.Session
) -> None:
    server.faults = lambda path, count: "drop" if count == 1 else "500"
    with pytest.raises(
        AcquireError, match=r"the server answered 500 Internal Server Error, 5 times\. What is here is kept: run"
    ):
        fetch(checked(server), got, session=session, pause=lambda seconds: None)
    assert 0 < got.with_name("a.bin.part").stat().st_size < SIZE


def test_progress_makes_patience_new(server: Server, got: Path, session: requests.Session) -> None:
    waits: list[float] = []
    server.faults = lambda path, count: "drop" if count <= ATTEMPTS + 1 else ""
    fetch(checked(server), got, session=session, pause=waits.append)
    assert waits == [1.0] * (ATTEMPTS + 1)
    assert got.read_bytes() == DATA


def test_a_missing_file_is_not_asked_for_twice(server: Server, got: Path, session: requests.Session) -> None:
    with pytest.raises(AcquireError, match="the server answered 404"):
        fetch(Download("b.bin", f"{server.address}/b.bin"), got, session=session)
    assert len(server.requests) == 1


def test_wrong_bytes_are_removed(server: Server, got: Path, tmp_path: Path, session: requests.Session) -> None:
    (tmp_path / "site" / "a.bin").write_bytes(b"something else")
    with pytest.raises(AcquireError, match="does not match the published checksum, 3 times: name a good copy"):
        fetch(checked(server), got, session=session, pause=lambda seconds: None)
    assert not got.exists()
    assert not got.with_name("a.bin.part").exists()


def test_a_wrong_size_is_told(server: Server, got: Path, session: requests.Session) -> None:
    with pytest.raises(AcquireError, match="the server offers 16,777,216 bytes instead of 7"):
        fetch(checked(server, bytes=7), got, session=session, pause=lambda seconds: None)


def test_a_file_that_matches_is_kept_and_one_that_does_not_is_made_again(
    server: Server, got: Path, session: requests.Session
) -> None:
    fetch(checked(server), got, session=session)
    fetch(checked(server), got, session=session)
    assert len(server.requests) == 1
    got.write_bytes(DATA[:-1] + b"?")
    fetch(checked(server), got, session=session)
    assert got.read_bytes() == DATA


def test_a_full_disk_is_told_before_anything_comes(
    server: Server, got: Path, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=module.SPARE_BYTES + SIZE - 1))
    with pytest.raises(AcquireError, match=r"Not enough space in .*got: a\.bin needs 0\.02 GB"):
        fetch(checked(server), got, session=session)
    assert not got.with_name("a.bin.part").exists()


def test_a_small_file_is_read_with_the_same_patience(server: Server, session: requests.Session) -> None:
    waits: list[float] = []
    server.faults = lambda path, count: ("drop", "503", "")[count - 1]
    assert read_all(f"{server.address}/a.bin", session=session, pause=waits.append) == DATA
    assert waits == [1.0, 7.0]
