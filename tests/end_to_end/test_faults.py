"""acquire against servers with seeded faults, while it is killed at seeded moments: the bytes must be those of a
clean acquire. The real archives and fifty schedules, and kills of prepare, evaluate, predict and train: make stress.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from skinnet.data.download.acquire import acquire
from skinnet.data.download.sources import HAM10000
from skinnet.labels import probability_columns
from skinnet.training.run_state import BEST, HISTORY, SETTINGS
from tests.apps import heed_signals
from tests.conftest import PROJECT
from tests.drawings import LOOKS, draw_lesion
from tests.servers import Schedule, Server, answer_as_isic, contents, serving

CLIENT = """
import sys
from skinnet.data.download import download
from skinnet.data.download import http as web
from skinnet.__main__ import main
download.BACKOFF_SECONDS, web.TIMEOUT_SECONDS = 0.01, (2, 0.5)
if sys.argv[1] == "train":
    from skinnet.training import train
    train.SAVE_SECONDS = 0.3
sys.exit(main(sys.argv[1:]))
"""
"""skinnet with little patience, so that a schedule takes seconds."""
RUNS = 20


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    if arguments[0] == "train" and (Path(arguments[-1]) / SETTINGS).exists():
        arguments = [*arguments, "--resume"]
    line = [sys.executable, "-c", CLIENT, *arguments]
    return subprocess.Popen(line, cwd=PROJECT, stderr=subprocess.PIPE, preexec_fn=heed_signals)


def survive(arguments: list[str], *, seed: int, kills: int, seconds: float) -> Counter[str]:
    """Run skinnet, kill it at seeded moments, then run it until it succeeds; returns what happened how often.

    Args:
        seconds: how long a run without faults takes.
    """
    dice, tally = random.Random(seed), Counter[str]()
    for run in range(RUNS):
        with start(arguments) as client:
            try:
                client.wait(dice.uniform(0.2, 1.2) * seconds if run < kills else 120)
            except subprocess.TimeoutExpired:
                last_signal = dice.choice((signal.SIGKILL, signal.SIGINT))
                client.send_signal(last_signal)
                tally[last_signal.name] += 1
            _, errors = client.communicate(timeout=30)
        tally["errors reported"] += client.returncode == 1
        assert client.returncode in (0, 1, 130, -signal.SIGKILL, -signal.SIGINT), errors.decode()
        if client.returncode == 0:
            return tally
    raise AssertionError(f"seed {seed}: not done after {RUNS} runs: {errors.decode()}")


def endure(
    server: Server, arguments: list[str], root: Path, *, seeds: range, kills: int, rate: float = 0.5
) -> Counter[str]:
    """Let an acquire go through a schedule of faults a seed, and hold it to the bytes of a clean one."""
    tally = Counter[str]()
    server.after = "0"
    begin = time.monotonic()
    with start([*arguments, "--root", str(root / "clean")]) as client:
        _, errors = client.communicate(timeout=600)
    assert client.returncode == 0, errors.decode()
    seconds, clean = time.monotonic() - begin, contents(root / "clean")
    for seed in seeds:
        server.requests.clear()
        server.faults = Schedule(seed, rate)
        tally += survive([*arguments, "--root", str(root / "hurt")], seed=seed, kills=kills, seconds=seconds)
        assert contents(root / "hurt") == clean, f"seed {seed}"
        shutil.rmtree(root / "hurt")
    return tally + server.injected


@pytest.fixture
def drawn_server(drawn_mirror: Path) -> Iterator[Server]:
    with serving(drawn_mirror) as server:
        yield server


@pytest.fixture
def isic_server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "site").mkdir()
    with serving(tmp_path / "site") as server:
        answer_as_isic(server, tmp_path / "site", 40)
        yield server


def test_faults_and_kills_do_not_change_the_bytes(drawn_server: Server, tmp_path: Path) -> None:
    arguments = ["acquire", "ham10000", "--mirror", drawn_server.address]
    tally = endure(drawn_server, arguments, tmp_path, seeds=range(4), kills=2)
    assert tally["SIGKILL"] + tally["SIGINT"] >= 1
    assert sum(drawn_server.injected.values()) >= 8


def test_faults_and_kills_do_not_change_a_search_of_the_archive(isic_server: Server, tmp_path: Path) -> None:
    arguments = ["acquire", "isic", "--mirror", isic_server.address, "--query", "sex:female"]
    tally = endure(isic_server, arguments, tmp_path, seeds=range(3), kills=2)
    assert tally["SIGKILL"] + tally["SIGINT"] >= 1
    assert sum(isic_server.injected.values()) >= 60


def summary(tally: Counter[str], begin: float) -> str:
    """Summarise fifty schedules for make stress."""
    counts = ", ".join(f"{name} {count}" for name, count in tally.most_common())
    return f"\n50 schedules in {(time.monotonic() - begin) / 60:.1f} minutes, all bytes identical: {counts}"


@pytest.mark.stress
def test_fifty_schedules_on_the_real_archives(
    shared_mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    with serving(shared_mirror) as server:
        arguments = ["acquire", "ham10000", "--mirror", server.address]
        tally = endure(server, arguments, tmp_path, seeds=range(50), kills=4, rate=0.75)
    with capsys.disabled():
        print(summary(tally, begin))


@pytest.mark.stress
def test_fifty_schedules_on_searches_of_the_archive(
    isic_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    arguments = ["acquire", "isic", "--mirror", isic_server.address]
    tally = endure(isic_server, arguments, tmp_path, seeds=range(50), kills=4)
    with capsys.disabled():
        print(summary(tally, begin))


def kill_often(
    arguments: list[str],
    written: Path,
    *,
    seeds: range,
    capsys: pytest.CaptureFixture[str],
    clear: Callable[[], None],
    read: Callable[[Path], object] = contents,
) -> None:
    """Kill a command twice for each seed, let it complete, and hold what it wrote to that of a clean run.

    Args:
        clear: takes away what a run wrote.
        read: what must be the same, by default the bytes of all files.
    """
    tally, begin = Counter[str](), time.monotonic()
    with start(arguments) as client:
        _, errors = client.communicate(timeout=600)
    assert client.returncode == 0, errors.decode()
    seconds, clean = time.monotonic() - begin, read(written)
    for seed in seeds:
        clear()
        tally += survive(arguments, seed=seed, kills=2, seconds=seconds)
        assert read(written) == clean, f"seed {seed}"
    with capsys.disabled():
        print(f"\n{arguments[0]}: {dict(tally)} in {(time.monotonic() - begin) / 60:.1f} minutes, all bytes identical")


@pytest.mark.stress
def test_kills_of_prepare_do_not_change_the_bytes(
    drawn_mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    acquire(HAM10000, root=root, mirror=str(drawn_mirror))

    def clear() -> None:
        shutil.rmtree(root / "cache")
        for path in root.glob("*.csv"):
            path.unlink()

    kill_often(["prepare", "--root", str(root)], root, seeds=range(15), capsys=capsys, clear=clear)


@pytest.mark.stress
def test_kills_of_evaluate_do_not_change_the_bytes(
    predictions: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = probability_columns()
    shares = predictions[columns].div(predictions[columns].sum(axis=1), axis=0)
    table, out = tmp_path / "table.csv", tmp_path / "out"
    shares.assign(dx=predictions["dx"], lesion_id=predictions["lesion_id"]).to_csv(table, index=False)
    arguments = ["evaluate", "--predictions", str(table), "--out", str(out)]
    kill_often(arguments, out, seeds=range(10), capsys=capsys, clear=lambda: shutil.rmtree(out))


@pytest.mark.stress
def test_kills_of_predict_do_not_change_the_bytes(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for number in range(150):
        draw_lesion(LOOKS["nv"], seed=number).save(photos / f"{number}.png", compress_level=1)
    arguments = ["predict", str(photos), "--checkpoint", str(tiny_checkpoint), "--format", "csv", "--resume"]
    arguments += ["--out", str(out / "table.csv")]
    kill_often(arguments, out, seeds=range(15), capsys=capsys, clear=lambda: shutil.rmtree(out, ignore_errors=True))


@pytest.mark.stress
def test_kills_of_train_do_not_change_the_network(
    drawn_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(run: Path) -> tuple[str, str]:
        assert not list(run.glob(".*.tmp"))
        history = pd.read_csv(run / HISTORY).drop(columns="seconds").to_csv()
        return contents(run)[BEST], history

    run = tmp_path / "run"
    arguments = ["train", "--root", str(drawn_root), "--weights", "none", "--epochs", "2", "--batch-size", "16"]
    arguments += ["--sources", "ham10000", "--partition", "split", "--out", str(run)]
    kill_often(arguments, run, seeds=range(10), capsys=capsys, clear=lambda: shutil.rmtree(run), read=read)
