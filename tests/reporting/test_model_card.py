from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from skinnet.checkpoint import Config, load_config
from skinnet.data.download.sources import HAM10000
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import UNITS
from skinnet.reporting.captions import caption, training_cost
from skinnet.reporting.limits import BY_SOURCE, EVERY_NETWORK
from skinnet.reporting.model_card import model_card
from skinnet.reporting.results.measured import load_metrics
from skinnet.reporting.source_table import source_table

ByUnit = dict[str, dict[str, Metrics]]


@pytest.fixture(scope="module")
def metrics(shipped: Path) -> ByUnit:
    return {split: {unit: load_metrics(shipped, split, unit=unit) for unit in UNITS} for split in ("val", "test")}


def trained_with(config: Config, **settings: object) -> Config:
    members = tuple(replace(each, training=each.training | settings) for each in config.members)
    return replace(config, members=members)


def card_of(config: Config, metrics: ByUnit) -> str:
    return model_card(config, metrics, source_table(config, {"test": metrics["test"]["image"]}, {}))


def test_the_card_takes_facts_about_the_data_from_their_registry(shipped: Path, metrics: ByUnit) -> None:
    card = card_of(trained_with(load_config(shipped), sources="ham10000, pad-ufes-20"), metrics)
    assert "Trained and tested on: HAM10000, PAD-UFES-20." in card
    assert card.count(f"- {HAM10000.title}. {HAM10000.citation}") == 1
    assert "trained on HAM10000 (CC BY-NC 4.0) and PAD-UFES-20 (CC BY 4.0)" in card
    assert all(f"- {limit}" in card for limit in (*EVERY_NETWORK, *BY_SOURCE["ham10000"]))


def test_a_card_about_other_data_states_no_limits_of_ham10000(shipped: Path, metrics: ByUnit) -> None:
    card = card_of(trained_with(load_config(shipped), sources="mine"), metrics)
    assert "Trained and tested on: mine." in card
    assert "trained on data of unknown licence" in card
    assert all(f"- {limit}" in card for limit in EVERY_NETWORK)
    assert not any(limit in card for limit in BY_SOURCE["ham10000"])


def test_a_caption_has_the_data_and_the_n(metrics: ByUnit) -> None:
    test = metrics["test"]
    assert caption(test, "test", source="HAM10000").startswith(
        "HAM10000, test split: n = 2,004 images of 1,493 lesions, none of which is in another split. One pass"
    )
    assert caption(test, "all", source="theirs", held_out=False, method="").startswith(
        "theirs, all images: n = 2,004 images of 1,493 lesions. Per lesion, the primary unit"
    )
    assert caption(test, "test", source="HAM10000").endswith("by bootstrap over lesions.")
    large = {unit: replace(each, images=100_000) for unit, each in test.items()}
    assert caption(large, "test", source="HAM10000").endswith("by bootstrap over lesions (400 draws).")


def test_a_card_without_studies_has_no_such_section(shipped: Path, metrics: ByUnit) -> None:
    card = card_of(load_config(shipped), metrics)
    assert "## Further measurements" not in card
    assert "## Goals, and which were missed" in card


def test_the_card_says_what_the_training_of_each_network_took(shipped: Path, metrics: ByUnit) -> None:
    config = trained_with(load_config(shipped), epochs=10, batch_size=32, first_size=0.25, partition="split")
    first = replace(config.members[0], training_minutes=61.6, machine="2 x86_64 CPU cores", best_epoch=9)
    assert training_cost(first, 6997) == (
        "Training took 62 minutes on 2 x86_64 CPU cores. The network saw 69,760 images: 10 times as many as the "
        "training split has (6,997), in whole batches."
    )
    card = card_of(replace(config, members=(first, *config.members[1:])), metrics)
    assert "images at first 0.25 of their side" in card
    assert "Epoch 9 was best" in card
    assert card.count("- efficientnet_lite0: 10 epochs") == card.count("- vit_small_dinov2: 10 epochs") == 1
