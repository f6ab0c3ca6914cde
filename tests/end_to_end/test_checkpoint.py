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

from skinnet.__main__ import parser
from skinnet.checkpoint import OUT_OF_FOLD, SPLIT, load_config
from skinnet.cli.recipe import recipe_of
from skinnet.data import DEVELOPMENT
from skinnet.data.index import class_counts, load_index, split_hash, table_hash
from skinnet.data.partitions import published_split, seen_in_training
from skinnet.evaluation.evaluate import Metrics, evaluate
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.calibration import Decision
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import LOGIT_COLUMNS, load_predictions, rows_of
from skinnet.inference.weights import load_network
from skinnet.labels import CLASSES, probability_columns
from skinnet.reporting.captions import headline_section
from skinnet.reporting.goals import goals_table, image_goals_table
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.model_card import model_card
from skinnet.reporting.publish import README_BEGIN, README_END
from skinnet.reporting.results.figures import readable
from skinnet.reporting.results.measured import load_metrics
from skinnet.reporting.source_table import source_table
from skinnet.reporting.study_tables import study_tables
from skinnet.reporting.without import load_without
from skinnet.studies.gate_study.card import gate_card
from skinnet.training.config import TrainConfig
from skinnet.training.fit_calibration import fit_rules
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def published(shipped: Path) -> pd.DataFrame:
    return load_predictions(shipped / "predictions.csv")


@pytest.fixture(scope="module")
def real_table(real_root: Path) -> pd.DataFrame:
    """Both data sets as the networks were trained on them."""
    return load_index(real_root, sources=["ham10000", "isic2017"], partition=DEVELOPMENT)


@pytest.fixture(scope="module")
def recomputed(shipped: Path, published: pd.DataFrame) -> dict[str, dict[str, Metrics]]:
    decision = Decision.of(load_config(shipped))
    rows = {split: rows_of(published, split, "ham10000") for split in ("val", "test")}
    rows["isic2017"] = rows_of(published, "test", "isic2017")
    return {name: evaluate(found, decision=decision) for name, found in rows.items()}


def test_it_loads_and_is_small(shipped: Path) -> None:
    config = load_config(shipped)
    assert sum(parameter.numel() for parameter in load_network(config, shipped).parameters()) == config.parameters
    assert (shipped / "model.safetensors").stat().st_size < 60e6


def test_the_predictions_cover_the_frozen_test_splits(published: pd.DataFrame) -> None:
    for source in ("ham10000", "isic2017"):
        split = published_split(source)["split"]
        assert set(rows_of(published, "test", source)["image_id"]) == set(split.index[split == "test"])
    assert published.groupby("lesion_id")["split"].nunique().max() == 1


