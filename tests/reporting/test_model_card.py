from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demo.results import load_metrics
from skinnet.checkpoint import Config, load_config
from skinnet.data.download.sources import HAM10000
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import UNITS
from skinnet.reporting.captions import caption, training_cost
from skinnet.reporting.limits import BY_SOURCE, EVERY_NETWORK
from skinnet.reporting.model_card import model_card

ByUnit = dict[str, dict[str, Metrics]]


@pytest.fixture(scope="module")
def metrics(shipped: Path) -> ByUnit:
    return {split: {unit: load_metrics(shipped, split, unit=unit) for unit in UNITS} for split in ("val", "test")}


def trained_on(config: Config, sources: str) -> Config:
    return replace(config, training=config.training | {"sources": sources})


def test_the_card_takes_facts_about_the_data_from_their_registry(shipped: Path, metrics: ByUnit) -> None:
    card = model_card(trained_on(load_config(shipped), "ham10000, pad-ufes-20"), metrics)
    assert "Trained and tested on: HAM10000, PAD-UFES-20." in card
    assert card.count(f"- {HAM10000.title}. {HAM10000.citation}") == 1
    assert "trained on HAM10000 (CC BY-NC 4.0) and PAD-UFES-20 (CC BY 4.0)" in card
    assert all(f"- {limit}" in card for limit in (*EVERY_NETWORK, *BY_SOURCE["ham10000"]))


def test_a_card_about_other_data_states_no_limits_of_ham10000(shipped: Path, metrics: ByUnit) -> None:
    card = model_card(trained_on(load_config(shipped), "mine"), metrics)
    assert "Trained and tested on: mine." in card
    assert "trained on data of unknown licence" in card
    assert all(f"- {limit}" in card for limit in EVERY_NETWORK)
    assert not any(limit in card for limit in BY_SOURCE["ham10000"])


def test_a_caption_has_the_data_and_the_n(metrics: ByUnit) -> None:
    test = metrics["test"]
    assert caption(test, "test", source="HAM10000").startswith(
        "HAM10000, test split: n = 2,004 images of 1,493 lesions, none of which is in another split. Four views"
    )
    assert caption(test, "all", source="theirs", held_out=False, method="").startswith(
        "theirs, all images: n = 2,004 images of 1,493 lesions. Per lesion, the primary unit"
    )


def test_a_card_without_studies_has_no_such_section(shipped: Path, metrics: ByUnit) -> None:
    card = model_card(load_config(shipped), metrics)
    assert "## Further measurements" not in card
    assert "## Goals, and which were missed" in card


def test_the_card_says_what_training_took_and_who_taught(shipped: Path, metrics: ByUnit) -> None:
    config = replace(load_config(shipped), training_minutes=61.6, machine="2 x86_64 CPU cores")
    config = replace(config, training=config.training | {"epochs": 10, "soft_labels": "", "first_size": 1.0})
    assert training_cost(config) == (
        "Training took 62 minutes on 2 x86_64 CPU cores. The network saw 69,760 images: 10 times as many as the "
        "training split has (6,997), in whole batches."
    )
    assert "teachers" not in model_card(config, metrics)
    soft_labels = {"soft_labels": "/somewhere/a.csv, b.csv", "soft_share": 0.7, "first_size": 0.5}
    config = replace(config, training=config.training | soft_labels)
    card = model_card(config, metrics)
    assert "70 % of each training image's target are the soft labels in `a.csv`, `b.csv`" in card
    assert "images at first 0.5 of their side" in card
    assert "/somewhere" not in card
