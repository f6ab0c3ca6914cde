from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinnet.__main__ import main
from skinnet.data.index import load_index
from skinnet.errors import DataError
from skinnet.explain.heatmaps import METHODS, OFFERED
from skinnet.files import read_json
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASSES
from skinnet.studies.faithfulness.measure import Measured, in_turn, measure
from skinnet.studies.faithfulness.photo_rows import CROPPED, WHOLE, correlation


@pytest.fixture(scope="module")
def masked_root(drawn_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn data with a mask for each photo; the drawn lesions lie in the middle."""
    root = tmp_path_factory.mktemp("masked")
    for path in drawn_root.iterdir():
        if path.name != "ham10000":
            (root / path.name).symlink_to(path)
    folder = root / "ham10000"
    folder.mkdir()
    for path in (drawn_root / "ham10000").iterdir():
        if path.name != "masks":
            (folder / path.name).symlink_to(path)
    (folder / "masks").mkdir()
    mask = np.zeros((45, 60), np.uint8)
    mask[12:33, 18:42] = 255
    for image_id in load_index(root)["image_id"]:
        Image.fromarray(mask).save(folder / "masks" / f"{image_id}_segmentation.png")
    return root


@pytest.fixture(scope="module")
def measured(masked_root: Path, tiny_checkpoint: Path) -> Measured:
    return measure(Classifier.load(tiny_checkpoint), root=masked_root, split="val", limit=3, curve_lesions=1)


def test_every_photo_is_measured_whole_and_cropped_with_every_method(measured: Measured) -> None:
    assert measured.split == "val"
    counts = measured.maps.groupby(["image_id", "framing"]).size().unstack()
    assert counts.shape == (3, 2)
    assert (counts[[WHOLE, CROPPED]] == len(OFFERED)).all(axis=None)
    assert set(measured.maps["diagnosis"]) <= set(CLASSES)
    assert measured.maps["energy"].dropna().between(0, 1).all()
    assert measured.maps["offset"].max() < 0.05
    assert set(measured.curves["method"]) == {"blob", "random", *OFFERED}
    assert measured.curves[["insertion", "deletion"]].min(axis=None) >= 0
    assert len(measured.agreement) == 3 * len(METHODS) * (len(METHODS) - 1) / 2
    assert set(measured.cascade["method"]) == set(OFFERED)


def test_the_limit_takes_the_diagnoses_in_turn() -> None:
    table = pd.DataFrame({"dx": ["nv"] * 50 + ["mel"] * 3 + ["df"] * 2, "image_id": range(55)})
    ordered = in_turn(table)
    assert ordered["dx"].tolist()[:8] == ["df", "mel", "nv", "df", "mel", "nv", "mel", "nv"]
    assert sorted(ordered["image_id"]) == list(range(55))
    assert in_turn(table)["image_id"].tolist() == ordered["image_id"].tolist()


def test_an_empty_split_and_a_missing_mask_are_told(masked_root: Path, tiny_checkpoint: Path) -> None:
    classifier = Classifier.load(tiny_checkpoint)
    with pytest.raises(DataError, match="The split none has no photos"):
        measure(classifier, root=masked_root, split="none")


def test_a_flat_map_correlates_with_nothing() -> None:
    assert np.isnan(correlation(np.ones(4), np.arange(4.0)))
    assert correlation(np.arange(4.0), 2 * np.arange(4.0)) == pytest.approx(1)


def test_the_command_writes_table_figures_and_settings(
    masked_root: Path, tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["faithfulness", "--root", str(masked_root), "--checkpoint", str(tiny_checkpoint), "--split", "val"]
    assert main([*command, "--limit", "2", "--curve-lesions", "1", "--out", str(tmp_path)]) == 0
    assert "n = 2 photos of 2 lesions" in capsys.readouterr().out
    report = read_json(tmp_path / "faithfulness.json", advice="")
    assert (report["split"], report["photos"], report["checkpoint"]) == ("val", 2, tiny_checkpoint.name)
    assert set(report["goal"]) == set(OFFERED)
    assert len(pd.read_csv(tmp_path / "faithfulness.csv")) == len(report["summary"])
    with Image.open(tmp_path / "faithfulness.png") as figure:
        assert figure.width > 1000
