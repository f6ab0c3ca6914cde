from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from skinnet.data.metadata import pictures_in, read_source
from skinnet.errors import DataError
from skinnet.files import read_json, write_json


def source(root: Path, name: str, pictures: list[str], **record: object) -> Path:
    """A folder as `acquire` leaves it, with blank pictures."""
    folder = root / name
    (folder / "images").mkdir(parents=True)
    for picture in pictures:
        Image.new("RGB", (64, 48)).save(folder / "images" / picture)
    (folder / "acquired.json").write_text(json.dumps({"source": name, **record}))
    return folder


def test_ham10000_keeps_its_words_and_unknown_is_missing(tmp_path: Path) -> None:
    folder = source(tmp_path, "ham10000", ["A.jpg", "B.jpg"])
    (folder / "HAM10000_metadata.csv").write_text(
        "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n"
        "L1,B,mel,histo,45.0,female,back,rosendahl\n"
        "L2,A,nv,follow_up,,unknown,unknown,vidir_modern\n"
    )
    table = read_source(folder)
    assert table["image_id"].tolist() == ["A", "B"]
    assert table["path"].tolist() == ["ham10000/images/A.jpg", "ham10000/images/B.jpg"]
    assert table["malignant"].tolist() == [False, True]
    assert table["clinic"].tolist() == ["vidir_modern", "rosendahl"]
    assert table.loc[0, ["age", "sex", "site", "patient_id", "skin_type"]].isna().all()
    assert table.loc[1, ["age", "sex", "site"]].tolist() == [45.0, "female", "back"]


def test_the_isic_2018_truth_is_one_column_for_each_diagnosis(tmp_path: Path) -> None:
    folder = source(tmp_path, "isic2018-test", ["ISIC_1.jpg", "ISIC_2.jpg", "ISIC_3.jpg"])
    (folder / "ISIC2018_Task3_Test_GroundTruth.csv").write_text(
        "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"
        "ISIC_1,1.0,0.0,0.0,0.0,0.0,0.0,0.0\nISIC_2,0,0,0,0,0,1,0\nISIC_3,0,0,0,0,0,0,0\n"
    )
    table = read_source(folder)
    assert table["dx"].tolist()[:2] == ["mel", "df"]
    assert table["malignant"].tolist()[:2] == [True, False]
    assert table.loc[2, ["dx", "malignant"]].isna().all()
    assert table["lesion_id"].isna().all()


def isic2017(root: Path, truths: dict[str, str]) -> Path:
    """The folder of the source, with a truth for each part of the challenge."""
    ids = [line.split(",")[0] for lines in truths.values() for line in lines.splitlines()]
    folder = source(root, "isic2017", [f"{image_id}.jpg" for image_id in ids])
    for part in ("Training", "Validation", "Test_v2"):
        (folder / f"ISIC-2017_{part}_Part3_GroundTruth.csv").write_text(
            "image_id,melanoma,seborrheic_keratosis\n" + truths.get(part, "")
        )
        (folder / f"ISIC-2017_{part}_Data_metadata.csv").write_text("image_id,age_approximate,sex\n")
    return folder


def test_the_isic_2017_truth_is_melanoma_keratosis_or_else_nevus(tmp_path: Path) -> None:
    folder = isic2017(
        tmp_path, {"Training": "I4,0.0,0.0\nI1,1.0,0.0\n", "Validation": "I2,0,1\n", "Test_v2": "I3,1,1\n"}
    )
    (folder / "ISIC-2017_Training_Data_metadata.csv").write_text(
        "image_id,age_approximate,sex\nI1,55,female\nI4,unknown,unknown\n"
    )
    table = read_source(folder)
    assert table["image_id"].tolist() == ["I1", "I2", "I3", "I4"]
    assert table["dx"].tolist()[:2] == ["mel", "bkl"]
    assert table["dx"][3] == "nv"
    assert table["dx_given"].tolist()[:2] == ["melanoma", "seborrheic_keratosis"]
    assert table.loc[2, ["dx", "malignant"]].isna().all()
    assert table["malignant"].tolist()[:2] == [True, False]
    assert table.loc[0, ["age", "sex"]].tolist() == [55.0, "female"]
    assert table.loc[3, ["age", "sex"]].isna().all()


