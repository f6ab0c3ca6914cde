"""The shipped checkpoint loads, and its published files agree with each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from demo.results import load_metrics
from skinnet.__main__ import parser
from skinnet.checkpoint import OUT_OF_FOLD, SPLIT, load_config
from skinnet.data.index import load_index, split_hash, table_hash
from skinnet.data.partitions import published_split, seen_in_training
from skinnet.evaluation.evaluate import Metrics, evaluate
from skinnet.images.photo import open_photo
from skinnet.inference.calibration import Decision
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import LOGIT_COLUMNS, load_predictions
from skinnet.labels import CLASS_NUMBERS, CLASSES, probability_columns
from skinnet.reporting.captions import headline_section
from skinnet.reporting.goals import goals_table
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.model_card import model_card
from skinnet.reporting.publish import README_BEGIN, README_END
from skinnet.reporting.study_tables import study_tables
from skinnet.studies.gate_study.card import gate_card
from skinnet.training.config import SHIPPED, TrainConfig
from skinnet.training.fit_calibration import fit_decision, fit_temperature, sampling_shift
from skinnet.training.soft_labels import file_hashes
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def published(shipped: Path) -> pd.DataFrame:
    return load_predictions(shipped / "predictions.csv")


@pytest.fixture(scope="module")
def recomputed(shipped: Path, published: pd.DataFrame) -> dict[str, dict[str, Metrics]]:
    decision = Decision.of(load_config(shipped))
    return {split: evaluate(published[published["split"] == split], decision=decision) for split in ("val", "test")}


def test_it_loads_and_is_small(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    assert sum(parameter.numel() for parameter in classifier.network.parameters()) == load_config(shipped).parameters
    assert (shipped / "model.safetensors").stat().st_size < 30e6


def test_the_predictions_cover_the_frozen_split(shipped: Path, published: pd.DataFrame) -> None:
    split = published_split()["split"]
    for name in ("val", "test"):
        assert set(published.loc[published["split"] == name, "image_id"]) == set(split.index[split == name])
    assert split_hash(split.reset_index()) == load_config(shipped).split_sha256
    assert published.groupby("lesion_id")["split"].nunique().max() == 1


def test_no_image_that_it_was_trained_on_is_scored(
    shipped: Path, published: pd.DataFrame, real_index: pd.DataFrame
) -> None:
    seen = seen_in_training(shipped / SPLIT, real_index)
    assert seen.sum() == 6997
    assert not set(real_index["image_id"][seen]) & set(published["image_id"])


def test_the_metrics_file_is_what_the_predictions_give(
    shipped: Path, recomputed: dict[str, dict[str, Metrics]]
) -> None:
    for split, units in recomputed.items():
        for unit, metrics in units.items():
            for name, saved, measured in leaves(asdict(load_metrics(shipped, split, unit=unit)), asdict(metrics)):
                assert saved == pytest.approx(measured, abs=1e-6), name


def leaves(saved: Any, measured: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every number of two structures of the same shape."""
    if isinstance(measured, dict):
        assert saved.keys() == measured.keys(), name
        for key in measured:
            yield from leaves(saved[key], measured[key], f"{name}.{key}")
    elif isinstance(measured, list):
        assert len(saved) == len(measured), name
        for number, pair in enumerate(zip(saved, measured, strict=True)):
            yield from leaves(*pair, f"{name}[{number}]")
    else:
        yield name, saved, measured


def test_the_readme_the_card_and_the_report_say_what_the_metrics_file_says(shipped: Path) -> None:
    saved = {
        split: {unit: load_metrics(shipped, split, unit=unit) for unit in ("lesion", "image")}
        for split in ("val", "test")
    }
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    written = readme.partition(README_BEGIN)[2].partition(README_END)[0]
    assert written == f"\n{headline_section(saved['test'], 'test', source='HAM10000')}"
    card = (shipped / "MODEL_CARD.md").read_text(encoding="utf-8")
    studies = study_tables(shipped)
    assert card == model_card(load_config(shipped), saved, studies)
    report = (shipped / "report.html").read_text(encoding="utf-8")
    tables = [goals_table(saved["test"]), *all_tables(saved["test"]), *studies]
    assert {path.stem for path in (shipped / "tables").iterdir()} == {table.name for table in tables}
    for table in tables:
        assert table.html() in report
        assert (shipped / "tables" / f"{table.name}.csv").read_text(encoding="utf-8") == table.csv()


def test_the_documented_agreement_with_isics_program_is_of_these_metrics(
    recomputed: dict[str, dict[str, Metrics]],
) -> None:
    """What benchmarks/isic_scoring.py printed; both columns were six decimals alike."""
    section = (
        (PROJECT / "docs" / "evaluation.md").read_text(encoding="utf-8").partition("| isic-challenge-scoring |")[2]
    )
    lines = [line.strip("| ").split(" | ") for line in section.splitlines()[2:] if line.startswith("|")]
    theirs, ours = ({name: cells[column] for name, *cells in lines} for column in (0, 1))
    assert theirs == ours
    images = recomputed["test"]["image"]
    found = {f"AUROC {name}": images.per_class[name]["auroc"] for name in CLASSES} | {
        "balanced accuracy (as displayed)": images.rules["displayed"].overall["balanced_accuracy"],
        "macro auroc": images.overall["macro_auroc"],
        "(pre)malignant AUROC": images.overall["malignant_auroc"],
    }
    for name, each in found.items():
        assert float(ours[name]) == pytest.approx(each.value, abs=1e-6), name


