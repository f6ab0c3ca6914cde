from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo.drawings import LOOKS, draw_lesion
from skinnet.data.index import FRAME, Index, load_cache, load_index, prepare, table_hash
from skinnet.data.partitions import label_hash, published_split
from skinnet.errors import DataError
from skinnet.images.photo import open_photo, to_input


@pytest.fixture
def copy(drawn_root: Path, tmp_path: Path) -> Path:
    """A prepared root of its own, with a cache already made."""
    shutil.copytree(drawn_root, tmp_path, dirs_exist_ok=True)
    return tmp_path


def images(root: Path) -> Path:
    return root / "ham10000" / "images"


def edit(root: Path, row: int, **columns: str) -> None:
    path = root / "ham10000" / "HAM10000_metadata.csv"
    table = pd.read_csv(path, dtype=str)
    for column, value in columns.items():
        table.loc[row, column] = value
    table.to_csv(path, index=False)


def add_clinic(
    root: Path, name: str = "clinic", *, looks: str = "mel", size: tuple[int, int] = (240, 180), seed: int = 9000
) -> Path:
    """A source of kind `folder`: 12 patients with two lesions each."""
    pictures = root / f"{name}-pictures"
    pictures.mkdir()
    rows = []
    for number in range(24):
        draw_lesion(LOOKS[looks], seed=seed + number, size=size).save(pictures / f"c{number}.jpg", quality=95)
        rows.append({"file": f"c{number}.jpg", "finding": looks, "person": f"P{number // 2}"})
    pd.DataFrame(rows).to_csv(root / f"{name}.csv", index=False)
    (root / name).mkdir()
    record = {
        "source": "folder", "images": str(pictures), "csv": str(root / f"{name}.csv"), "diagnoses": {},
        "columns": {"image_id": "file", "dx": "finding", "patient_id": "person"},
    }  # fmt: skip
    (root / name / "acquired.json").write_text(json.dumps(record))
    return pictures


def add_search(root: Path, name: str, ids: list[str], *, seed: int, **columns: object) -> None:
    """A source of kind `isic`."""
    (root / name / "images").mkdir(parents=True)
    for number, image_id in enumerate(ids):
        picture = draw_lesion(LOOKS["mel"], seed=seed + number, size=(200, 150))
        picture.save(root / name / "images" / f"{image_id}.jpg", quality=95)
    table = pd.DataFrame({"isic_id": ids, "attribution": "X", "copyright_license": "CC-0", "diagnosis_3": "Nevus"})
    table.assign(**columns).to_csv(root / name / "metadata.csv", index=False)
    (root / name / "acquired.json").write_text('{"source": "isic", "files": {}}')


def left_out(index: Index, reason: str) -> list[tuple[str, str]]:
    rows = index.left_out[index.left_out["reason"] == reason]
    return list(zip(rows["image_id"], rows["detail"].fillna(""), strict=True))


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


def test_another_source_is_split_by_patient_and_leaves_the_first_as_it_was(copy: Path) -> None:
    before = load_index(copy)
    add_clinic(copy)
    prepare(copy)
    assert table_hash(load_index(copy)) == table_hash(before)
    table = load_index(copy, sources=["clinic"])
    assert len(table) == 24
    assert (table.groupby("patient_id")["split"].nunique() == 1).all()
    assert set(table["split"]) == {"train", "val", "test"}
    assert table["lesion_id"].isna().all()


def test_a_photo_of_another_aspect_is_kept_whole(copy: Path) -> None:
    add_clinic(copy, size=(150, 200))
    prepare(copy)
    table = load_index(copy, sources=["clinic"])
    pixels = load_cache(copy, table)[0]
    assert (pixels == to_input(open_photo(copy / table["path"][0]), frame=FRAME)).all()
    assert pixels.shape[0] > pixels.shape[1]


def test_a_copy_in_another_source_is_in_the_same_split(copy: Path) -> None:
    pictures = add_clinic(copy)
    ours = load_index(copy)
    chosen = ours[(ours["split"] == "test") & (ours["dx"] == "mel")].iloc[0]
    open_photo(copy / chosen["path"]).transpose(2).save(pictures / "c7.jpg", quality=80)
    table = prepare(copy).table.set_index("image_id")
    assert table["group"]["c7.jpg"] == table["group"][chosen["image_id"]]
    assert table["split"][["c7.jpg", "c6.jpg", chosen["image_id"]]].nunique() == 1  # c6 is of the same patient


