from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from skinnet.errors import DataError
from skinnet.readers import read_source


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
