"""The app as a process: how it starts, where, what it leaves behind however it ends, and the headers of its answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.headers import HEADERS, LOOPBACK, trusted_hosts
from demo.temporary import LOCK, private_folder, sweep
from tests.apps import classify, free_port, half_an_upload, running, settings_of
from tests.conftest import PROJECT

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own


HOLD = """
import sys, time
from demo.temporary import private_folder, stop_on_signals
stop_on_signals()
with private_folder() as folder:
    (folder / "photo.jpg").write_text("a photo")
    print(folder, flush=True)
    try:
        time.sleep(60)
    finally:
        time.sleep(float(sys.argv[1]))
"""
"""What the app does with its folder, without the app."""
not_on_windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")


@contextmanager
def holding(temporary: Path, *, slow: float = 0, ignored: int | None = None) -> Iterator[tuple[Any, Path]]:
    """A process that holds a folder, and the folder; it takes `slow` seconds to stop."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(slow)],
        cwd=PROJECT,
        env=settings_of(1, temporary),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: ignored and signal.signal(ignored, signal.SIG_IGN),
    ) as holder:
        try:
            assert holder.stdout is not None
            yield holder, Path(holder.stdout.readline().strip())
        finally:
            holder.kill()


@not_on_windows
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])
def test_a_signal_removes_the_folder_even_when_others_follow(name: str, tmp_path: Path) -> None:
    with holding(tmp_path, slow=0.3) as (holder, folder):
        assert (folder / "photo.jpg").exists()
        for each in (name, "SIGTERM", "SIGINT", "SIGHUP"):
            holder.send_signal(getattr(signal, each))
            time.sleep(0.05)
        assert holder.wait(timeout=30) == 0
    assert list(tmp_path.iterdir()) == []


@not_on_windows
def test_a_signal_that_is_ignored_as_by_nohup_stops_nothing(tmp_path: Path) -> None:
    with holding(tmp_path, ignored=signal.SIGHUP) as (holder, folder):
        holder.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert holder.poll() is None
        assert folder.exists()


@not_on_windows
def test_the_next_start_removes_what_a_killed_one_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holding(tmp_path) as (killed, orphan):
        killed.kill()
        killed.wait(timeout=30)
    assert (orphan / "photo.jpg").exists()
    elsewhere, notes, link = tmp_path / "elsewhere", tmp_path / "skinnet-notes", tmp_path / "skinnet-link"
    elsewhere.mkdir()
    notes.mkdir()
    (elsewhere / LOCK).touch()
    link.symlink_to(elsewhere)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with holding(tmp_path) as (_, living), private_folder() as ours:
        assert sorted(tmp_path.glob("skinnet-*")) == sorted([living, ours, link, notes])
    assert (elsewhere / LOCK).exists()


def test_old_files_are_swept_and_young_ones_stay(tmp_path: Path) -> None:
    old, young, aborted = tmp_path / "hash" / "old.jpg", tmp_path / "young.jpg", tmp_path / "tmpabc"
    old.parent.mkdir()
    for path in (old, young, aborted, tmp_path / LOCK):
        path.touch()
    for path in (old, aborted, old.parent, tmp_path / LOCK):
        os.utime(path, (time.time() - 700,) * 2)
    sweep(tmp_path, older_than=600)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["hash", LOCK, "young.jpg"]
    os.utime(tmp_path / "hash", (time.time() - 700,) * 2)  # deleting from it has made it young
    sweep(tmp_path, older_than=600)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [LOCK, "young.jpg"]


def wait_for(found: Callable[[], bool]) -> None:
    """Wait up to ten seconds."""
    for _ in range(100):
        if found():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within ten seconds")


@not_on_windows
def test_the_app_starts_in_awkward_places_and_leaves_no_photo_however_it_ends(photo: Path, tmp_path: Path) -> None:
    """Without HOME, from a folder that is not the project's, with proxies; killed, and stopped in the middle."""
    temporary, working = tmp_path / "temporary", tmp_path / "working"
    temporary.mkdir()
    working.mkdir(mode=0o555)
    proxies = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://x:9"}
    settings = settings_of(free_port(), temporary, **proxies)
    del settings["HOME"]
    with running(settings, folder=working) as (app, address):
        assert classify(address, photo) == "refuse"
        app.kill()
        app.wait(timeout=30)
    (orphan,) = temporary.iterdir()
    assert list(orphan.rglob("lesion.jpg"))
    with running(settings, folder=working) as (app, address):
        assert not orphan.exists()
        with half_an_upload(address):
            wait_for(lambda: any(path.stat().st_size > 100_000 for path in temporary.glob("skinnet-*/tmp*")))
            app.send_signal(signal.SIGHUP)
            output, _ = app.communicate(timeout=30)
    assert output == ""
    assert list(temporary.iterdir()) == []
    assert list(working.iterdir()) == []


