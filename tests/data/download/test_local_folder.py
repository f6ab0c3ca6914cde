from __future__ import annotations

from pathlib import Path

import pytest

from skinnet.data.download.local_folder import folder_record
from skinnet.errors import AcquireError


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
        "delimiter": ",",
        "columns": {"image_id": "File", "dx": "Diagnosis"},
        "diagnoses": {"melanoma": "mel", "SCC": ""},
    }


def test_a_table_may_have_semicolons(photos: Path) -> None:
    (photos / "table.csv").write_text("File;Diagnosis, sure\na.jpg;melanoma\n", encoding="utf-8")
    found = record(photos, columns={"image_id": "File", "dx": "Diagnosis, sure"})
    assert found["delimiter"] == ";"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"images": Path("nowhere")}, "There is no folder nowhere: name the one with the pictures with --images"),
        ({"csv": Path("nowhere.csv")}, r"nowhere\.csv cannot be read as a UTF-8 CSV table: name it with --csv"),
        ({"columns": {"dx": "Diagnosis"}}, "add --column image_id=NAME"),
        ({"columns": {"image_id": "file"}}, "has no column 'file', only File, Diagnosis, Who: correct --column"),
        ({"columns": {"image_id": "File", "colour": "Who"}}, "--column knows no 'colour': it may be image_id, dx, "),
        ({"diagnoses": {"melanoma": "melanoma"}}, "--diagnosis knows no 'melanoma': it may be akiec, bcc, bkl, "),
    ],
)
def test_what_is_missing_is_told_with_the_option(changed: dict[str, object], words: str, photos: Path) -> None:
    with pytest.raises(AcquireError, match=words):
        record(photos, **changed)


def test_a_table_in_another_encoding_is_told(photos: Path) -> None:
    (photos / "table.csv").write_bytes("File;Größe\n".encode("latin-1"))
    with pytest.raises(AcquireError, match="cannot be read as a UTF-8 CSV table"):
        record(photos)