def test_the_gates_page_says_what_its_files_say(shipped: Path) -> None:
    gate, uncertainty = (json.loads((shipped / name).read_text()) for name in ("gate.json", "uncertainty.json"))
    page = (shipped / "GATE.md").read_text(encoding="utf-8")
    assert page == gate_card(gate, uncertainty, name=load_config(shipped).name)


def test_the_promised_floor_is_reached(recomputed: dict[str, dict[str, Metrics]]) -> None:
    images = recomputed["test"]["image"]
    found = images.overall | images.rules["balanced"].overall
    for name, floor in {"balanced_accuracy": 0.74, "malignant_auroc": 0.93, "macro_auroc": 0.955}.items():
        assert (found[name].value or 0) >= floor, name


def test_every_choice_was_made_without_the_test_split(shipped: Path, published: pd.DataFrame) -> None:
    """The temperature follows from the validation logits, class weights and thresholds from the folds' table."""
    config = load_config(shipped)
    validation = published[published["split"] == "val"]
    logits = validation[LOGIT_COLUMNS].to_numpy()
    dx = validation["dx"].map(CLASS_NUMBERS).to_numpy()
    counts = np.array([228, 356, 765, 80, 778, 4690, 100])  # of the training split
    power = config.training["sampling_power"]
    lesions = validation["lesion_id"].to_numpy()
    shift = sampling_shift(counts, sampling_power=power)
    calibration = fit_temperature(logits, dx, prior_shift=shift, lesions=lesions)
    assert calibration.temperature == pytest.approx(config.temperature, rel=1e-3)
    assert calibration.prior_shift == pytest.approx(config.prior_shift)
    out_of_fold = pd.read_csv(shipped / OUT_OF_FOLD)
    of_split = published[published["split"] == "val"]["image_id"]
    assert set(out_of_fold["split"]) == {"train", "val"}
    assert set(of_split) == set(out_of_fold["image_id"][out_of_fold["split"] == "val"])
    assert not set(out_of_fold["lesion_id"]) & set(published["lesion_id"][published["split"] == "test"])
    decision = fit_decision(
        out_of_fold[probability_columns()].to_numpy(), out_of_fold["dx"].map(CLASS_NUMBERS).to_numpy(),
        class_counts=counts, lesions=out_of_fold["lesion_id"].to_numpy(),
    )  # fmt: skip
    assert config.rules_from.table == OUT_OF_FOLD
    published_rules = Decision.of(config)
    assert decision.class_weights == pytest.approx(published_rules.class_weights, rel=1e-6)
    for fitted, published_point in zip(decision.operating_points, published_rules.operating_points, strict=True):
        assert (fitted.name, fitted.sensitivity) == (published_point.name, published_point.sensitivity)
        assert fitted.threshold == pytest.approx(published_point.threshold, abs=1e-4)


def test_probabilities_and_diagnoses_follow_from_the_logits(shipped: Path, published: pd.DataFrame) -> None:
    classifier = Classifier.load(shipped)
    predictions = classifier.predictions(published[LOGIT_COLUMNS].to_numpy())
    probabilities = np.array([list(prediction.probabilities.values()) for prediction in predictions])
    assert probabilities == pytest.approx(published[probability_columns()].to_numpy(), abs=1e-5)
    same = [prediction.diagnosis for prediction in predictions] == published["diagnosis"]
    assert same.mean() > 0.999


def test_real_images_give_the_published_predictions(shipped: Path, published: pd.DataFrame, real_root: Path) -> None:
    table = load_index(real_root)
    assert table_hash(table) == load_config(shipped).data_sha256
    classifier = Classifier.load(shipped)
    rows = published[published["split"] == "test"].sample(200, random_state=0)
    folder = real_root / "ham10000" / "images"
    measured = [classifier.predict(open_photo(folder / f"{image_id}.jpg")) for image_id in rows["image_id"]]
    probabilities = np.array([list(prediction.probabilities.values()) for prediction in measured])
    assert np.abs(probabilities - rows[probability_columns()].to_numpy()).max() < 1e-3


def test_train_without_options_repeats_its_recipe(shipped: Path) -> None:
    config = load_config(shipped)
    recipe, options = asdict(TrainConfig.of(config.training)), vars(parser().parse_args(["train", "--out", "run"]))
    assert {name: options[name] for name in recipe} == recipe
    assert config.soft_labels_sha256 == file_hashes(SHIPPED)


def test_it_says_which_packages_and_data_it_came_from(shipped: Path) -> None:
    config = json.loads((shipped / "config.json").read_text())
    assert {"python", "torch", "numpy"} <= set(config["versions"])
    assert len(config["data_sha256"]) == 64
    assert config["counts"] == {"train": 6997, "test": 2004, "val": 989, "excluded": 25}