def test_what_an_aborted_upload_leaves_is_swept(address: str) -> None:
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    before = set(folder.glob("tmp*"))
    with half_an_upload(address):
        wait_for(lambda: bool(set(folder.glob("tmp*")) - before))
    time.sleep(0.2)
    left = set(folder.glob("tmp*")) - before
    for path in left:
        os.utime(path, (time.time() - 700,) * 2)
    sweep(folder, older_than=600)
    assert set(folder.glob("tmp*")) <= before


def test_no_call_leaves_an_empty_file(address: str, photo: Path) -> None:
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    before = set(folder.rglob("*"))
    classify(address, photo)
    new = {path for path in folder.rglob("*") if path.is_file()} - before
    assert [path for path in new if path.stat().st_size == 0] == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"GRADIO_SERVER_PORT": "abc"}, "GRADIO_SERVER_PORT is 'abc': use a number from 1 to 65535."),
        ({"GRADIO_SERVER_PORT": "70000"}, "GRADIO_SERVER_PORT is '70000': use a number from 1 to 65535."),
        ({"GRADIO_SERVER_NAME": "no.such.host.invalid"}, "which is no name of this machine"),
        ({"GRADIO_SERVER_NAME": "192.0.2.1"}, "cannot listen on 192.0.2.1"),
        ({}, "Address already in use"),
    ],
)
def test_a_bad_address_ends_in_one_sentence_before_gradio_is_imported(
    settings: dict[str, str], words: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        start = "import runpy, sys\ntry: runpy.run_path('app.py', run_name='__main__')"
        program = f"{start}\nfinally: print('gradio' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=PROJECT,
            env=settings_of(taken.getsockname()[1], tmp_path, **settings),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert done.stdout.strip() == "False"
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_answers_have_the_headers_and_show_no_path(address: str) -> None:
    page = requests.get(address, timeout=30)
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    described = requests.get(f"{address}config", timeout=30).text
    assert str(PROJECT) not in described
    assert os.environ["GRADIO_TEMP_DIR"] not in described


def test_only_the_machine_s_own_names_are_answered_on_loopback(address: str) -> None:
    for host, status in (("localhost", 200), ("[::1]:7860", 200), ("evil.example", 400), ("evil.example:7860", 400)):
        assert requests.get(f"{address}gradio_api/app_id", headers={"Host": host}, timeout=30).status_code == status


@pytest.mark.parametrize(
    ("host", "root", "expected"),
    [
        ("127.0.0.1", "", [*LOOPBACK, "127.0.0.1"]),
        ("127.0.0.1", "https://example.org:8443/skinnet", [*LOOPBACK, "127.0.0.1", "example.org"]),
        ("127.0.0.1", "/skinnet", ["*"]),
        ("0.0.0.0", "", ["*"]),
        ("skin.example.org", "", ["*"]),
    ],
)
def test_the_trusted_names_follow_from_host_and_public_address(host: str, root: str, expected: list[str]) -> None:
    assert trusted_hosts(host, root) == expected


GARBAGE = [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b'{"data": 5}', b'{"data": {"a": 1}}', b"[" * 5000]


@pytest.mark.parametrize(
    "route", ["call/classify", "queue/join", "run/classify", "upload", "component_server", "reset"]
)
def test_garbage_for_a_body_gets_an_error_and_leaves_no_traceback(
    route: str, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for body in GARBAGE:
        for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=b", "text/plain"):
            answer = requests.post(
                f"{address}gradio_api/{route}", data=body, headers={"Content-Type": kind}, timeout=30
            )
            assert answer.status_code < 600
            assert str(PROJECT) not in answer.text
    assert "Traceback" not in capfd.readouterr().err
