from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.data.index import INDEX, load_index
from skinnet.errors import DataError, TrainingError
from skinnet.inference.predictions import load_predictions
from skinnet.models.registry import LITE0
from skinnet.reporting.study_tables import study_tables
from skinnet.studies.leave_out import networks
from skinnet.studies.leave_out.study import leave_out
from skinnet.studies.leave_out.tables import CLINICS, DIAGNOSES
from skinnet.training.config import SHIPPED

TINY = dataclasses.replace(
    SHIPPED[LITE0], sources="ham10000", weights="none", epochs=1, ema_decay=0.5, first_size=0.25, batch_size=32
)
OPTIONS = ["--sources", "ham10000", "--weights", "none"]
OPTIONS += ["--epochs", "1", "--ema-decay", "0.5", "--first-size", "0.25", "--batch-size", "32"]


@pytest.fixture(scope="module")
def two_clinics(drawn_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn data, every third lesion photographed in the north."""
    root = tmp_path_factory.mktemp("clinics") / "data"
    shutil.copytree(drawn_root, root)
    table = pd.read_csv(root / INDEX)
    number = table["lesion_id"].str.extract(r"(\d+)$")[0].astype(int)
    table.assign(clinic=np.where(number % 3 == 0, "north", "south")).to_csv(root / INDEX, index=False)
    return root


@pytest.fixture(scope="module")
def measured(two_clinics: Path, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Runs without the north and without df, and the checkpoint with their tables."""
    folder = tmp_path_factory.mktemp("left-out")
    checkpoint = folder / "checkpoint"
    shutil.copytree(tiny_checkpoint, checkpoint)
    predictions = load_predictions(checkpoint / "predictions.csv")
    index = load_index(two_clinics).set_index("image_id")
    predictions["clinic"] = index.loc[predictions["image_id"], "clinic"].to_numpy()
    predictions.to_csv(checkpoint / "predictions.csv", index=False)
    for name in ("north", "df"):
        leave_out([name], TINY, root=two_clinics, out=folder / "runs", checkpoint=checkpoint)
    return folder / "runs", checkpoint


def test_all_photos_of_a_clinic_are_tested(measured: tuple[Path, Path], two_clinics: Path) -> None:
    rows = pd.read_csv(measured[1] / CLINICS)
    north = load_index(two_clinics).query("clinic == 'north'")
    in_test = north[north["split"] == "test"]
    assert rows["network"].tolist() == ["without it", "without it", "shipped"]
    assert rows["images"].tolist() == [len(north), len(in_test), len(in_test)]
    assert (rows["malignant_auroc_low"] <= rows["malignant_auroc"]).all()


def test_all_images_of_a_diagnosis_are_tested(measured: tuple[Path, Path], two_clinics: Path) -> None:
    without, shipped = (row for _, row in pd.read_csv(measured[1] / DIAGNOSES).iterrows())
    table = load_index(two_clinics)
    assert without["images"] == (table["dx"] == "df").sum()
    assert without["others"] == shipped["others"] == ((table["dx"] != "df") & (table["split"] == "test")).sum()
    assert without["training_images"] == ((table["dx"] != "df") & (table["split"] == "train")).sum()
    assert 0 <= without["refused"] <= without["turned_away"] <= 1


def test_both_printable_tables_lie_in_the_checkpoint(measured: tuple[Path, Path]) -> None:
    assert [table.name for table in study_tables(measured[1])] == ["clinics_left_out", "diagnoses_left_out"]


def test_the_command_measures_again_but_trains_once_and_keeps_the_other_rows(
    measured: tuple[Path, Path], two_clinics: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, checkpoint = measured
    before = [(checkpoint / name).read_bytes() for name in (CLINICS, DIAGNOSES)]
    monkeypatch.setattr(networks, "predict_logits", lambda *_: pytest.fail("predicted again"))
    folders = ["--root", str(two_clinics), "--out", str(runs), "--checkpoint", str(checkpoint)]
    assert main(["leave-out", "df", *folders, *OPTIONS]) == 0
    assert [(checkpoint / name).read_bytes() for name in (CLINICS, DIAGNOSES)] == before
    printed = capsys.readouterr().out
    assert "A diagnosis left out of training" in printed
    assert "| Dermatofibroma, without it |" in printed
    assert "A clinic left out of training" not in printed
    assert main(["leave-out", "df", *folders, *OPTIONS, "--epochs", "2"]) == 1
    assert "was trained with another epochs (1)" in capsys.readouterr().err


def test_mistakes_are_reported_before_any_training(
    two_clinics: Path, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "train_or_go_on", lambda *_, **__: pytest.fail("trained"))
    places = {"root": two_clinics, "out": tmp_path, "checkpoint": shipped}
    with pytest.raises(TrainingError, match="leave out --partition official"):
        leave_out(["df"], dataclasses.replace(TINY, partition="official"), **places)
    with pytest.raises(DataError, match="Unknown partition 'without-west'"):
        leave_out(["df", "west"], TINY, **places)
