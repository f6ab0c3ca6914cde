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
from skinnet.inference.calibration import VERDICT, Decision, OperatingPoint
from skinnet.inference.predictions import load_predictions
from skinnet.labels import probability_columns
from skinnet.studies import leave_out as module
from skinnet.studies.leave_out import Judged, clinic_rows, diagnosis_rows, leave_out
from skinnet.studies.leave_out_tables import CLINICS, DIAGNOSES, clinics_table, diagnoses_table
from skinnet.training.config import TrainConfig

TINY = TrainConfig(weights="none", epochs=1, ema_decay=0.5, first_size=0.25)
OPTIONS = ["--weights", "none", "--epochs", "1", "--ema-decay", "0.5", "--first-size", "0.25"]


def judged(rows: list[tuple[str, float, float, int]], network: str, threshold: float = 0.5) -> Judged:
    """One image a lesion: its diagnosis, p_mel (p_nv has the rest), the gate's distance and level."""
    table = pd.DataFrame(rows, columns=["dx", "p_mel", "distance", "level"])
    table[[name for name in probability_columns() if name not in table]] = 0.0
    table["p_nv"] = 1 - table["p_mel"]
    ids = [f"I{number}" for number in range(len(table))]
    point = OperatingPoint(VERDICT, sensitivity=0.95, threshold=threshold)
    return Judged(
        table.assign(image_id=ids, lesion_id=ids, clinic="north"), Decision((1.0,) * 7, (point,)), network, 100, 3
    )


def test_an_unseen_diagnosis_is_compared_with_the_other_images() -> None:
    """df: two unsure and far, one sure and near, two of them called suspicious; three others, one of them far."""
    left = judged(
        [
            ("df", 0.6, 9, 2),
            ("df", 0.55, 8, 1),
            ("df", 0.01, 1, 0),
            ("nv", 0.1, 2, 0),
            ("nv", 0.2, 3, 0),
            ("mel", 0.9, 8.5, 1),
        ],
        "without it",
    )
    knowing = judged([("df", 0.02, 0, 0), ("nv", 0.3, 0, 0)], "shipped", threshold=0.01)
    shipped = dataclasses.replace(knowing, predictions=knowing.predictions.drop(columns=["distance", "level"]))
    without, beside = diagnosis_rows("df", left, shipped, draws=50)
    assert (without["images"], without["lesions"], without["others"]) == (3, 3, 3)
    assert without["turned_away"] == pytest.approx(2 / 3)
    assert without["refused"] == pytest.approx(1 / 3)
    assert without["others_turned_away"] == pytest.approx(1 / 3)
    assert without["flagged"] == pytest.approx(2 / 3)
    assert without["distance_auroc"] == pytest.approx(5 / 9)  # of 9 pairs, the far ones win 3 + 2, the near one 0
    assert without["doubt_auroc"] == pytest.approx(6 / 9)
    assert beside["flagged"] == 1  # by its own threshold
    assert beside["doubt_auroc"] == 0
    assert beside["distance_auroc"] is None
    printed = diagnoses_table(pd.DataFrame([{"left_out": "df"} | row for row in (without, beside)]))
    assert printed.rows[1][:4] == ["Dermatofibroma, shipped", "100 (3)", "1 / 1", "1"]
    assert printed.rows[1][7] == "n/a"


def test_a_clinic_is_judged_by_each_networks_own_rules_on_the_same_lesions() -> None:
    found = [("mel", 0.9, 0, 0), ("mel", 0.4, 0, 0), ("nv", 0.1, 0, 0), ("nv", 0.6, 0, 0)] * 3
    better = [(dx, 0.95 if dx == "mel" else 0.05, 0, 0) for dx, *_ in found]
    left, shipped = judged(found, "without it"), judged(better, "shipped", threshold=0.96)
    extra = left.predictions.tail(1).assign(image_id="more", lesion_id="more")
    left = dataclasses.replace(left, predictions=pd.concat([left.predictions, extra], ignore_index=True))
    rows = clinic_rows("north", left, shipped)
    assert [row["images"] for row in rows] == [13, 12, 12]
    assert [row["sensitivity"] for row in rows] == [0.5, 0.5, 0.0]
    assert (rows[1]["malignant_auroc"], rows[2]["malignant_auroc"]) == (0.75, 1.0)
    assert rows[1]["difference"] == pytest.approx(-0.25)
    assert rows[0]["difference"] is None
    assert clinic_rows("south", left, shipped) == rows[:1]
    printed = clinics_table(pd.DataFrame([{"left_out": "north"} | row for row in rows]))
    assert [row[3] for row in printed.rows] == ["13 / 13", "12 / 12", "12 / 12"]
    assert printed.rows[1][5].startswith("-0.250 (")


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


def test_the_photos_of_a_clinic_are_all_judged(measured: tuple[Path, Path], two_clinics: Path) -> None:
    rows = pd.read_csv(measured[1] / CLINICS)
    north = load_index(two_clinics).query("clinic == 'north'")
    in_test = north[north["split"] == "test"]
    assert rows["network"].tolist() == ["without it", "without it", "shipped"]
    assert rows["images"].tolist() == [len(north), len(in_test), len(in_test)]
    assert (rows["malignant_auroc_low"] <= rows["malignant_auroc"]).all()


def test_the_images_of_a_diagnosis_are_all_judged(measured: tuple[Path, Path], two_clinics: Path) -> None:
    without, shipped = (row for _, row in pd.read_csv(measured[1] / DIAGNOSES).iterrows())
    table = load_index(two_clinics)
    assert without["images"] == (table["dx"] == "df").sum()
    assert without["others"] == shipped["others"] == ((table["dx"] != "df") & (table["split"] == "test")).sum()
    assert without["training_images"] == ((table["dx"] != "df") & (table["split"] == "train")).sum()
    assert 0 <= without["refused"] <= without["turned_away"] <= 1


def test_the_command_judges_anew_but_trains_once_and_keeps_the_other_rows(
    measured: tuple[Path, Path], two_clinics: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, checkpoint = measured
    before = [(checkpoint / name).read_bytes() for name in (CLINICS, DIAGNOSES)]
    monkeypatch.setattr(module, "predict_logits", lambda *_: pytest.fail("judged again"))
    folders = ["--root", str(two_clinics), "--out", str(runs), "--checkpoint", str(checkpoint)]
    assert main(["leave-out", "df", *folders, *OPTIONS]) == 0
    assert [(checkpoint / name).read_bytes() for name in (CLINICS, DIAGNOSES)] == before
    printed = capsys.readouterr().out
    assert "A diagnosis left out of training" in printed
    assert "| Dermatofibroma, without it |" in printed
    assert main(["leave-out", "df", *folders, *OPTIONS, "--epochs", "2"]) == 1
    assert "was trained with another epochs (1)" in capsys.readouterr().err


def test_mistakes_are_told_before_any_training(
    two_clinics: Path, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "train_or_go_on", lambda *_, **__: pytest.fail("trained"))
    places = {"root": two_clinics, "out": tmp_path, "checkpoint": shipped}
    with pytest.raises(TrainingError, match="saw what the partition 'without-df' keeps back"):
        leave_out(["df"], dataclasses.replace(TINY, soft_labels="any.csv"), **places)
    with pytest.raises(TrainingError, match="leave out --partition official"):
        leave_out(["df"], dataclasses.replace(TINY, partition="official"), **places)
    with pytest.raises(DataError, match="Unknown partition 'without-west'"):
        leave_out(["df", "west"], TINY, **places)