def test_no_image_that_it_was_trained_on_is_in_a_test_split(
    shipped: Path, published: pd.DataFrame, real_index: pd.DataFrame
) -> None:
    seen = seen_in_training(shipped / SPLIT, real_index)
    assert seen.sum() == 6997 + 989  # HAM10000's
    assert not set(real_index["image_id"][seen]) & set(published["image_id"][published["split"] == "test"])


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
        for split in ("val", "test", "isic2017")
    }
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    written = readme.partition(README_BEGIN)[2].partition(README_END)[0]
    config = load_config(shipped)
    sources = source_table(config, {name: units["image"] for name, units in saved.items()}, load_without(shipped))
    assert written == f"\n{headline_section(saved['test'], 'test', source='HAM10000')}\n{sources.markdown()}\n"
    card = (shipped / "MODEL_CARD.md").read_text(encoding="utf-8")
    studies = study_tables(shipped)
    assert card == model_card(config, saved, sources, studies)
    report = (shipped / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    by_image = image_goals_table({name: units["image"] for name, units in saved.items()})
    tables = [goals_table(saved["test"]), by_image, sources, *all_tables(saved["test"]), *studies]
    assert {path.stem for path in (shipped / "tables").iterdir()} == {table.name for table in tables}
    for table in tables:
        assert readable(table).html().replace("\u00a0", " ") in report
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
    for name, floor in {"balanced_accuracy": 0.76, "malignant_auroc": 0.93, "macro_auroc": 0.96}.items():
        assert (found[name].value or 0) >= floor, name
    elsewhere = recomputed["isic2017"]["image"].per_class
    assert (elsewhere["mel"]["auroc"].value or 0) >= 0.86
    assert (elsewhere["bkl"]["auroc"].value or 0) >= 0.95


def test_every_choice_was_made_without_the_test_splits(
    shipped: Path, published: pd.DataFrame, real_table: pd.DataFrame
) -> None:
    """Temperature, class weights and thresholds follow from what was predicted out of fold."""
    config = load_config(shipped)
    assert config.rules_from.table == OUT_OF_FOLD
    unseen = published[published["split"] == "val"].set_index("image_id")
    rows = real_table[real_table["image_id"].isin(unseen.index)]
    assert set(rows["split"]) == {"train"}
    training = config.members[0].training
    rules = fit_rules(
        unseen.loc[rows["image_id"], LOGIT_COLUMNS].to_numpy(), rows, sampling_power=training["sampling_power"],
        source_power=training["source_power"], class_counts=class_counts(real_table[real_table["split"] == "train"]),
    )  # fmt: skip
    assert rules.calibration.temperature == pytest.approx(config.temperature, rel=1e-3)
    assert rules.calibration.prior_shift == pytest.approx(config.prior_shift)
    assert rules.decision.class_weights == pytest.approx(config.class_weights, rel=1e-6)
    for fitted, point in zip(rules.decision.operating_points, config.operating_points, strict=True):
        assert (fitted.name, fitted.sensitivity) == (point.name, point.sensitivity)
        assert fitted.threshold == pytest.approx(point.threshold, abs=1e-4)


def test_probabilities_and_diagnoses_follow_from_the_logits(shipped: Path, published: pd.DataFrame) -> None:
    classifier = Classifier.load(shipped)
    predictions = classifier.predictions(published[LOGIT_COLUMNS].to_numpy())
    probabilities = np.array([list(prediction.probabilities.values()) for prediction in predictions])
    assert probabilities == pytest.approx(published[probability_columns()].to_numpy(), abs=1e-5)
    same = [prediction.diagnosis for prediction in predictions] == published["diagnosis"]
    assert same.mean() > 0.999


def test_real_images_give_the_published_predictions(shipped: Path, published: pd.DataFrame, real_root: Path) -> None:
    classifier = Classifier.load(shipped)
    rows = rows_of(published, "test", "ham10000").sample(200, random_state=0)
    folder = real_root / "ham10000" / "images"
    inputs = [to_input(open_photo(folder / f"{image_id}.jpg"), frame=classifier.frame) for image_id in rows["image_id"]]
    logits = [classifier.logits(np.stack(inputs[first : first + 25])) for first in range(0, len(inputs), 25)]
    probabilities = classifier.probabilities(np.concatenate(logits))
    assert np.abs(probabilities - rows[probability_columns()].to_numpy()).max() < 1e-3


def test_train_repeats_the_recipe_of_each_network(shipped: Path) -> None:
    for member in load_config(shipped).members:
        options = parser().parse_args(["train", "--out", "run", "--network", member.network])
        assert asdict(recipe_of(options)) == asdict(TrainConfig.of(member.training))


def test_it_says_which_packages_and_data_it_came_from(shipped: Path, real_table: pd.DataFrame) -> None:
    config = load_config(shipped)
    for member in config.members:
        assert {"python", "torch", "numpy"} <= set(member.versions)
        assert member.data_sha256 == table_hash(real_table)
    assert config.split_sha256 == split_hash(real_table)
    assert config.counts == {"train": 10039, "test": 2596, "excluded": 52}
