"""`predict --engine ray` with two workers on this machine, one of which is killed: make stress, if Ray is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from skinnet.cli.options import NOT_CLASSIFIED, STOPPED
from tests.conftest import PROJECT
from tests.drawings import LOOKS, draw_lesion

COUNT = 40
CLIENT = """
import sys
from skinnet.__main__ import main
from skinnet.inference import cluster
cluster.usable_cores = lambda: 2
sys.exit(main(sys.argv[1:]))
"""
PATIENCE = 300

pytestmark = [
    pytest.mark.stress,
    pytest.mark.skipif(sys.platform != "linux", reason="the processes of Ray are looked for in /proc"),
]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        draw_lesion(LOOKS["nv"], seed=number, size=(80, 60)).save(folder / f"{number:02d}.png")
    (folder / "05.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def predict(photos: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start `predict` in a session of its own; one thread everywhere, so that all digits are equal."""
    pytest.importorskip("ray", reason='Ray is not installed: pip install "skinnet[ray]"')
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}

    def start(out: Path, *options: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-c", CLIENT, "predict", str(photos), "--format", "csv", "--out", str(out), *options]
        settings = environment | {"OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            line, cwd=PROJECT, env=settings, start_new_session=True, stderr=subprocess.PIPE, text=True
        )

    return start


@pytest.fixture(scope="module")
def whole(predict: Callable[..., subprocess.Popen[str]], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table without Ray."""
    out = tmp_path_factory.mktemp("local") / "table.csv"
    with predict(out) as driver:
        driver.communicate(timeout=PATIENCE)
    assert driver.returncode == NOT_CLASSIFIED
    return out.read_bytes()


def wait_for_rows(driver: subprocess.Popen[str], part: Path, *, rows: int) -> None:
    end = time.monotonic() + PATIENCE
    while not part.is_file() or len(part.read_bytes().splitlines()) < 1 + rows:
        assert driver.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)


def family(process: int) -> dict[int, str]:
    """The command lines of the processes that a process has started, at any depth."""
    found = {}
    with suppress(OSError):  # it has ended
        for task in Path("/proc", str(process), "task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found[child] = Path("/proc", str(child), "cmdline").read_text()
                found |= family(child)
    return found


def workers(driver: subprocess.Popen[str]) -> list[int]:
    """The processes that classify; Ray names them after what they run."""
    end = time.monotonic() + PATIENCE
    while not (busy := [each for each, line in family(driver.pid).items() if line.startswith("ray::_classify")]):
        assert time.monotonic() < end
        time.sleep(0.01)
    return busy


def test_a_killed_worker_loses_and_doubles_nothing(
    predict: Callable[..., subprocess.Popen[str]], whole: bytes, tmp_path: Path
) -> None:
    out, part = tmp_path / "ray.csv", tmp_path / "ray.csv.part"
    with predict(out, "--engine", "ray") as driver:
        wait_for_rows(driver, part, rows=4)
        first = workers(driver)[0]
        os.kill(first, signal.SIGKILL)
        assert len(part.read_bytes().splitlines()) < COUNT / 2  # in the middle
        _, said = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == NOT_CLASSIFIED, said
    assert out.read_bytes() == whole
    assert not part.exists()


def test_ctrl_c_ends_the_cluster_and_resume_goes_on(
    predict: Callable[..., subprocess.Popen[str]], whole: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "ray.csv"
    with predict(out, "--engine", "ray") as driver:
        wait_for_rows(driver, tmp_path / "ray.csv.part", rows=4)
        started = family(driver.pid)
        os.killpg(driver.pid, signal.SIGINT)  # as a terminal does
        _, said = driver.communicate(timeout=30)
    assert driver.returncode == STOPPED
    assert f"of {COUNT} pictures. Add --resume to go on." in said
    assert len(started) >= 5
    assert not [each for each in started if Path("/proc", str(each)).exists()]
    done = out.read_bytes().splitlines()
    assert 4 < len(done) < 1 + COUNT
    with predict(out, "--engine", "ray", "--resume") as driver:
        driver.communicate(timeout=PATIENCE)
    assert driver.returncode == NOT_CLASSIFIED
    assert out.read_bytes() == whole
