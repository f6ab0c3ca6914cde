from __future__ import annotations

from pathlib import Path

import pytest

from skinnet.data.download.local_folder import folder_record
from skinnet.errors import SkinnetError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "table.csv").write_text("﻿File,Diagnosis,Who\na.jpg,melanoma,7\n", encoding="utf-8")
    return tmp_path


def record(photos: Path, **changed: object) -> dict[str, object]:
    given = {
        "images": photos / "photos",
        "csv": photos / "table.csv",
        "columns": {"image_id": "File", "dx": "Diagnosis"},
        "diagnoses": {"melanoma": "mel", "SCC": ""},
    }
    return folder_record(**{**given, **changed})  # type: ignore[arg-type]


def test_the_record_says_where_pictures_are_and_what_columns_mean(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    assert record(photos, images=Path("photos"), csv=Path("table.csv")) == {
        "images": str(photos / "photos"),
        "csv": str(photos / "table.csv"),
        "columns": {"image_id": "File", "dx": "Diagnosis"},
        "diagnoses": {"melanoma": "mel", "SCC": ""},
    }


def test_columns_that_are_named_as_ours_need_no_option(photos: Path) -> None:
    (photos / "table.csv").write_text("image_id;dx;Größe, cm;sex\nA;nv;2,5;male\n", encoding="cp1252")
    assert record(photos, columns={})["columns"] == {"image_id": "image_id", "dx": "dx", "sex": "sex"}
    found = record(photos, columns={"dx": "Größe, cm"})
    assert found["columns"] == {"image_id": "image_id", "dx": "Größe, cm", "sex": "sex"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"images": Path("nowhere")}, "There is no folder nowhere: name the one with the pictures with --images"),
        ({"csv": Path("nowhere.csv")}, r"There is no table nowhere\.csv: name it with --csv"),
        ({"columns": {"dx": "Diagnosis"}}, "add --column image_id=NAME, one of File, Diagnosis, Who"),
        ({"columns": {"image_id": "file"}}, "has no column 'file', only File, Diagnosis, Who: correct --column"),
        ({"columns": {"image_id": "File", "colour": "Who"}}, "--column knows no 'colour': it may be image_id, dx, "),
        ({"diagnoses": {"melanoma": "melanoma"}}, "--diagnosis knows no 'melanoma': it may be akiec, bcc, bkl, "),
    ],
)
def test_what_is_missing_is_told_with_the_option(changed: dict[str, object], words: str, photos: Path) -> None:
    with pytest.raises(SkinnetError, match=words):
        record(photos, **changed)
