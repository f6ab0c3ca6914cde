from __future__ import annotations

import os
import zipfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from skinnet.errors import PhotoError
from skinnet.inference.pictures import find_pictures
from tests.mutations import encoded

JPEG = encoded(Image.new("RGB", (64, 48), "brown"), "JPEG")


def found(*paths: str | Path) -> tuple[dict[str, str], dict[str, int]]:
    """The names that paths lead to, each with "" or the reason why it cannot be read; and what was passed over."""
    passed_over: Counter[str] = Counter()
    answers = {}
    with ExitStack() as archives:
        for picture in find_pictures(paths, archives, passed_over=passed_over):
            try:
                picture.read()
                answers[picture.name] = ""
            except PhotoError as error:
                answers[picture.name] = str(error)
    return answers, {kind: count for kind, count in passed_over.items() if count}


def test_a_folder_gives_its_pictures_in_order_and_counts_the_rest(tmp_path: Path) -> None:
    (tmp_path / "b" / "__MACOSX").mkdir(parents=True)
    names = ["c.HEIC", "b/a.jpg", "b/x.avif", "a.dcm", "b/__MACOSX/a.jpg", "._c.jpg", "Thumbs.db", ".DS_Store"]
    for name in [*names, "notes.txt", "b/more.txt", "README"]:
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / "IM0001").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "d.jpg").mkdir()
    (tmp_path / "d.jpg" / "inner.png").write_bytes(JPEG)
    (tmp_path / "linked").symlink_to(tmp_path)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("in.jpg", "nested.zip", "Thumbs.db", "__MACOSX/._in.jpg", "._in.jpg", "list.csv"):
            archive.writestr(name, JPEG)
    answers, passed_over = found(tmp_path)
    expected = ["IM0001", "a.dcm", "b/a.jpg", "b/x.avif", "c.HEIC", "d.jpg/inner.png", "photos.zip/in.jpg"]
    assert [str(Path(name).relative_to(tmp_path)) for name in answers] == expected
    assert set(answers.values()) == {""}
    assert passed_over == {
        ".txt": 2, "without a suffix": 1, "linked folder": 1, ".zip in an archive": 1, ".csv in an archive": 1
    }  # fmt: skip


def test_odd_arguments_are_a_row_each(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "broken.zip").write_bytes(b"PK")
    answers, _ = found("", tmp_path / ("x" * 300), tmp_path / "broken.zip", "-x.jpg", tmp_path)
    assert answers[""] == "The name of the file is empty."
    assert answers[str(tmp_path / "broken.zip")] == "The archive cannot be read: it is damaged, or no ZIP archive."
    assert {Path(name).name[:8] for name in answers} == {"", "xxxxxxxx", "broken.z", "-x.jpg", "loop.jpg", "pipe.jpg"}


def test_a_folder_that_the_system_refuses_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.jpg").write_bytes(JPEG)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    answers, _ = found(tmp_path)
    assert answers == {
        str(tmp_path / "a.jpg"): "", str(tmp_path / "closed"): "The folder cannot be read: Permission denied."
    }  # fmt: skip


def test_archives_say_why_they_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", JPEG)
        archive.writestr("b.jpg", JPEG)
    whole = path.read_bytes()
    directory = whole.rindex(b"PK\1\2")  # the entry of b.jpg in the directory
    for offset, value, words in (
        (10, 9, "packed by Deflate64, which skinnet cannot unpack: unpack the archive and name the folder."),
        (10, 77, "packed by method 77"),
        (16, 0, "damaged inside its archive"),  # the checksum
        (42, 0xFF, "damaged inside its archive"),  # where it begins
    ):
        data = bytearray(whole)
        data[directory + offset] = value
        path.write_bytes(data)
        answers, _ = found(path)
        assert answers[f"{path}/a.jpg"] == ""
        assert words in answers[f"{path}/b.jpg"]
    data = bytearray(whole)
    data[directory + 8] |= 1
    path.write_bytes(data)
    assert found(path)[0] == {str(path): "The archive cannot be read: photos.zip is encrypted: unpack it yourself."}
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in found(path)[0][str(path)]


def test_ten_thousand_entries_are_ten_thousand_pictures_wherever_their_names_point(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    names = [f"{'../' * (number % 3)}{'/' * (number % 2)}{number:05d}.jpg" for number in range(10_000)]
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    answers, _ = found(path)
    assert set(answers.values()) == {""}
    assert len(answers) == len(names)
    assert list(tmp_path.iterdir()) == [path]


def test_names_that_are_utf_8_without_saying_so_stay_readable(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Muttermal_Rücken_皮膚.jpg", JPEG)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 7), (b"PK\1\2", 9)):
        data[data.index(mark) + offset] &= ~8 & 0xFF
    path.write_bytes(data)
    assert found(path)[0] == {f"{path}/Muttermal_Rücken_皮膚.jpg": ""}