def test_the_official_partition_trains_on_all_of_ham10000(copy: Path) -> None:
    shutil.copytree(images(copy), copy / "isic2018-test" / "images")
    for number, path in enumerate(sorted((copy / "isic2018-test" / "images").iterdir())):
        open_photo(path).rotate(90).save(path.with_name(f"T{number}.jpg")) if number < 2 else None
        path.unlink()
    for number in range(2, 30):
        draw_lesion(LOOKS["mel"], seed=7000 + number).save(copy / "isic2018-test" / "images" / f"T{number}.jpg")
    truth = ["image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"] + [f"T{number},1,0,0,0,0,0,0" for number in range(30)]
    (copy / "isic2018-test" / "ISIC2018_Task3_Test_GroundTruth.csv").write_text("\n".join(truth) + "\n")
    (copy / "isic2018-test" / "acquired.json").write_text('{"source": "isic2018-test"}')
    table = prepare(copy).table
    official = pd.crosstab(table["source"], table["official"])
    assert official.loc["isic2018-test", "test"] == 30
    assert official.loc["ham10000", "test"] == 0
    assert official.loc["ham10000", "excluded"] >= 2
    chosen = load_index(copy, sources=["ham10000", "isic2018-test"], partition="official")
    used = chosen[chosen["split"].isin(["train", "val", "test"])]
    assert (used.groupby("group")["split"].nunique() == 1).all()


def test_the_official_partition_takes_no_other_source(copy: Path) -> None:
    add_clinic(copy)
    prepare(copy)
    with pytest.raises(DataError, match="clinic has no part in the official partition: it is of ham10000, isic2018-"):
        load_index(copy, sources=["ham10000", "clinic"], partition="official")


def test_images_of_ham10000_in_a_search_keep_their_published_split(tmp_path: Path) -> None:
    published = published_split()["split"]
    ids = [*published.index[published == "test"][:6], *published.index[published == "train"][:8]]
    add_search(tmp_path, "isic", [*ids, *(f"ISIC_99{number:05d}" for number in range(12))], seed=100)
    table = prepare(tmp_path).table.set_index("image_id")
    assert table.loc[ids, "split"].tolist() == published[ids].tolist()
    assert table.loc[ids, "official"].tolist() == ["train"] * 14


def test_two_searches_name_lesions_and_patients_alike(tmp_path: Path) -> None:
    for number, name in enumerate(("young", "old")):
        ids = [f"ISIC_{9_000_000 + 100 * number + position}" for position in range(20)]
        lesions = [f"IL_{position}" for position in range(20)]
        patients = [f"IP_{position // 2}" for position in range(20)]
        add_search(tmp_path, name, ids, seed=200 + 50 * number, lesion_id=lesions, patient_id=patients)
    table = prepare(tmp_path).table
    assert table["group"].nunique() == 10
    for kind in ("lesion_id", "patient_id"):
        assert (table.groupby(kind)["split"].nunique() == 1).all()
        assert (table.groupby(kind)["fold"].nunique() <= 1).all()


def test_two_clinics_may_name_their_files_alike(tmp_path: Path) -> None:
    add_clinic(tmp_path, "north")
    add_clinic(tmp_path, "south", seed=9500)
    assert prepare(tmp_path, ["north", "south", "north"]).table["group"].nunique() == 24


def test_a_patient_who_links_published_splits_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    published = published_split()["split"]
    ids = [published.index[published == name][0] for name in ("test", "train")]
    add_search(tmp_path, "isic", ids, seed=300, patient_id=["IP_1", "IP_1"])
    table = prepare(tmp_path).table.set_index("image_id")
    assert table.loc[ids, "split"].tolist() == ["test", "excluded"]
    assert "1 images leave their published split" in caplog.text


def test_a_table_without_one_usable_image_is_listed_and_refused(tmp_path: Path) -> None:
    pictures = add_clinic(tmp_path)
    for path in pictures.iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(DataError, match=r"Not one image in .* can be used: see .*left_out\.csv"):
        prepare(tmp_path)
    assert len(pd.read_csv(tmp_path / "left_out.csv")) == 24


def test_a_source_without_our_diagnoses_is_told(tmp_path: Path) -> None:
    add_clinic(tmp_path)
    record = json.loads((tmp_path / "clinic" / "acquired.json").read_text())
    record["columns"] = {"image_id": "file", "malignant": "finding"}
    (tmp_path / "clinic" / "acquired.json").write_text(json.dumps(record))
    table = pd.read_csv(tmp_path / "clinic.csv").assign(finding="malignant")
    table.to_csv(tmp_path / "clinic.csv", index=False)
    assert prepare(tmp_path).table["malignant"].all()
    with pytest.raises(DataError, match=r"No image of clinic has one of our diagnoses \(akiec, bcc"):
        load_index(tmp_path, sources=["clinic"])


def test_a_few_images_are_all_for_testing(copy: Path, tmp_path: Path) -> None:
    root = tmp_path / "few"
    root.mkdir()
    add_clinic(root)
    table = pd.read_csv(root / "clinic.csv").head(6)
    table.to_csv(root / "clinic.csv", index=False)
    index = prepare(root)
    assert set(index.table["split"]) == {"test"}
    assert len(left_out(index, "image without a row")) == 18
    assert np.isnan(index.table["age"]).all()
