from __future__ import annotations

import shutil
import zipfile
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from demo.batch_rows import MAX_PHOTOS, archive_names, archived, photo_row
from demo.site import Case, load_cases
from demo.tabs.batch import NO_PHOTOS, Answers
from demo.uploads import MAX_ARCHIVE_BYTES, MAX_PHOTO_BYTES, NO_UPLOAD, checked
from demo.words import Words
from skinnet.errors import PhotoError
from skinnet.images.photo import open_photo
from skinnet.inference.batch import HEADER, csv_text, predict_paths
from skinnet.inference.classifier import Classifier
from skinnet.inference.prediction import Prediction

ENGLISH = Words.load("en")
pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own


@pytest.fixture(scope="module")
def classifier(shipped: Path) -> Classifier:
    return Classifier.load(shipped)


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gradio's folder of uploads."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def passing(classifier: Classifier) -> list[Case]:
    """Four cases that the gate lets through."""
    through = (case for case in load_cases() if classifier.predict(open_photo(case.path)).gate == "ok")
    return list(islice(through, 4))


@pytest.fixture
def photos(tmp_path: Path, photo: Path, passing: list[Case]) -> list[Path]:
    """Four real photos with a verdict, a drawing that the gate refuses, and two files that are no pictures."""
    files = [Path(shutil.copy(case.path, tmp_path)) for case in passing]
    broken, text = tmp_path / "broken.jpg", tmp_path / 'a "quoted", name.jpg'
    broken.write_bytes(photo.read_bytes()[:4000])
    text.write_text("no picture")
    return [*files, Path(shutil.copy(photo, tmp_path)), broken, text]


def asked(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


def test_the_csv_of_a_batch_is_that_of_predict(photos: list[Path], classifier: Classifier) -> None:
    lines = [
        photo_row(str(path), lambda path=path: path, classifier=classifier, words=ENGLISH)["line"] for path in photos
    ]
    assert HEADER + "".join(lines) == csv_text(predict_paths(classifier, photos))


def test_a_row_has_figures_only_where_they_hold(photos: list[Path], classifier: Classifier) -> None:
    rows = [photo_row(path.name, lambda path=path: path, classifier=classifier, words=ENGLISH) for path in photos]
    for row, path in zip(rows[:4], photos, strict=False):
        prediction = classifier.predict(open_photo(path))
        assert row["state"] == ("suspicious" if prediction.suspicious else "below")
        assert row["score"] == prediction.p_malignant
        assert row["words"] == ENGLISH.percent(prediction.p_malignant)
        assert row["low"] <= row["score"] <= row["high"]
        assert {row["likeliest"], *row["possible"]} >= set(prediction.possible)
        assert row["picture"].startswith("data:image/jpeg;base64,")
    assert [row["state"] for row in rows[4:]] == ["refuse", "unreadable", "unreadable"]
    assert all(set(row) == {"name", "state", "reason", "picture", "line"} for row in rows[4:])
    assert rows[5]["reason"].startswith("The picture is damaged")


def test_a_score_that_looks_like_the_threshold_has_one_digit_more(classifier: Classifier) -> None:
    threshold = classifier.decision.malignant_threshold
    near = Prediction("nv", {"mel": threshold - 1e-5, "nv": 1 - threshold}, threshold - 1e-5, suspicious=False)
    fixed = SimpleNamespace(predict=lambda photo: near, decision=classifier.decision)
    row = photo_row("a.jpg", lambda: load_cases()[0].path, classifier=cast(Classifier, fixed), words=ENGLISH)
    assert row["words"] == f"{100 * threshold:.2f}\u00a0%"
    assert row["state"] == "below"


def test_an_archive_is_named_by_its_pictures_and_read_one_by_one(tmp_path: Path) -> None:
    path, first = tmp_path / "photos.zip", load_cases()[0].path
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no picture")
        archive.write(first, "a/first.jpg")
        archive.writestr("a/second.jpg", b"")
    assert archive_names(path) == ["a/first.jpg", "a/second.jpg"]
    assert archived(path, 0) == first.read_bytes()
    with pytest.raises(PhotoError, match="The archive has no such picture"):
        archived(path, 2)


def test_an_archive_that_is_damaged_empty_or_too_full_gets_a_sentence(tmp_path: Path) -> None:
    damaged, empty, full = (tmp_path / f"{name}.zip" for name in ("damaged", "empty", "full"))
    damaged.write_bytes(b"PK")
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("notes.txt", "no picture")
    with zipfile.ZipFile(full, "w") as archive:
        for number in range(MAX_PHOTOS + 1):
            archive.writestr(f"{number}.jpg", b"")
    for path, words in (
        (damaged, "The archive cannot be read"),
        (empty, "The archive holds no pictures"),
        (full, f"holds 501 pictures. At most {MAX_PHOTOS} photos and 200 MB"),
    ):
        with pytest.raises(PhotoError, match=words) as caught:
            archive_names(path)
        assert str(tmp_path) not in str(caught.value)
        with pytest.raises(PhotoError, match=words):
            archived(path, None)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"path": 5, "name": 7, "member": "x", "side": ["large"]},
        {"path": "/etc/passwd", "name": "a.jpg"},
        {"path": "http://example.invalid/a.jpg", "name": "a.jpg", "side": "huge"},
        {"path": "a\0b", "name": "x" * 9999},
    ],
)
def test_a_question_that_names_no_uploaded_file_becomes_a_row_with_a_reason(
    data: dict[str, Any], classifier: Classifier, uploads: Path
) -> None:
    row = Answers(classifier, ENGLISH).photo(gr.EventData(None, data))["row"]
    assert (row["state"], row["reason"]) == ("unreadable", NO_UPLOAD)
    assert len(row["name"]) <= 300
    assert Answers(classifier, ENGLISH).archive(gr.EventData(None, data))["error"] == NO_UPLOAD
    assert Answers(classifier, ENGLISH).photo(gr.EventData(None, "text"))["row"]["reason"] == NO_UPLOAD


