from __future__ import annotations

from pathlib import Path

import pytest

from skinnet.errors import DataError
from skinnet.evaluation.truth_table import read_truth


def test_a_table_with_diagnoses_is_read_whatever_program_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_bytes("\ufeffFile;DX\r\nphotos\\a.jpg;MEL\r\nb.jpg;nv\r\n".encode())
    truth = read_truth(path)
    assert truth.to_dict("list") == {"file": ["a.jpg", "b.jpg"], "lesion_id": ["a.jpg", "b.jpg"], "dx": ["mel", "nv"]}


def test_yes_and_no_are_read_as_malignant_or_not(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("image,malignant,lesion_id\na.jpg,yes,L1\nb.jpg,No,L1\nc.jpg,1,\n")
    truth = read_truth(path)
    assert truth["malignant"].tolist() == [True, False, True]
    assert truth["lesion_id"].tolist() == ["L1", "L1", "c.jpg"]


@pytest.mark.parametrize("name", ["image", "image_id", "filename", "file", "Path"])
@pytest.mark.parametrize("truth", ["dx", "diagnosis", "label", "Target"])
def test_common_names_of_columns_are_understood(name: str, truth: str, tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"{name},{truth}\na.jpg,mel\nb.jpg,nv\n")
    assert read_truth(path)[["file", "dx"]].to_numpy().tolist() == [["a.jpg", "mel"], ["b.jpg", "nv"]]
    path.write_text(f"{name},{truth}\na.jpg,1\nb.jpg,0\n")
    assert read_truth(path)["malignant"].tolist() == [True, False]
    path.write_text(f"{name},{truth},location_id,dx,image_id\n1,7,x,mel,a.jpg\n2,8,y,nv,b.jpg\n")
    if {name, truth}.isdisjoint({"dx", "image_id"}):
        assert read_truth(path)["dx"].tolist() == ["mel", "nv"]  # our own names come first


@pytest.mark.parametrize("name", ["diagnosis", "label", "target"])
def test_a_column_of_our_name_counts_before_another_that_might_mean_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"image_id,file,{name},malignant\n1,a.jpg,0,yes\n2,b.jpg,1,no\n")
    assert read_truth(path)[["file", "malignant"]].to_numpy().tolist() == [["a.jpg", True], ["b.jpg", False]]
    path.write_text(f"file,{name},malignant\na.jpg,excised,yes\nb.jpg,watched,no\n")
    assert read_truth(path)["malignant"].tolist() == [True, False]
    path.write_text("file,dx,malignant\na.jpg,0,yes\nb.jpg,1,no\n")
    with pytest.raises(DataError, match="a dx that is none of"):
        read_truth(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,dx\na.jpg,mel\na.jpg,nv\n", "an empty or repeated file name in row 3"),
        ("file,dx\na.jpg,mel\nb.jpg,wart\n", "a dx that is none of akiec, .* in row 3"),
        ("file,malignant\na.jpg,perhaps\n", "neither yes nor no in malignant in row 2"),
        ("file,age\na.jpg,30\n", "needs a column dx"),
        ("who,dx\na.jpg,mel\n", "a column file with its name"),
        ("file,dx\n", "needs a row for each photo"),
        ("", "is empty"),
    ],
)
def test_a_table_that_does_not_fit_gets_a_sentence_with_its_row(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        read_truth(path)
