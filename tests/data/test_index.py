from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from skinnet.data.index import FRAME, load_cache, load_index, prepare, table_hash
from skinnet.data.partitions import label_hash
from skinnet.errors import DataError
from skinnet.images.photo import open_photo, to_input
from tests.data.made_up_sources import add_clinic, edit, images, left_out


def test_the_index_has_every_image_once_with_its_split(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    assert len(table) == table["image_id"].nunique() == 210
    assert (table.groupby("lesion_id")["split"].nunique() == 1).all()
    assert (pd.crosstab(table["dx"], table["split"]) > 0).all(axis=None)
    assert table["age"].isna().sum() == len(range(0, 210, 9))
    assert set(zip(table["width"], table["height"], strict=True)) == {(240, 180)}
    assert pd.read_csv(drawn_root / "left_out.csv").empty


def test_folds_are_inside_train_and_val_and_split_no_lesion(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    assert (table["fold"].isna() == (table["split"] == "test")).all()
    assert set(table["fold"].dropna()) == {0, 1, 2, 3, 4}
    assert (table.groupby("group")["fold"].nunique() <= 1).all()
    assert (pd.crosstab(table["dx"], table["fold"]) > 0).all(axis=None)


def test_the_split_file_says_what_it_was_made_from(drawn_root: Path) -> None:
    first, *_ = (drawn_root / "splits.csv").read_text().splitlines()
    assert first == f"# version 2, seed 2018, labels sha256 {label_hash(load_index(drawn_root))}"
    split = pd.read_csv(drawn_root / "splits.csv", comment="#")
    assert split["split"].tolist() == load_index(drawn_root)["split"].tolist()


def test_the_cache_holds_what_the_command_line_would_compute(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    cache = load_cache(drawn_root, table)
    for position in (0, 100, 209):
        photo = open_photo(drawn_root / table["path"][position])
        assert (cache[position] == to_input(photo, frame=FRAME)).all()


def test_preparing_again_changes_nothing(copy: Path) -> None:
    def state() -> dict[str, tuple[bytes, int]]:
        names = ("index.csv", "splits.csv", "left_out.csv", "cache/journal.jsonl")
        return {name: ((copy / name).read_bytes(), (copy / "cache/pixels.u8").stat().st_mtime_ns) for name in names}

    prepare(copy)
    before = state()
    prepare(copy)
    assert state() == before


def test_images_that_changed_since_they_were_split_are_refused(copy: Path) -> None:
    table = load_index(copy)
    shutil.copyfile(images(copy) / "DRAWN_0001.jpg", images(copy) / "DRAWN_0000.jpg")
    with pytest.raises(DataError, match="changed since they were split: run python -m skinnet prepare"):
        load_cache(copy, table)


def test_a_damaged_index_is_told_with_the_command_that_mends_it(copy: Path) -> None:
    for content, words in [(b"\xff\xfe\x00", "is damaged"), (b"", "is damaged"), (b"a,b\n1,2\n", "lacks the column")]:
        (copy / "index.csv").write_bytes(content)
        with pytest.raises(DataError, match=f"{words}.*run python -m skinnet prepare"):
            load_index(copy)


def test_byte_identical_images_share_a_group_and_a_split(copy: Path) -> None:
    edit(copy, 200, dx=pd.read_csv(copy / "ham10000" / "HAM10000_metadata.csv")["dx"][0])
    shutil.copyfile(images(copy) / "DRAWN_0200.jpg", images(copy) / "DRAWN_0000.jpg")
    table = prepare(copy).table.set_index("image_id")
    assert table["lesion_id"]["DRAWN_0000"] != table["lesion_id"]["DRAWN_0200"]
    assert table["group"]["DRAWN_0000"] == table["group"]["DRAWN_0200"]
    assert table["split"]["DRAWN_0000"] == table["split"]["DRAWN_0200"]


def test_byte_identical_images_with_different_labels_are_listed(copy: Path) -> None:
    shutil.copyfile(images(copy) / "DRAWN_0200.jpg", images(copy) / "DRAWN_0000.jpg")
    index = prepare(copy)
    names = "ham10000/DRAWN_0000, ham10000/DRAWN_0200"
    assert left_out(index, "same bytes, other diagnosis") == [("DRAWN_0000", names), ("DRAWN_0200", names)]
    assert len(index.table) == 208


def test_nobodys_copy_takes_an_image_out_of_ham10000(copy: Path) -> None:
    """A stranger's copy under another diagnosis goes; one that only says less follows."""
    pictures = add_clinic(copy, looks="nv")
    table = load_index(copy)
    chosen = table[table["dx"] == "mel"]["path"].tolist()
    shutil.copyfile(copy / chosen[0], pictures / "c0.jpg")
    rows = pd.read_csv(copy / "clinic.csv").assign(risk="")
    rows.loc[1, ["finding", "risk"]] = [None, "malignant"]
    rows.to_csv(copy / "clinic.csv", index=False)
    record = json.loads((copy / "clinic" / "acquired.json").read_text())
    record["columns"]["malignant"] = "risk"
    (copy / "clinic" / "acquired.json").write_text(json.dumps(record))
    shutil.copyfile(copy / chosen[1], pictures / "c1.jpg")
    index = prepare(copy)
    assert [image for image, _ in left_out(index, "same bytes, other diagnosis")] == ["c0.jpg"]
    assert len(load_index(copy)) == 210
    by_id = index.table.set_index("image_id")
    assert by_id["group"]["c1.jpg"] == by_id["group"][Path(chosen[1]).stem]


def test_a_diagnosis_that_is_none_of_ours_is_listed_by_name(copy: Path) -> None:
    edit(copy, 3, dx="wart")
    edit(copy, 4, dx="")
    assert left_out(prepare(copy), "diagnosis unknown") == [("DRAWN_0003", "wart"), ("DRAWN_0004", "")]


def test_rows_and_images_without_each_other_are_listed(copy: Path) -> None:
    (images(copy) / "DRAWN_0005.jpg").rename(images(copy) / "STRAY.jpg")
    index = prepare(copy)
    assert [image for image, _ in left_out(index, "row without an image")] == ["DRAWN_0005"]
    assert [image for image, _ in left_out(index, "image without a row")] == ["STRAY.jpg"]
    assert len(index.table) == 209
    assert len(pd.read_csv(copy / "left_out.csv")) == 2


def test_a_damaged_image_is_listed_with_what_is_wrong(copy: Path) -> None:
    (images(copy) / "DRAWN_0005.jpg").write_bytes(b"broken")
    [(image, detail)] = left_out(prepare(copy), "image does not decode")
    assert image == "DRAWN_0005"
    assert detail.startswith("The file is not a picture")


def test_the_hash_follows_the_data(drawn_root: Path) -> None:
    table = load_index(drawn_root)
    assert table_hash(table) == table_hash(table.sample(frac=1, random_state=0))
    assert table_hash(table) != table_hash(table.assign(split="train"))


def test_missing_data_are_told_with_the_command_that_mends_them(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(DataError, match="run python -m skinnet prepare"):
        load_index(tmp_path / "nowhere")
    with pytest.raises(DataError, match="run python -m skinnet acquire"):
        prepare(tmp_path / "nowhere")
    with pytest.raises(DataError, match="has no images of pad-ufes-20: acquire it, then run"):
        load_index(copy, sources=["pad-ufes-20"])
    shutil.rmtree(images(copy))
    with pytest.raises(DataError, match="There is no folder"):
        prepare(copy)