def test_a_part_of_isic_2017_that_is_missing_or_cut_is_named(tmp_path: Path) -> None:
    folder = isic2017(tmp_path, {"Training": "I1,1.0,0.0\n"})
    truth = folder / "ISIC-2017_Test_v2_Part3_GroundTruth.csv"
    truth.write_text("image_id,melanoma\nI2,1\n")
    with pytest.raises(
        DataError, match=r"Test_v2_Part3_GroundTruth\.csv lacks the column seborrheic_keratosis: acquire"
    ):
        read_source(folder)
    truth.unlink()
    with pytest.raises(DataError, match=r"There is no .*Test_v2_Part3_GroundTruth\.csv: acquire the source again"):
        read_source(folder)


def test_the_archives_diagnoses_become_ours_or_stay_only_malignant(tmp_path: Path) -> None:
    diagnoses = [
        ("Malignant", "Malignant melanocytic proliferations (Melanoma)", "Melanoma in situ", "mel", True),
        ("Benign", "Benign melanocytic proliferations", "Nevus", "nv", False),
        ("Malignant", "Malignant adnexal epithelial proliferations - Follicular", "Basal cell carcinoma", "bcc", True),
        ("Indeterminate", "Indeterminate epidermal proliferations", "Solar or actinic keratosis", "akiec", True),
        ("Malignant", "Malignant epidermal proliferations", "Squamous cell carcinoma in situ", "akiec", True),
        ("Malignant", "Malignant epidermal proliferations", "Squamous cell carcinoma, Invasive", None, True),
        ("Benign", "Benign soft tissue proliferations - Vascular", "Hemangioma", "vasc", False),
        ("Benign", "Benign soft tissue proliferations - Vascular", "", "vasc", False),
        ("Benign", "Benign epidermal proliferations", "Pigmented benign keratosis", "bkl", False),
        ("Benign", "Benign soft tissue proliferations - Fibro-histiocytic", "Scar", None, False),
        ("Indeterminate", "Indeterminate melanocytic proliferations", "Atypical melanocytic neoplasm", None, None),
        ("", "", "", None, None),
    ]
    ids = [f"ISIC_{number:02d}" for number in range(len(diagnoses))]
    folder = source(tmp_path, "isic", [f"{image_id}.jpg" for image_id in ids])
    rows = pd.DataFrame([words[:3] for words in diagnoses], columns=[f"diagnosis_{level}" for level in (1, 2, 3)])
    rows.insert(0, "isic_id", ids)
    rows.assign(lesion_id="IL_1", patient_id="IP_1", fitzpatrick_skin_type="IV", sex="male", age_approx=40).to_csv(
        folder / "metadata.csv", index=False
    )
    table = read_source(folder)
    assert table["dx"].astype(object).where(table["dx"].notna(), None).tolist() == [row[3] for row in diagnoses]
    malignant = table["malignant"].astype(object).where(table["malignant"].notna(), None)
    assert malignant.tolist() == [row[4] for row in diagnoses]
    assert table["skin_type"].tolist() == [4] * len(diagnoses)
    assert set(table["patient_id"]) == {"IP_1"}


