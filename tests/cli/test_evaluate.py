from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.labels import probability_columns

DRAW_20 = {"prevalence": None, "draws": 20, "seed": 0}


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skinnet.evaluation.evaluate.evaluate.__kwdefaults__", DRAW_20)


@pytest.fixture
def theirs(predictions: pd.DataFrame, tmp_path: Path) -> Path:
    """Another network's table: diagnosis, lesion and seven probabilities that sum to one."""
    shares = predictions[probability_columns()]
    shares = shares.div(shares.sum(axis=1), axis=0)
    path = tmp_path / "theirs.csv"
    shares.assign(dx=predictions["dx"], lesion_id=predictions["lesion_id"]).to_csv(path, index=False)
    return path


def test_another_network_is_evaluated_and_compared(
    theirs: Path, predictions: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["evaluate", "--predictions", str(theirs), "--against", str(theirs), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(
        f"theirs, all images: n = 400 images of {predictions['lesion_id'].nunique()} lesions. Per"
    )
    assert "| Sensitivity at the verdict's threshold | n/a | n/a |" in printed
    assert "| (Pre)malignant AUROC | " in printed
    assert "| 0.000 (0.000-0.000) | 1.000 | tie |" in printed
    assert "http" not in (out / "report.html").read_text().replace("http://www.w3.org", "").replace("http-equiv", "")
    assert not (out / "figures" / "training.png").exists()


def test_refitted_rules_are_used_by_evaluate(theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refit = tmp_path / "refit"
    assert main(["recalibrate", "--predictions", str(theirs), "--out", str(refit)]) == 0
    assert "Evaluate it on other cases" in capsys.readouterr().out
    assert np.isfinite(pd.read_csv(refit / "predictions.csv")["p_mel"]).all()
    rules = ["--rules", str(refit / "recalibration.json")]
    assert main(["evaluate", "--predictions", str(refit / "predictions.csv"), *rules]) == 0
    assert "Balanced accuracy (balanced rule)" in capsys.readouterr().out


def test_a_threshold_may_be_given_with_a_table_alone(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--predictions", str(theirs), "--threshold", "0.2"]) == 0
    assert "| 95 %, per lesion | 0.2000 | " in capsys.readouterr().out
    assert main(["evaluate", "--threshold", "0.2"]) == 1
    assert "a checkpoint has its own" in capsys.readouterr().err


def test_a_table_and_images_exclude_each_other(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--predictions", str(theirs), "--root", "data"]) == 1
    assert "leave out --root" in capsys.readouterr().err
