from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.device import describe, pick_device
from skinnet.errors import DataError
from skinnet.figures import FIGURES
from skinnet.release import README_BEGIN, README_END, publish, release, with_results


def test_raw_data_become_a_published_checkpoint_that_judges(
    tiny_checkpoint: Path, drawn_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """acquire, prepare, train and release ran for the fixtures; evaluate and predict follow here."""
    config = json.loads((tiny_checkpoint / "config.json").read_text())
    assert config["training"]["epochs"] == 2
    assert config["counts"]["train"] + config["counts"]["val"] + config["counts"]["test"] == 210
    assert config["machine"] == describe(pick_device())
    for name in FIGURES:
        assert (tiny_checkpoint / "figures" / f"{name}.png").stat().st_size > 10_000
    assert "Not for diagnosis" in (tiny_checkpoint / "MODEL_CARD.md").read_text()

    published = pd.read_csv(tiny_checkpoint / "predictions.csv")
    images = drawn_root / "ham10000" / "images"
    test_rows = published[published["split"] == "test"].head(5)
    paths = [str(images / f"{image_id}.jpg") for image_id in test_rows["image_id"]]
    assert main(["predict", *paths, "--checkpoint", str(tiny_checkpoint), "--format", "csv"]) == 0
    judged = pd.read_csv(io.StringIO(capsys.readouterr().out))
    columns = [column for column in judged if column.startswith("p_")]
    assert judged[columns].to_numpy() == pytest.approx(test_rows[columns].to_numpy(), abs=1e-3)

    out = tiny_checkpoint.parent / "evaluated"
    arguments = ["evaluate", "--checkpoint", str(tiny_checkpoint), "--root", str(drawn_root), "--out", str(out)]
    assert main(arguments) == 0
    assert "| Balanced accuracy (balanced rule) | " in capsys.readouterr().out
    saved = json.loads((out / "metrics.json").read_text())["test"]["overall"]
    released = json.loads((tiny_checkpoint / "metrics.json").read_text())["test"]["overall"]
    assert saved["macro_auroc"]["value"] == pytest.approx(released["macro_auroc"]["value"], abs=1e-6)


def test_publishing_again_changes_nothing(tiny_checkpoint: Path) -> None:
    names = ["metrics.json", "MODEL_CARD.md", "figures/roc.png", "figures/confusion.png"]
    before = {name: (tiny_checkpoint / name).read_bytes() for name in names}
    readme = tiny_checkpoint.parent / "README.md"
    readme.write_text(f"{README_BEGIN}\n{README_END}\n")
    metrics = publish(tiny_checkpoint, readme=readme)
    assert {name: (tiny_checkpoint / name).read_bytes() for name in names} == before
    assert str(metrics["test"].overall["accuracy"]) in readme.read_text()


def test_a_run_is_not_published_on_other_data(tiny_checkpoint: Path, drawn_root: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn_root / "ham10000", tmp_path / "ham10000")
    index = tmp_path / "ham10000" / "index.csv"
    table = pd.read_csv(index)
    table.loc[0, "split"] = "val" if table.loc[0, "split"] == "train" else "train"
    table.to_csv(index, index=False)
    with pytest.raises(DataError, match="holds other data than"):
        release(tiny_checkpoint.parent / "run", root=tmp_path, out=tmp_path / "checkpoint")
    assert not (tmp_path / "checkpoint").exists()


def test_the_results_replace_what_stood_between_the_marks() -> None:
    text = f"before\n{README_BEGIN}\nold\n{README_END}\nafter"
    assert with_results(text, "new\n") == f"before\n{README_BEGIN}\nnew\n{README_END}\nafter"
    with pytest.raises(DataError, match="The README lacks its marks"):
        with_results("no marks", "new")


def test_evaluate_reads_published_predictions_without_images(
    tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--checkpoint", str(tiny_checkpoint), "--split", "val"]) == 0
    assert "validation split: n = " in capsys.readouterr().out
