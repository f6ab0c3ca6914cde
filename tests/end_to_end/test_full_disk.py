"""A disk that is full at any step: one line, no half file under a final name, and the rerun goes on.

A limit on the size of a file stands for the disk.
"""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import torch

from skinnet.__main__ import main
from skinnet.errors import SkinnetError
from skinnet.labels import probability_columns
from skinnet.training.config import TrainConfig
from skinnet.training.run_state import new_run, save_weights
from tests.drawings import LOOKS, draw_lesion
from tests.servers import contents

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


def fill(arguments: list[str], sizes: list[int], written: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Run a command with ever more room, then with enough; return what the last run wrote."""
    left = []
    for size in sizes:
        capsys.readouterr()
        with room_for(size):
            assert main(arguments) == 1, f"{size} bytes are enough"
        line = capsys.readouterr().err.splitlines()[-1]
        assert line.startswith("skinnet: ")
        assert "File too large" in line
        assert str(written) in line
        left.append(contents(written) if written.is_dir() else {})
        assert not [name for name in left[-1] if name.endswith(".tmp")]
    assert main(arguments) == 0
    complete = contents(written)
    for size, files in zip(sizes, left, strict=True):
        final = {name: found for name, found in files.items() if not name.startswith("cache/") and ".part" not in name}
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
