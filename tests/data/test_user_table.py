"""One table as many programs would write it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from skinnet.data.user_table import as_numbers, read_user_table
from skinnet.errors import DataError

PLAIN = "image_id,dx,size,where\nA,mel,0.5,Fuß\nB,nv,2.25,\n"
SEMICOLONS = PLAIN.replace(",", ";").replace(".", ",")
TABS = PLAIN.replace(",", "\t").replace(".", ",")
EXPECTED = pd.DataFrame(
    {"image_id": ["A", "B"], "dx": ["mel", "nv"], "size": [0.5, 2.25], "where": ["Fuß", None]}, index=[2, 3]
).astype({"image_id": "str", "dx": "str", "where": "str"})


def read(path: Path) -> pd.DataFrame:
    return read_user_table(path, wanted={"image_id", "dx"}, advice="name another")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8"),
        (PLAIN, "utf-8-sig"),
        (PLAIN.replace("\n", "\r\n"), "utf-8"),
        (PLAIN.replace(",", ", ").replace("0.5", '"0,5"'), "latin-1"),
        (SEMICOLONS, "cp1252"),
        ("sep=;\r\n" + SEMICOLONS, "utf-8-sig"),
        (SEMICOLONS.replace("where", "where;;").replace("Fuß", "Fuß;;"), "utf-8"),
        (TABS, "utf-16"),
        (TABS, "utf-16-le"),
        (TABS, "utf-16-be"),
        (PLAIN.replace(",", "|"), "utf-8"),
    ],
)
def test_every_program_s_way_to_write_a_table_reads_alike(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(text.encode(encoding))
    table = read(tmp_path / "table.csv")
    shift = text.startswith("sep=")
    expected = EXPECTED.set_index(EXPECTED.index + shift)
    pd.testing.assert_frame_equal(table.assign(size=as_numbers(table["size"])), expected)


def test_empty_rows_count_and_short_ones_are_filled(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("image_id,dx\n\nA\n,\nB,NA\n")
    table = read(tmp_path / "table.csv")
    assert table.index.tolist() == [3, 5]
    assert table["image_id"].tolist() == ["A", "B"]
    assert table["dx"].isna().all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: name another"),
        (b"\n\n", "is empty: name another"),
        (
            b"image_id,size\nA,0,5\nB,7\nC,1,5\n",
            "more cells than columns in row 2, 4: put quotes around decimal commas",
        ),
        (b"image_id,dx,dx\nA,nv,nv\n", "has the column dx twice: rename one"),
        (b'image_id,dx\n"A,nv\nB,nv\n', "has a broken quote at line 3"),
        (b"PK\x03\x04" + bytes(50), "is a workbook: save it as CSV"),
        (b"image_id\x00\x01\x02", "is no table of text: name another"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read(tmp_path / "table.csv")
    with pytest.raises(DataError, match=r"There is no table .*: name another"):
        read(tmp_path)
