from __future__ import annotations

import math
from pathlib import Path

import pytest

from skinnet.errors import DataError
from skinnet.files import read_json, read_table, remove_leftovers, write_json, write_text


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.json"
    write_json(path, {"a": 1})
    with pytest.raises(UnicodeEncodeError):  # after the temporary file was opened
        write_text(path, "half \ud800")
    assert read_json(path, advice="") == {"a": 1}
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]


def test_only_leftovers_of_our_own_are_removed(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in (".state.pt.7.tmp", ".notes.tmp", "images/.a.jpg.123.tmp"):
        (tmp_path / name).write_text("")
    remove_leftovers(tmp_path, deep=False)
    assert {path.name for path in tmp_path.rglob("*.tmp")} == {".notes.tmp", ".a.jpg.123.tmp"}
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.rglob("*.tmp")} == {".notes.tmp"}


def test_what_is_not_a_number_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "file.json", {"a": math.nan})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_damaged_json_is_told_with_advice(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(DataError, match=r"file\.json is .*damaged: make it again\."):
        read_json(tmp_path / "file.json", advice="make it again")
    with pytest.raises(DataError, match="is missing or damaged"):
        read_json(tmp_path / "absent.json", advice="make it again")


def test_a_table_that_lacks_a_column_is_told_with_advice(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("epoch,seconds\n1,2\n")
    assert read_table(tmp_path / "table.csv", advice="make it again", needs=["epoch"])["seconds"].tolist() == [2]
    with pytest.raises(DataError, match=r"table\.csv lacks the column loss: make it again\."):
        read_table(tmp_path / "table.csv", advice="make it again", needs=["epoch", "loss"])


def test_json_of_any_depth_is_told(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"file\.json is missing or damaged: make it again\."):
        read_json(tmp_path / "file.json", advice="make it again")
