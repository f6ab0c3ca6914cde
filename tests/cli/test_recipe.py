from __future__ import annotations

from dataclasses import replace

import pytest

from skinnet.__main__ import parser
from skinnet.cli.recipe import recipe_of
from skinnet.models.registry import LITE0, VIT
from skinnet.training.config import SHIPPED, TrainConfig


def recipe(*options: str) -> TrainConfig:
    return recipe_of(parser().parse_args(["train", "--out", "run", *options]))


def test_without_options_train_takes_the_recipe_of_the_first_shipped_network() -> None:
    assert recipe() == SHIPPED[LITE0]


def test_the_network_brings_its_recipe_and_options_change_it() -> None:
    assert recipe("--network", VIT) == SHIPPED[VIT]
    assert recipe("--network", VIT, "--epochs", "3") == replace(SHIPPED[VIT], epochs=3)
    assert recipe("--network", "resnet18", "--light", "0.5") == TrainConfig(network="resnet18", light=0.5)


def test_the_help_gives_a_default_for_each_shipped_network(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["train", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "(default: 20 for efficientnet_lite0, 16 for vit_small_dinov2)" in words
    assert "(default: ham10000,isic2017)" in words
