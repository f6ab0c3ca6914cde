"""A disk that is full at any step: one line, no half file under a final name, and the rerun goes on.

A limit on the size of a file stands for the disk; make stress fills a small one.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import torch

from skinnet.__main__ import main
from skinnet.errors import SkinnetError
from skinnet.labels import probability_columns
from skinnet.training.config import TrainConfig
from skinnet.training.run_state import BEST, HISTORY, STATE, new_run, save_weights
from tests.drawings import LOOKS, draw_lesion
from tests.servers import contents

MOUNT = ["mount", "-t", "tmpfs", "-o"]
FEW_DRAWS = {"prevalence": None, "draws": 20, "seed": 0}


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond a size in bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("mount") or subprocess.run([*MOUNT, "size=1g", "none", folder], check=False).returncode:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@contextmanager
def disk_of(size: int, folder: Path) -> Iterator[None]:
    """Let a disk hold no more than a size in bytes."""
    subprocess.run([*MOUNT, f"remount,size={size}", "none", folder], check=True)
    try:
        yield
    finally:
        subprocess.run([*MOUNT, "remount,size=1g", "none", folder], check=True)


def fill(
    arguments: list[str],
    sizes: list[int],
    written: Path,
    capsys: pytest.CaptureFixture[str],
    room: Callable[[int], AbstractContextManager[None]] = room_for,
) -> dict[str, str]:
    """Run a command with ever more room, then with enough; return what the last run wrote."""
    left = []
    for size in sizes:
        capsys.readouterr()
        with room(size):
            assert main(arguments) == 1, f"{size} bytes are enough"
        line = capsys.readouterr().err.splitlines()[-1]
        assert line.startswith("skinnet: ")
        assert any(words in line for words in ("File too large", "No space left", "disk is full"))
        assert str(written) in line
        left.append(contents(written) if written.is_dir() else {})
        assert not [name for name in left[-1] if name.endswith(".tmp")]
    assert main(arguments) == 0
    complete = contents(written)
    for size, files in zip(sizes, left, strict=True):
        final = {name: found for name, found in files.items() if not name.startswith("cache/") and ".part" not in name}
        final.pop(HISTORY, None)  # it holds seconds
        half = [name for name, found in final.items() if complete.get(name) != found]
        assert not half, f"{half} after {size} bytes"
    return complete


def test_prepare(drawn_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "data"
    shutil.copytree(drawn_root / "ham10000", root / "ham10000")
    sizes = [0, 100, 5_000, 1_000_000]
    complete = fill(["prepare", "--root", str(root), "--quiet"], sizes, root, capsys)
    clean = contents(drawn_root)
    for name in ("index.csv", "splits.csv", "left_out.csv", "cache/pixels.u8"):
        assert complete[name] == clean[name]


def test_evaluate(
    predictions: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skinnet.evaluation.evaluate.evaluate.__kwdefaults__", FEW_DRAWS)
    shares = predictions[probability_columns()].div(predictions[probability_columns()].sum(axis=1), axis=0)
    shares.assign(dx=predictions["dx"], lesion_id=predictions["lesion_id"]).to_csv(tmp_path / "table.csv", index=False)
    arguments = ["evaluate", "--predictions", str(tmp_path / "table.csv"), "--out", str(tmp_path / "out"), "--quiet"]
    complete = fill(arguments, [0, 45_000, 200_000], tmp_path / "out", capsys)
    assert "report.html" in complete


@pytest.mark.parametrize("name", ["table.csv", "map.png"])
def test_predict_and_explain(
    name: str, tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for number in range(3):
        draw_lesion(LOOKS["nv"], seed=number).save(photos / f"{number}.png")
    command = ["predict", str(photos)] if name == "table.csv" else ["explain", str(photos / "0.png")]
    arguments = [*command, "--checkpoint", str(tiny_checkpoint), "--out", str(out / name)]
    complete = fill(arguments, [0, 500, 1000], out, capsys)
    assert set(complete) == {name}


def test_a_run_of_training(tmp_path: Path) -> None:
    run = new_run(TrainConfig(weights="none"), torch.device("cpu"))
    for write, name in ((run.save, "state.pt"), (lambda path: save_weights(run.network, path), "best.safetensors")):
        for size in (0, 1_000_000):
            with room_for(size), pytest.raises((OSError, SkinnetError), match=name):
                write(tmp_path / name)
            assert not list(tmp_path.iterdir())


@pytest.mark.stress
def test_train_and_release_on_a_small_disk(
    drawn_root: Path, small_disk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skinnet.evaluation.evaluate.evaluate.__kwdefaults__", FEW_DRAWS)
    room, run, out = partial(disk_of, folder=small_disk), small_disk / "run", small_disk / "checkpoint"
    train = ["train", "--root", str(drawn_root), "--out", str(run), "--sources", "ham10000", "--partition", "split"]
    train += ["--weights", "none", "--epochs", "1", "--batch-size", "32"]
    complete = fill(train, [4096, 100_000, 20_000_000], run, capsys, room)
    assert {BEST, HISTORY, STATE} < set(complete)
    used = sum(path.stat().st_size for path in run.iterdir())
    release = ["release", "--run", str(run), "--root", str(drawn_root), "--checkpoint", str(out)]
    sizes = [used + each for each in (100_000, 7_500_000, 8_000_000, 9_000_000)]
    assert "MODEL_CARD.md" in fill(release, sizes, out, capsys, room)
