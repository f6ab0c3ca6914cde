"""Two commands into one folder: the second says so; a kill lets go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.errors import DataError
from skinnet.files import LOCK, exclusive
from skinnet.labels import probability_columns
from tests.conftest import PROJECT

HOLDER = """
import sys, time
from pathlib import Path
from skinnet.files import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of `tmp_path`."""
    line = [sys.executable, "-c", HOLDER, str(tmp_path / LOCK)]
    with subprocess.Popen(line, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_and_a_kill_lets_go(held: subprocess.Popen[str], tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"Another skinnet is at work in .*: wait until it is done, or stop it\."),
        exclusive(tmp_path / LOCK),
    ):
        pass
    held.kill()
    held.wait()
    with exclusive(tmp_path / LOCK), pytest.raises(DataError), exclusive(tmp_path / LOCK):
        pass


def test_acquire_prepare_evaluate_and_train_hold_their_folders(
    drawn_mirror: Path, drawn_root: Path, predictions: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, run = tmp_path / "data", tmp_path / "run"
    acquire = ["acquire", "ham10000", "--root", str(root), "--mirror", str(drawn_mirror)]
    with exclusive(root / "ham10000" / "downloads" / LOCK):
        assert main(acquire) == 1
    assert "Another skinnet is at work in" in capsys.readouterr().err
    assert main(acquire) == 0
    with exclusive(root / LOCK):
        assert main(["prepare", "--root", str(root)]) == 1
    assert "Another skinnet is at work in" in capsys.readouterr().err
    table = tmp_path / "table.csv"
    shares = predictions[probability_columns()].div(predictions[probability_columns()].sum(axis=1), axis=0)
    shares.assign(dx=predictions["dx"]).to_csv(table, index=False)
    with exclusive(run / LOCK):
        assert main(["evaluate", "--predictions", str(table), "--out", str(run)]) == 1
    assert "Another skinnet is at work in" in capsys.readouterr().err
    train = ["train", "--root", str(drawn_root), "--out", str(run), "--weights", "none", "--partition", "split"]
    with exclusive(run / LOCK):
        assert main([*train, "--sources", "ham10000", "--epochs", "1"]) == 1
    assert "Another skinnet is at work in" in capsys.readouterr().err
