from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.data.index import load_index, load_prepared, table_hash
from skinnet.device import describe, pick_device
from skinnet.errors import DataError
from skinnet.reporting.plots.titles import FIGURES
from skinnet.reporting.publish import README_BEGIN, README_END, publish, with_results
from skinnet.reporting.release import release
from skinnet.reporting.study_tables import write_study
from tests.conftest import write_sums
from tests.drawings import LOOKS, draw_lesion


def test_raw_data_become_a_published_checkpoint_that_predicts(
    tiny_checkpoint: Path, drawn_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """acquire, prepare, train and release ran for the fixtures; evaluate and predict follow here."""
    config = json.loads((tiny_checkpoint / "config.json").read_text())
    assert config["members"][0]["training"]["epochs"] == 2
    assert config["counts"]["train"] + config["counts"]["val"] + config["counts"]["test"] == 210
    assert config["members"][0]["machine"] == describe(pick_device())
    for name in FIGURES:
        assert (tiny_checkpoint / "figures" / f"{name}.png").stat().st_size > 10_000
    assert "Not for diagnosis" in (tiny_checkpoint / "MODEL_CARD.md").read_text()

    published = pd.read_csv(tiny_checkpoint / "predictions.csv")
    images = drawn_root / "ham10000" / "images"
    test_rows = published[published["split"] == "test"].head(5)
    paths = [str(images / f"{image_id}.jpg") for image_id in test_rows["image_id"]]
    assert main(["predict", *paths, "--checkpoint", str(tiny_checkpoint), "--format", "csv"]) == 0
    predicted = pd.read_csv(io.StringIO(capsys.readouterr().out))
    columns = [column for column in predicted if column.startswith("p_")]
    assert predicted[columns].to_numpy() == pytest.approx(test_rows[columns].to_numpy(), abs=1e-3)

    out = tmp_path / "evaluated"
    arguments = ["evaluate", "--checkpoint", str(tiny_checkpoint), "--root", str(drawn_root), "--out", str(out)]
    assert main(arguments) == 0
    assert "| Balanced accuracy (balanced rule) | " in capsys.readouterr().out
    assert (out / "report.html").stat().st_size > 100_000
    saved = json.loads((out / "metrics.json").read_text())["test"]["lesion"]["overall"]
    released = json.loads((tiny_checkpoint / "metrics.json").read_text())["test"]["lesion"]["overall"]
    assert saved["macro_auroc"]["value"] == pytest.approx(released["macro_auroc"]["value"], abs=1e-6)


def test_publishing_again_changes_nothing(tiny_checkpoint: Path, tmp_path: Path) -> None:
    checkpoint, readme = shutil.copytree(tiny_checkpoint, tmp_path / tiny_checkpoint.name), tmp_path / "README.md"
    names = ["metrics.json", "MODEL_CARD.md", "report.html", "figures/roc.png", "figures/confusion.svg"]
    before = {name: (checkpoint / name).read_bytes() for name in names}
    readme.write_text(f"{README_BEGIN}\n{README_END}\n")
    metrics = publish(checkpoint, readme=readme)
    assert {name: (checkpoint / name).read_bytes() for name in names} == before
    assert str(metrics["test"]["lesion"].overall["macro_auroc"]) in readme.read_text()


def test_a_new_network_takes_nothing_over_from_the_one_before(
    tiny_checkpoint: Path, drawn_root: Path, shipped: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(shipped, checkpoint)
    shutil.rmtree(checkpoint / "faithfulness", ignore_errors=True)
    (checkpoint / "faithfulness").mkdir()
    for folder, name, file in ((checkpoint, "robustness", "robustness.csv"),
                               (checkpoint / "faithfulness", "faithfulness", "faithfulness.json")):  # fmt: skip
        (folder / file).write_text("of another network")
        write_study(folder, name, order=1, files=[file], tables=[])
    (checkpoint / ".model.safetensors.7.tmp").write_text("left by a kill")
    release([tiny_checkpoint.parent / "run"], root=drawn_root, out=checkpoint)
    names = {path.name for path in checkpoint.iterdir()}
    assert names == {path.name for path in tiny_checkpoint.iterdir()}
    assert not names & {
        "gate.json",
        "gate.safetensors",
        "uncertainty.json",
        "GATE.md",
        "robustness.csv",
        "faithfulness",
    }
    assert "## Further measurements" not in (checkpoint / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert not (checkpoint / "tables" / "gate_photos.csv").exists()


def test_a_run_is_not_published_on_other_data(tiny_checkpoint: Path, drawn_root: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn_root, tmp_path, dirs_exist_ok=True)
    index = tmp_path / "index.csv"
    table = pd.read_csv(index)
    table.loc[0, "split"] = "val" if table.loc[0, "split"] == "train" else "train"
    table.to_csv(index, index=False)
    with pytest.raises(DataError, match="holds other data than"):
        release([tiny_checkpoint.parent / "run"], root=tmp_path, out=tmp_path / "checkpoint")
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


def drawn_zip(path: Path, looks: list[str], *, suffix: str, seed: int, size: tuple[int, int]) -> list[str]:
    """An archive of drawn pictures; returns their names."""
    names = [f"PIC_{seed + number}{suffix}" for number in range(len(looks))]
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, look) in enumerate(zip(names, looks, strict=True)):
            drawn = io.BytesIO()
            draw_lesion(LOOKS[look], seed=seed + number, size=size).save(drawn, "PNG" if suffix == ".png" else "JPEG")
            archive.writestr(f"deep/{name}", drawn.getvalue())
    return names


@pytest.fixture
def other_mirror(tmp_path: Path) -> Path:
    """A mirror of the ISIC 2018 test set and PAD-UFES-20, drawn."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    looks = ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"] * 3
    names = drawn_zip(folder / "ISIC2018_Task3_Test_Input.zip", looks, suffix=".jpg", seed=40_000, size=(240, 180))
    truth = pd.DataFrame({"image": [name.removesuffix(".jpg") for name in names]})
    for dx in ("mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"):
        truth[dx.upper()] = [float(look == dx) for look in looks]
    with zipfile.ZipFile(folder / "ISIC2018_Task3_Test_GroundTruth.zip", "w") as archive:
        archive.writestr("ISIC2018_Task3_Test_GroundTruth/README.md", "not wanted")
        archive.writestr("ISIC2018_Task3_Test_GroundTruth.csv", truth.to_csv(index=False))
    rows = []
    for part, looks in enumerate((["mel", "nv", "bcc"] * 2, ["akiec", "bkl"] * 3, ["bcc"]), start=1):
        path = folder / f"imgs_part_{part}.zip"
        names = drawn_zip(path, looks, suffix=".png", seed=50_000 + 100 * part, size=(150, 200))
        words = {"mel": "MEL", "nv": "NEV", "bcc": "BCC", "akiec": "ACK", "bkl": "SEK"}
        rows += [
            {
                "patient_id": f"PAT_{name[4:9]}", "lesion_id": name[4:9], "age": 60, "gender": "MALE", "region": "NOSE",
                "fitspatrick": 3.0, "diagnostic": "SCC" if part == 3 else words[look], "biopsed": True, "img_id": name,
            }
            for name, look in zip(names, looks, strict=True)
        ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "metadata.csv", index=False)
    write_sums(folder)
    return folder


def test_metrics_of_training_images_come_with_a_warning(
    tiny_checkpoint: Path,
    drawn_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.copytree(drawn_root, tmp_path / "data")
    index = tmp_path / "data" / "index.csv"
    table = pd.read_csv(index, dtype=str)
    table["split"] = table["split"].replace({"train": "test", "test": "train"})
    table.to_csv(index, index=False)
    command = ["evaluate", "--checkpoint", str(tiny_checkpoint)]
    assert main([*command, "--root", str(drawn_root)]) == 0
    assert "none of which is in another split" in capsys.readouterr().out
    assert main([*command, "--root", str(tmp_path / "data")]) == 0
    printed = capsys.readouterr().out
    count = (table["split"] == "test").sum()
    assert "none of which is in another split" not in printed
    assert f"The network was trained on {count} of these {count} images: the metrics are too optimistic." in caplog.text
    assert main([*command, "--source", "clinic"]) == 1
    assert "publishes no test predictions of clinic: name the data with --root" in capsys.readouterr().err
    assert main([*command, "--partition", "official"]) == 1
    assert "Without --root a checkpoint's own predictions are read" in capsys.readouterr().err


def test_a_run_without_test_images_is_not_published(tiny_checkpoint: Path, drawn_root: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_checkpoint.parent / "run", tmp_path / "run")
    shutil.copytree(drawn_root, tmp_path / "data")
    table = load_index(drawn_root).assign(split=lambda table: table["split"].replace("test", "excluded"))
    table.to_csv(tmp_path / "data" / "index.csv", index=False)
    settings = json.loads((tmp_path / "run" / "run.json").read_text()) | {"data_sha256": table_hash(table)}
    (tmp_path / "run" / "run.json").write_text(json.dumps(settings))
    with pytest.raises(DataError, match=r"ham10000 has no test image \(partition split\): nothing to publish"):
        release([tmp_path / "run"], root=tmp_path / "data", out=tmp_path / "checkpoint")
    assert not (tmp_path / "checkpoint").exists()


def test_other_sources_go_from_a_mirror_to_metrics(
    tiny_checkpoint: Path, other_mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(tmp_path / "data")
    for source in ("isic2018-test", "pad-ufes-20"):
        assert main(["acquire", source, "--root", root, "--mirror", str(other_mirror), "--quiet"]) == 0
    assert main(["prepare", "--root", root, "--quiet"]) == 0
    table = load_prepared(tmp_path / "data")
    assert table["source"].value_counts().to_dict() == {"isic2018-test": 21, "pad-ufes-20": 13}
    assert set(table["official"][table["source"] == "isic2018-test"]) == {"test"}
    [squamous] = table[table["dx"].isna()].to_dict("records")
    assert (squamous["dx_given"], squamous["malignant"], squamous["skin_type"]) == ("SCC", True, 3)
    assert (squamous["width"], squamous["height"]) == (150, 200)
    capsys.readouterr()
    for source, title, images in (("isic2018-test", "ISIC 2018 test set", 21), ("pad-ufes-20", "PAD-UFES-20", 12)):
        command = ["evaluate", "--checkpoint", str(tiny_checkpoint), "--root", root, "--source", source]
        assert main([*command, "--split", "all", "--out", str(tmp_path / source)]) == 0
        assert capsys.readouterr().out.startswith(f"{title}, all images: n = {images} images of {images} lesions. ")
        assert len(pd.read_csv(tmp_path / source / "predictions.csv")) == images
