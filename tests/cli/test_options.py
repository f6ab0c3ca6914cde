"""What is asked for is checked before work starts, and any console can print the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.labels import probability_columns
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "--threshold", "1"], "'1' is no share between 0 and 1"),
        (["evaluate", "--prevalence", "nan"], "'nan' is no share between 0 and 1"),
        (["evaluate", "--out", "{file}"], "is no folder"),
        (["evaluate", "--out", "{loop}"], "is no folder"),
        (["evaluate", "--source", ""], "it is empty"),
        (["prepare", "--root", "{file}"], "is no folder"),
        (["prepare", "--root", ""], "it is empty"),
        (["acquire", "ham10000", "--mirror", ""], "it is empty"),
        (["acquire", "isic", "--limit", "0"], "'0' is no number above 0"),
        (["acquire", "isic", "--limit", "²"], "'²' is no number above 0"),
        (["train", "--out", "run", "--epochs", "many"], "invalid int value: 'many'"),
    ],
)
def test_wrong_options_end_with_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SystemExit) as ended:
        main([argument.format(file=tmp_path / "file", loop=tmp_path / "loop") for argument in arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("option", ["--first-size=9", "--learning-rate=inf", "--batch-size=1000000000", "--epochs=0"])
def test_recipes_out_of_range_end_with_one_line(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--root", str(tmp_path), "--out", str(tmp_path / "run"), option]) == 1
    assert "it must be from" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_console_of_a_narrow_code_page_gets_escapes(predictions: pd.DataFrame, tmp_path: Path) -> None:
    shares = predictions[probability_columns()].div(predictions[probability_columns()].sum(axis=1), axis=0)
    table, out = tmp_path / "größe.csv", tmp_path / "größe"
    shares.assign(dx=predictions["dx"], lesion_id=predictions["lesion_id"]).to_csv(table, index=False)
    line = [sys.executable, "-m", "skinnet", "recalibrate", "--predictions", str(table), "--out", str(out)]
    narrow = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(line, cwd=PROJECT, env=narrow, capture_output=True, text=True, check=True)
    assert f"Written in {tmp_path}/gr\\xf6\\xdfe." in done.stdout
