"""The app as a process: how it starts, where, what it leaves behind however it ends, and the headers of its answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from demo.headers import HEADERS
from demo.temporary import LOCK, private_folder, sweep
from tests.conftest import PROJECT

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_of(port: int | str, temporary: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
    return kept | {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(temporary)} | more


@contextmanager
def running(temporary: Path, *, folder: Path = PROJECT, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The app as a process of its own, and its address."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, str(PROJECT / "app.py")],
        cwd=folder,
        env=settings_of(port, temporary, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    ) as app:
        try:
            assert app.stdout is not None
            lines = iter(app.stdout.readline, "")
            assert any(line.startswith(f"skinnet runs on http://127.0.0.1:{port}") for line in lines)
            yield app, f"http://127.0.0.1:{port}"
        finally:
            app.kill()


def classify(address: str, photo: Path) -> str:
    from gradio_client import Client, handle_file

    return str(Client(address, verbose=False).predict(handle_file(str(photo)), api_name="/classify")["gate"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_however_the_app_is_stopped_no_picture_stays(name: str, photo: Path, tmp_path: Path) -> None:
    with running(tmp_path) as (app, address):
        classify(address, photo)
        assert list(tmp_path.glob("skinnet-*/**/lesion.jpg"))
        app.send_signal(getattr(signal, name))
        app.communicate(timeout=30)
    assert list(tmp_path.glob("skinnet-*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_the_next_start_removes_what_a_killed_app_left_and_nothing_else(photo: Path, tmp_path: Path) -> None:
    with running(tmp_path) as (app, address):
        classify(address, photo)
        app.kill()
        app.wait(timeout=30)
    (orphan,) = tmp_path.glob("skinnet-*")
    assert list(orphan.rglob("lesion.jpg"))
    (tmp_path / "skinnet-notes").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (tmp_path / "skinnet-link").symlink_to(elsewhere)
    program = "from demo.temporary import private_folder\nwith private_folder() as folder: print(folder); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=settings_of(1, tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        living = Path(other.stdout.readline().strip())
        assert not orphan.exists()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tempfile.tempdir", str(tmp_path))
            with private_folder() as ours:
                assert sorted(tmp_path.glob("skinnet-*")) == sorted(
                    [living, ours, tmp_path / "skinnet-link", tmp_path / "skinnet-notes"]
                )
        other.communicate("\n", timeout=30)
    assert (elsewhere / LOCK).exists()
    assert not living.exists()


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


def test_it_starts_without_home_from_another_folder_behind_a_proxy_and_says_little(photo: Path, tmp_path: Path) -> None:
    temporary, working = tmp_path / "temporary", tmp_path / "working"
    temporary.mkdir()
    working.mkdir(mode=0o555)
    more = {"HOME": "/nonexistent", "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    with running(temporary, folder=working, **more) as (app, address):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", "127.0.0.1")
            assert classify(address, photo) == "refuse"
        app.send_signal(signal.SIGINT)
        output, _ = app.communicate(timeout=30)
    assert output.strip() == "Stopped."
    assert list(working.iterdir()) == []


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
