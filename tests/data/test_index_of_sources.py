from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.data.index import FRAME, load_cache, load_index, prepare, table_hash
from skinnet.data.partitions import published_split
from skinnet.errors import DataError
from skinnet.images.photo import open_photo, to_input
from tests.data.made_up_sources import add_clinic, add_search, images, left_out
from tests.drawings import LOOKS, draw_lesion


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