def test_squamous_cell_carcinoma_of_pad_ufes_is_malignant_without_a_class(tmp_path: Path) -> None:
    folder = source(tmp_path, "pad-ufes-20", [f"PAT_{number}.png" for number in range(6)])
    rows = pd.DataFrame(
        {
            "patient_id": "PAT_8", "lesion_id": "17", "diagnostic": ["ACK", "BCC", "MEL", "NEV", "SCC", "SEK"],
            "age": "62", "gender": "FEMALE", "region": "ARM", "fitspatrick": "2.0", "biopsed": "True",
            "img_id": [f"PAT_{number}.png" for number in range(6)],
        }
    )  # fmt: skip
    rows.to_csv(folder / "metadata.csv", index=False)
    table = read_source(folder)
    assert table["dx"].fillna("none").tolist() == ["akiec", "bcc", "mel", "nv", "none", "bkl"]
    assert table["malignant"].tolist() == [True, True, True, False, True, False]
    assert table["path"][0] == "pad-ufes-20/images/PAT_0.png"
    assert set(table["sex"]) == {"female"}
    assert set(table["skin_type"]) == {2}
    assert set(table["dx_type"]) == {"histo"}


def test_a_users_own_table_is_read_by_the_columns_that_were_named(tmp_path: Path) -> None:
    pictures = tmp_path / "clinic"
    pictures.mkdir()
    for name in ("a.jpg", "b.png"):
        Image.new("RGB", (64, 48)).save(pictures / name)
    (tmp_path / "cases.csv").write_text("file,finding,patient\na.jpg,Melanom,1\nb,Warze,2\nc,mel,3\n")
    folder = source(
        tmp_path, "ours", [], source="folder", images=str(pictures), csv=str(tmp_path / "cases.csv"),
        columns={"image_id": "file", "dx": "finding", "patient_id": "patient"}, diagnoses={"Melanom": "mel"},
    )  # fmt: skip
    table = read_source(folder)
    assert table["dx"].fillna("none").tolist() == ["mel", "none", "mel"]
    assert table["dx_given"].tolist() == ["Melanom", "Warze", "mel"]
    assert table["path"].tolist()[:2] == ["clinic/a.jpg", "clinic/b.png"]
    assert pd.isna(table["path"][2])


def clinic(root: Path, table: str, pictures: list[str], **record: object) -> Path:
    """A source of kind `folder`."""
    folder = source(root, "ours", pictures)
    (root / "cases.csv").write_text(table, encoding="utf-8-sig")
    words = {"source": "folder", "images": str(folder / "images"), "csv": str(root / "cases.csv"), "diagnoses": {}}
    words["columns"] = {"image_id": "file", "dx": "finding"}
    (folder / "acquired.json").write_text(json.dumps(words | record))
    return folder


@pytest.mark.parametrize(
    ("table", "record"),
    [
        ("file,finding\na,mel\nb,nv\n", {}),
        ("file;finding\na.jpg;mel\nb.JPG;nv\n", {"delimiter": ";"}),
        ("file,finding\na.jpg, MEL,\nB.jpg,nv ,\n", {}),
        ("file,finding\na,Melanom\nb,NAEVUS\n", {"diagnoses": {"melanom": "mel", "naevus": "nv"}}),
    ],
)
def test_a_users_table_may_be_written_in_many_ways(tmp_path: Path, table: str, record: dict[str, object]) -> None:
    read = read_source(clinic(tmp_path, table, ["a.jpg", "b.JPG"], **record))
    assert read["dx"].tolist() == (["mel", "nv"] if read["path"][0].endswith("a.jpg") else ["nv", "mel"])
    assert read["path"].notna().all()


