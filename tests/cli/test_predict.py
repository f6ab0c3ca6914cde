from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.cli.options import NOT_CLASSIFIED
from skinnet.labels import CLASSES, MALIGNANT
from tests.drawings import LOOKS, draw_lesion

PUBLISHED_COLUMNS = "path,diagnosis,p_akiec,p_bcc,p_bkl,p_df,p_mel,p_nv,p_vasc,p_malignant,error"  # fixed for good


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "deeper").mkdir(parents=True)
    draw_lesion(LOOKS["mel"], seed=0, size=(300, 225)).save(folder / "a.jpg")
    draw_lesion(LOOKS["nv"], seed=1, size=(225, 300)).save(folder / "deeper" / "b.PNG")
    (folder / "notes.txt").write_text("not a picture")
    return folder


def predict(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, pd.DataFrame]:
    code = main(["predict", *map(str, arguments), "--format", "csv"])
    return code, pd.read_csv(io.StringIO(capsys.readouterr().out), keep_default_na=False)


def test_the_csv_begins_with_the_published_columns(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(photos), "--format", "csv"]) == 0
    header = capsys.readouterr().out.splitlines()[0]
    assert header.startswith(PUBLISHED_COLUMNS)


def test_probabilities_add_up(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, table = predict(capsys, photos)
    assert code == 0
    assert table["path"].tolist() == [str(photos / "a.jpg"), str(photos / "deeper" / "b.PNG")]
    assert table[[f"p_{name}" for name in CLASSES]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    malignant = table[[f"p_{name}" for name in MALIGNANT]].sum(axis=1)
    assert table["p_malignant"].to_numpy() == pytest.approx(malignant.to_numpy(), abs=1e-5)
    assert set(table["diagnosis"]) <= set(CLASSES)


def test_a_zip_gives_the_same_as_its_files(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = photos.parent / "photos.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(photos.rglob("*")):
            opened.write(path, path.relative_to(photos))
    _, loose = predict(capsys, photos)
    _, packed = predict(capsys, archive)
    pd.testing.assert_frame_equal(loose.drop(columns="path"), packed.drop(columns="path"))
    assert packed["path"].tolist() == [f"{archive}/a.jpg", f"{archive}/deeper/b.PNG"]


def test_files_of_one_name_in_two_folders_of_a_zip_are_both_classified(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = photos.parent / "patients.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("p1/img.jpg", "p2/img.jpg", "p1/Thumbs.db", "p2/Thumbs.db"):
            opened.write(photos / "a.jpg", name)
    code, table = predict(capsys, archive)
    assert code == 0
    assert table["path"].tolist() == [f"{archive}/p1/img.jpg", f"{archive}/p2/img.jpg"]


def test_unreadable_pictures_become_rows_beside_the_others(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "empty.jpg").touch()
    (photos / "broken.jpg").write_bytes((photos / "a.jpg").read_bytes()[:3000])
    (photos / "broken.zip").write_bytes(b"PK")
    code, table = predict(capsys, photos, photos / "absent.jpg", photos / "notes.txt", photos / "broken.zip")
    errors = {Path(row.path).name: row.error for row in table.itertuples()}
    assert code == NOT_CLASSIFIED
    assert errors["a.jpg"] == errors["b.PNG"] == ""
    assert errors["empty.jpg"] == "The file is empty."
    assert errors["broken.jpg"].startswith("The picture is damaged or incomplete")
    assert errors["absent.jpg"] == "The file does not exist."
    assert errors["notes.txt"].startswith("The file is not a picture")
    assert errors["broken.zip"].startswith("The archive cannot be read")
    assert (table.loc[table["error"] != "", "p_mel"] == "").all()


def test_json_and_table_say_the_same(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", str(photos / "a.jpg"), "--format", "json"])
    row = json.loads(capsys.readouterr().out)[0]
    main(["predict", str(photos / "a.jpg")])
    printed = capsys.readouterr().out
    assert f"{row['p_malignant']:.3f}" in printed
    assert "malignant or pre-malignant" in printed
    assert "not a medical device" in printed


def test_predictions_can_go_to_a_file(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", str(photos), "--format", "csv", "--out", str(tmp_path / "table.csv")])
    assert capsys.readouterr().out == ""
    assert len(pd.read_csv(tmp_path / "table.csv")) == 2


def test_a_refused_picture_keeps_its_numbers_beside_the_reason(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(photos / "a.jpg"), "--format", "csv"]) == 0
    printed = capsys.readouterr()
    row = pd.read_csv(io.StringIO(printed.out)).iloc[0]
    assert row["gate"] == "refuse"  # a drawing is no photo
    assert row["note"] == "This does not look like a dermatoscopic photo of a skin lesion."
    assert 0 <= row["p_malignant"] <= 1
    assert set(row["possible"].split()) <= set(CLASSES)
    assert "1 of 1 pictures show no lesion to classify: see the column note." in printed.err
