from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from skinnet.errors import DataError
from skinnet.evaluation.evaluate import evaluate
from skinnet.evaluation.external_table import read_external_table
from skinnet.labels import CLASSES, probability_columns


def written(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "theirs.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture
def plain(predictions: pd.DataFrame) -> pd.DataFrame:
    shares = predictions[probability_columns()]
    shares = shares.div(shares.sum(axis=1), axis=0)
    return shares.assign(dx=predictions["dx"], lesion_id=predictions["lesion_id"])


def test_three_spellings_of_one_table_read_alike(plain: pd.DataFrame, tmp_path: Path) -> None:
    ours = read_external_table(written(plain, tmp_path))
    capitals = plain.rename(columns={f"p_{name}": name.upper() for name in CLASSES})
    one_hot = plain.drop(columns="dx").assign(**{name.upper(): 1.0 * (plain["dx"] == name) for name in CLASSES})
    for other in (capitals, one_hot, one_hot.assign(target=1)):
        pd.testing.assert_frame_equal(read_external_table(written(other, tmp_path)), ours)
    assert ours[probability_columns()].to_numpy() == pytest.approx(plain[probability_columns()].to_numpy())
    assert ours["lesion_id"].tolist() == plain["lesion_id"].tolist()


def test_without_ids_each_row_is_an_image_and_a_lesion(plain: pd.DataFrame, tmp_path: Path) -> None:
    table = read_external_table(written(plain.drop(columns="lesion_id"), tmp_path))
    assert table["lesion_id"].tolist() == table["image_id"].tolist() == [str(row) for row in range(2, 402)]


def test_the_field_s_other_names_are_understood(plain: pd.DataFrame, tmp_path: Path) -> None:
    named = plain.assign(image=range(400), localization="back", dataset="rosendahl", age=40)
    table = read_external_table(written(named.rename(columns={"dx": "Diagnosis"}), tmp_path))
    assert table["dx"].tolist() == plain["dx"].tolist()
    assert table.loc[0, ["image_id", "site", "clinic", "age"]].tolist() == ["0", "back", "rosendahl", 40]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dx": None}, "has a dx that is none of akiec, bcc, .* in row 2, 3, 4, 5, 6 and 395 more"),
        ({"p_mel": "high"}, "has no number in p_mel in row 2, 3"),
        ({"p_mel": -0.1}, "has a probability below 0 or above 1 in row 2"),
        ({"p_mel": None}, "has no number in p_mel in row 2, 3"),
        ({"p_mel": "inf"}, "has no number in p_mel in row 2, 3"),
        ({"p_mel": 1.5}, "has a probability below 0 or above 1 in row 2"),
        ({"p_mel": 1.0}, "has probabilities that do not sum to 1 in row 2"),
        ({"image_id": "same"}, "has an empty or repeated image id in row 3, 4"),
    ],
)
def test_bad_rows_are_named(plain: pd.DataFrame, tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_external_table(written(plain.assign(**change), tmp_path))


def test_missing_columns_are_named(plain: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lacks the probabilities p_df, p_vasc"):
        read_external_table(written(plain.drop(columns=["p_df", "p_vasc"]), tmp_path))
    with pytest.raises(DataError, match="has no true diagnoses: it needs a column dx"):
        read_external_table(written(plain.drop(columns="dx"), tmp_path))
    ones = {name.upper(): 0 for name in CLASSES}
    with pytest.raises(DataError, match="not exactly one 1 in the seven columns"):
        read_external_table(written(plain.drop(columns="dx").assign(**ones), tmp_path))
    with pytest.raises(DataError, match="has no rows"):
        read_external_table(written(plain[:0], tmp_path))
    with pytest.raises(DataError, match="name a CSV file"):
        read_external_table(tmp_path / "nowhere.csv")


def test_a_table_from_a_spreadsheet_reads_alike(plain: pd.DataFrame, tmp_path: Path) -> None:
    ours = read_external_table(written(plain, tmp_path))
    (tmp_path / "excel.txt").write_text(plain.to_csv(index=False, sep="\t", decimal=","), encoding="utf-16")
    pd.testing.assert_frame_equal(read_external_table(tmp_path / "excel.txt"), ours)


def test_a_table_of_one_diagnosis_is_evaluated_as_far_as_it_goes(plain: pd.DataFrame, tmp_path: Path) -> None:
    table = read_external_table(written(plain[plain["dx"] == "nv"], tmp_path))
    metrics = evaluate(table, decision=None, draws=20)["image"]
    assert metrics.overall["malignant_auroc"].value is None
    assert metrics.decision_curve is None
    assert metrics.rules["displayed"].overall["accuracy"].value is not None