def test_malignancy_alone_may_come_as_number_or_word(tmp_path: Path) -> None:
    table = "file,truth\na,1.0\nb,benign\nc,perhaps\n"
    folder = clinic(tmp_path, table, ["a.jpg", "b.jpg", "c.jpg"], columns={"image_id": "file", "malignant": "truth"})
    read = read_source(folder)
    assert read["malignant"].tolist()[:2] == [True, False]
    assert pd.isna(read["malignant"][2])
    assert read["dx_given"][2] == "perhaps"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("file,finding\na,mel\na.jpg,mel\n", r"Two rows of ours name ours/images/a\.jpg: keep one"),
        ("file,finding\nc,mel\n", "has 2 pictures named c: write their extension"),
        ("file\na\n", "lacks the column finding: run acquire folder --name ours again"),
    ],
)
def test_a_users_table_that_can_be_read_in_two_ways_is_refused(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_source(clinic(tmp_path, table, ["a.jpg", "c.jpg", "c.png"]))


def test_a_users_table_that_moved_is_told_with_its_path(tmp_path: Path) -> None:
    folder = clinic(tmp_path, "file,finding\na,mel\n", ["a.jpg"])
    (tmp_path / "cases.csv").unlink()
    with pytest.raises(DataError, match=r"There is no .*cases\.csv: run acquire folder --name ours again"):
        read_source(folder)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("image_id\n", "lacks the column lesion_id"),
        ("lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\nL,,nv,,,,,\n", "1 rows without an image id"),
        (
            "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\nL,A,nv,,,,,\nL,A,nv,,,,,\n",
            "name image A twice",
        ),
    ],
)
def test_metadata_that_cannot_be_trusted_are_refused(tmp_path: Path, metadata: str, words: str) -> None:
    folder = source(tmp_path, "ham10000", ["A.jpg"])
    (folder / "HAM10000_metadata.csv").write_text(metadata)
    with pytest.raises(DataError, match=words):
        read_source(folder)


def test_a_folder_that_was_not_acquired_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="run python -m skinnet acquire"):
        read_source(tmp_path / "nothing")


def test_a_truth_saved_from_a_spreadsheet_reads_alike(tmp_path: Path) -> None:
    folder = source(tmp_path, "isic2018-test", ["ISIC_1.jpg"])
    path = folder / "ISIC2018_Task3_Test_GroundTruth.csv"
    path.write_text("image;MEL;NV;BCC;AKIEC;BKL;DF;VASC\nISIC_1;1,0;0,0;0,0;0,0;0,0;0,0;0,0\n", encoding="utf-16")
    assert read_source(folder)["dx"].tolist() == ["mel"]
    path.write_text("image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\nISIC_1,1,0,0,0,0,0,\nISIC_2,1,0,0,0,0,0,2\n")
    with pytest.raises(DataError, match=r"has something else than 0 and 1 for ISIC_1, ISIC_2\."):
        read_source(folder)


def test_pictures_in_subfolders_are_found(tmp_path: Path) -> None:
    images, table = tmp_path / "photos", tmp_path / "table.csv"
    columns = {"image_id": "image_id", "dx": "dx"}
    folder = source(tmp_path, "ours", [], csv=str(table), images=str(images), columns=columns)
    write_json(folder / "acquired.json", read_json(folder / "acquired.json", advice="") | {"source": "folder"})
    for part, names, colour in (("part_1", "AC", "red"), ("part_2", "BC", "blue"), (".trash", "B", "red")):
        (images / part).mkdir(parents=True)
        for name in names:
            Image.new("RGB", (64, 48), colour).save(images / part / f"{name}.jpg")
    table.write_text("image_id,dx\nA,nv\nb.jpg,mel\npart_1/C,nv\npart_2\\C.jpg,df\n")
    paths = read_source(folder).set_index("image_id")["path"]
    assert paths["A"] == "photos/part_1/A.jpg"
    assert paths["b.jpg"] == "photos/part_2/B.jpg"
    assert paths["part_1/C"] == "photos/part_1/C.jpg"
    assert paths["part_2\\C.jpg"] == "photos/part_2/C.jpg"
    table.write_text("image_id,dx\nC,nv\n")
    with pytest.raises(DataError, match="has 2 pictures named C: write their extension or their folder"):
        read_source(folder)
    (images / "part_2" / "C.jpg").write_bytes((images / "part_1" / "C.jpg").read_bytes())
    assert read_source(folder)["path"].tolist() == ["photos/part_1/C.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
def test_what_is_named_like_a_picture_but_is_no_file_is_no_picture(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "deeper").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    assert pictures_in(tmp_path) == [tmp_path / "a.jpg"]