def test_a_file_that_was_too_large_to_send_is_a_row_too(classifier: Classifier) -> None:
    row = Answers(classifier, ENGLISH).photo(asked(id=3, path="too large", name="big.tif"))
    assert row["id"] == 3
    assert row["row"]["reason"] == "The photo is larger than 20 MB: make it smaller, or save it as a JPEG."
    row = Answers(classifier, ENGLISH).photo(asked(id=4, path="archive too large", name="many.zip"))["row"]
    assert row["reason"] == "The ZIP archive is larger than 100 MB: send it in parts."


def test_the_server_too_takes_20_mb_a_photo_and_more_of_an_archive(uploads: Path) -> None:
    photo, archive, large = (uploads / name for name in ("a.jpg", "a.ZIP", "b.zip"))
    for path, size in ((photo, MAX_PHOTO_BYTES + 1), (archive, MAX_PHOTO_BYTES + 1), (large, MAX_ARCHIVE_BYTES + 1)):
        with path.open("wb") as file:
            file.truncate(size)  # takes no place on the disk
    assert checked(str(archive)) == archive
    for path, words in ((photo, "The photo is larger than 20 MB"), (large, "The ZIP archive is larger than 100 MB")):
        with pytest.raises(PhotoError, match=words):
            checked(str(path))
    with photo.open("wb") as file:
        file.truncate(MAX_PHOTO_BYTES)
    assert checked(str(photo)) == photo


def test_a_photo_in_an_archive_has_the_same_limit(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("large.jpg", bytes(MAX_PHOTO_BYTES + 1))
    with pytest.raises(PhotoError, match="The photo is larger than 20 MB"):
        archived(path, 0)


def test_the_check_answers_with_sentences_and_tables_and_shows_no_path(
    photos: list[Path], passing: list[Case], classifier: Classifier, uploads: Path
) -> None:
    lines = [
        photo_row(path.name, lambda path=path: path, classifier=classifier, words=ENGLISH)["line"] for path in photos
    ]
    truth = uploads / "truth.csv"
    rows = [f"{case.path.name},{case.dx}\n" for case in passing]
    truth.write_text("".join(["file,dx\n", *rows, "other.jpg,mel\n"]))
    check = Answers(classifier, ENGLISH).check(asked(id=9, path=str(truth), lines=lines))
    assert check["id"] == 9
    sentences = " ".join(check["check"]["sentences"])
    assert "Verdict and diagnosis are known for 4 photos of 4 lesions." in sentences
    assert "Not in the table: 3 photos. Without a photo here: 1 row of the table." in sentences
    assert "These figures are optimistic, since the threshold was chosen on the same photos." in sentences
    assert "Nothing is kept" in sentences
    assert [row[0] for row in check["check"]["tables"][0]["rows"]] == [
        "Sensitivity at the verdict's threshold",
        "Specificity at the verdict's threshold",
        "(Pre)malignant AUROC",
        "Intercept (calibration in the large; 0 is perfect)",
    ]
    assert check["check"]["truths"] == [
        [place, {"text": ENGLISH.diagnosis(case.dx), "malignant": int(case.dx == "mel")}]
        for place, case in enumerate(passing)
    ]
    german = Answers(classifier, Words.load("de")).check(asked(path=str(truth), lines=lines))["check"]
    assert all("0." not in cell for row in german["tables"][0]["rows"] for cell in row)
    truth.write_text("file\n")
    error = Answers(classifier, ENGLISH).check(asked(path=str(truth), lines=lines))["error"]
    assert error.startswith("The table needs a row for each photo")


@pytest.mark.parametrize(
    "lines",
    [
        None,
        "text",
        [],
        [5],
        ["a" * 10] * 501,
        ["a.jpg,mel,2,0,0,0,0,0,0,2,,,,ok,,\n"],
    ],
)
def test_lines_that_are_no_batch_get_a_sentence(lines: Any, classifier: Classifier, uploads: Path) -> None:
    truth = uploads / "truth.csv"
    truth.write_text("file,dx\na.jpg,mel\n")
    assert Answers(classifier, ENGLISH).check(asked(path=str(truth), lines=lines))["error"] == NO_PHOTOS
