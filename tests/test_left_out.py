from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet import left_out as module
from skinnet.config import TrainConfig
from skinnet.errors import TrainingError
from skinnet.index import INDEX, load_index
from skinnet.left_out import leave_out
from skinnet.left_out_report import CLINICS, DIAGNOSES
from skinnet.predictions import load_predictions

TINY = TrainConfig(weights="none", epochs=1, ema_decay=0.5, first_size=0.25)


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
    leave_out(["north", "df"], TINY, root=two_clinics, out=folder / "runs", checkpoint=checkpoint)
    return folder / "runs", checkpoint


def test_a_clinic_left_out_is_judged_whole_and_beside_the_checkpoint(
    measured: tuple[Path, Path], two_clinics: Path
) -> None:
    rows = pd.read_csv(measured[1] / CLINICS)
    north = load_index(two_clinics).query("clinic == 'north'")
    in_test = north[north["split"] == "test"]
    assert rows["network"].tolist() == ["without it", "without it", "shipped"]
    assert rows["images"].tolist() == [len(north), len(in_test), len(in_test)]
    assert rows["lesions"].tolist()[:2] == [north["lesion_id"].nunique(), in_test["lesion_id"].nunique()]
    assert rows["malignant_auroc"].between(0, 1).all()
    assert (rows["malignant_auroc_low"] <= rows["malignant_auroc"]).all()


def test_a_diagnosis_left_out_is_counted_among_the_test_images(measured: tuple[Path, Path], two_clinics: Path) -> None:
    row = pd.read_csv(measured[1] / DIAGNOSES).iloc[0]
    table = load_index(two_clinics)
    assert row["images"] == (table["dx"] == "df").sum()
    assert row["others"] == ((table["dx"] != "df") & (table["split"] == "test")).sum()
    assert row["training_images"] == ((table["dx"] != "df") & (table["split"] == "train")).sum()
    assert 0 <= row["refused"] <= row["turned_away"] <= 1


def test_what_was_measured_is_not_trained_again_and_makes_the_same_tables(
    measured: tuple[Path, Path], two_clinics: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, checkpoint = measured
    before = (checkpoint / CLINICS).read_bytes()
    monkeypatch.setattr(module, "train", lambda *_, **__: pytest.fail("trained again"))
    tables = leave_out(["north", "df"], TINY, root=two_clinics, out=runs, checkpoint=checkpoint)
    assert (checkpoint / CLINICS).read_bytes() == before
    assert [table.name for table in tables] == ["clinics_left_out", "diagnoses_left_out"]
    assert tables[1].rows[0][0] == "Dermatofibroma"
    assert all(len(row) == len(table.header) for table in tables for row in table.rows)


def test_teachers_that_saw_what_is_left_out_are_refused(two_clinics: Path, shipped: Path, tmp_path: Path) -> None:
    taught = dataclasses.replace(TINY, soft_labels="any.csv")
    with pytest.raises(TrainingError, match="saw what the partition 'without-df' keeps back"):
        leave_out(["df"], taught, root=two_clinics, out=tmp_path, checkpoint=shipped)
