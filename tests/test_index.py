from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from skinnet.errors import DataError
from skinnet.index import FRAME, load_cache, load_index, prepare, read_metadata, table_hash
from skinnet.preprocess import open_photo, to_input


@pytest.fixture
def copy(drawn_root: Path, tmp_path: Path) -> Path:
    shutil.copytree(drawn_root / "ham10000", tmp_path / "ham10000")
    return tmp_path


def edit(folder: Path, **columns: str) -> None:
    path = folder / "HAM10000_metadata.csv"
    table = pd.read_csv(path)
    for column, value in columns.items():
        table.loc[0, column] = value
    table.to_csv(path, index=False)


def test_the_index_has_every_image_once_with_its_split(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    assert len(table) == table["image_id"].nunique() == 210
    assert (table.groupby("lesion_id")["split"].nunique() == 1).all()
    assert (pd.crosstab(table["dx"], table["split"]) > 0).all(axis=None)
    assert table["age"].isna().sum() == len(range(0, 210, 9))


def test_the_cache_holds_what_the_command_line_would_compute(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    cache = load_cache(drawn_root, table)
    for position in (0, 100, 209):
        photo = open_photo(drawn_root / "ham10000" / table["path"][position])
        assert (cache[position] == to_input(photo, frame=FRAME)).all()


def test_the_cache_is_made_once_and_again_when_a_file_changes(copy: Path, drawn_root: Path) -> None:
    pixels = copy / "ham10000" / "cache" / "pixels.u8"
    prepare(copy)
    first = pixels.stat().st_mtime_ns
    prepare(copy)
    assert pixels.stat().st_mtime_ns == first
    images = copy / "ham10000" / "images"
    shutil.copyfile(images / "DRAWN_0001.jpg", images / "DRAWN_0000.jpg")
    table = prepare(copy)
    assert pixels.stat().st_mtime_ns > first
    assert table["sha256"][0] == table["sha256"][1]


def test_images_that_changed_since_they_were_split_are_refused(copy: Path) -> None:
    table = prepare(copy)
    images = copy / "ham10000" / "images"
    shutil.copyfile(images / "DRAWN_0001.jpg", images / "DRAWN_0000.jpg")
    with pytest.raises(DataError, match="changed since they were split: run python -m skinnet prepare"):
        load_cache(copy, table)


def test_a_damaged_cache_is_made_again(copy: Path) -> None:
    table = prepare(copy)
    before = load_cache(copy, table)[7].copy()
    pixels = copy / "ham10000" / "cache" / "pixels.u8"
    pixels.write_bytes(pixels.read_bytes()[:5000])
    assert (load_cache(copy, table)[7] == before).all()


def test_a_damaged_index_is_told_with_the_command_that_mends_it(copy: Path) -> None:
    path = copy / "ham10000" / "index.csv"
    for content, words in [(b"\xff\xfe\x00", "is damaged"), (b"", "is damaged"), (b"a,b\n1,2\n", "lacks the column")]:
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{words}.*run python -m skinnet prepare"):
            load_index(copy)


def test_byte_identical_images_share_a_group_and_a_split(copy: Path) -> None:
    images = copy / "ham10000" / "images"
    shutil.copyfile(images / "DRAWN_0200.jpg", images / "DRAWN_0000.jpg")
    table = prepare(copy).set_index("image_id")
    assert table["lesion_id"]["DRAWN_0000"] != table["lesion_id"]["DRAWN_0200"]
    assert table["group"]["DRAWN_0000"] == table["group"]["DRAWN_0200"]
    assert table["split"]["DRAWN_0000"] == table["split"]["DRAWN_0200"]


def test_the_hash_follows_the_data(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    assert table_hash(table) == table_hash(table.sample(frac=1, random_state=0))
    assert table_hash(table) != table_hash(table.assign(split="train"))


def test_missing_data_are_told_with_the_command_that_mends_them(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(DataError, match="run python -m skinnet prepare"):
        load_index(tmp_path / "nowhere")
    with pytest.raises(DataError, match="run python -m skinnet acquire"):
        prepare(tmp_path / "nowhere")
    (copy / "ham10000" / "images" / "DRAWN_0005.jpg").unlink()
    with pytest.raises(DataError, match=r"1 of 210 images are missing .* first is images/DRAWN_0005\.jpg"):
        prepare(copy)


def test_a_damaged_image_is_named(copy: Path) -> None:
    (copy / "ham10000" / "images" / "DRAWN_0005.jpg").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"DRAWN_0005\.jpg: The file is not a picture"):
        prepare(copy)


def test_odd_metadata_are_refused(copy: Path) -> None:
    folder = copy / "ham10000"
    edit(folder, dx="wart")
    with pytest.raises(DataError, match="has the diagnosis 'wart', which is none of akiec"):
        read_metadata(folder)
    edit(folder, dx="nv", image_id="DRAWN_0001")
    with pytest.raises(DataError, match="names image DRAWN_0001 twice"):
        read_metadata(folder)
    edit(folder, image_id="DRAWN_0000", lesion_id="")
    with pytest.raises(DataError, match="has rows without image_id, lesion_id or dx"):
        read_metadata(folder)
    (folder / "HAM10000_metadata.csv").write_text("lesion_id,image_id\n")
    with pytest.raises(DataError, match="lacks the column dx"):
        read_metadata(folder)


def test_too_few_lesions_are_refused(copy: Path) -> None:
    path = copy / "ham10000" / "HAM10000_metadata.csv"
    table = pd.read_csv(path)
    table[(table["dx"] != "df") | (table["lesion_id"] == "LESION_df_0")].to_csv(path, index=False)
    with pytest.raises(DataError, match=r"Too few lesions to split: df \(1\)"):
        prepare(copy)
