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
from skinnet.checkpoint import load_config
from skinnet.cli.recipe import recipe_of
from skinnet.data.partitions import published_split
from skinnet.evaluation.evaluate import Metrics, evaluate
from skinnet.inference.calibration import Decision
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import LOGIT_COLUMNS, rows_of
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
from tests.conftest import PROJECT


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


def test_probabilities_and_diagnoses_follow_from_the_logits(shipped: Path, published: pd.DataFrame) -> None:
    classifier = Classifier.load(shipped)
    predictions = classifier.predictions(published[LOGIT_COLUMNS].to_numpy())
    probabilities = np.array([list(prediction.probabilities.values()) for prediction in predictions])
    assert probabilities == pytest.approx(published[probability_columns()].to_numpy(), abs=1e-5)
    same = [prediction.diagnosis for prediction in predictions] == published["diagnosis"]
    assert same.mean() > 0.999


def test_train_repeats_the_recipe_of_each_network(shipped: Path) -> None:
    for member in load_config(shipped).members:
        options = parser().parse_args(["train", "--out", "run", "--network", member.network])
        assert asdict(recipe_of(options)) == asdict(TrainConfig.of(member.training))
