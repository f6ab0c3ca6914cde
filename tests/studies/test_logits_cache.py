from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from skinnet.checkpoint import Config, load_config
from skinnet.images import artefacts, corruptions
from skinnet.images.corruptions import CORRUPTIONS, Corruption
from skinnet.inference.classifier import Classifier
from skinnet.studies.logits_cache import LogitsCache
from skinnet.studies.robustness import damage_settings

TABLE = pd.DataFrame({"image_id": ["A", "B"]})


class Bias(nn.Module):
    """A network of one weight."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(value))

    def forward(self, images: Tensor) -> Tensor:
        return torch.zeros(len(images), 7) + self.bias


def images(value: int = 0) -> np.ndarray:
    pixels = np.zeros((2, 4, 4, 3), np.uint8)
    pixels[1, 3, 3, 2] = value
    return pixels


@pytest.fixture
def config(shipped: Path) -> Config:
    return load_config(shipped)


def key(config: Config, *, weight: float = 1.0, pixel: int = 0, table: pd.DataFrame = TABLE, **options: Any) -> str:
    """The name of the cache's folder."""
    options = {"settings": {"strengths": [1, 2]}} | options
    cache = LogitsCache(Path("cache"), Classifier.of(Bias(weight), config), table, images(pixel), **options)
    assert cache.folder is not None
    return cache.folder.name


def test_the_key_depends_on_weights_pixels_names_masks_settings_and_normalisation(config: Config) -> None:
    keys = [
        key(config),
        key(config, weight=1.5),
        key(config, pixel=1),
        key(config, table=TABLE.replace("B", "C")),
        key(config, masks=[np.ones((4, 4), bool)]),
        key(config, settings={"strengths": [1, 3]}),
        key(config, settings={"strengths": [1, 2], "version": 2}),
        key(replace(config, mean=(0.1, 0.2, 0.3))),
    ]
    assert len(set(keys)) == len(keys)
    assert key(config) == keys[0]


def test_the_key_does_not_depend_on_what_is_applied_to_the_logits(config: Config) -> None:
    assert key(replace(config, temperature=3.0, class_weights=(2.0,) * 7, name="another")) == key(config)


@pytest.mark.parametrize("module", [corruptions, artefacts])
def test_a_raised_version_gives_another_key(module: object, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(config, settings=damage_settings())
    assert key(config, settings=damage_settings()) == before
    monkeypatch.setattr(module, "VERSION", 1000)
    assert key(config, settings=damage_settings()) != before


def test_another_strength_gives_another_key(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(config, settings=damage_settings())
    blur = CORRUPTIONS["blur"]
    monkeypatch.setitem(CORRUPTIONS, "blur", Corruption(blur.change, (0.5, 1.0, 1.5, 2.25, 3.5), blur.unit))
    assert key(config, settings=damage_settings()) != before


def test_logits_are_computed_once(config: Config, tmp_path: Path) -> None:
    classifier = Classifier.of(Bias(1.0), config)
    first, again = (LogitsCache(tmp_path, classifier, TABLE, images(), settings={}) for _ in range(2))
    logits = np.arange(14.0).reshape(2, 7)
    assert (first.logits("blur-1", lambda: logits) == logits).all()
    assert (again.logits("blur-1", lambda: pytest.fail("computed again")) == logits).all()


def test_without_a_folder_nothing_is_written(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = LogitsCache(None, Classifier.of(Bias(1.0), config), TABLE, images(), settings={})
    assert (cache.logits("blur-1", lambda: np.ones(3)) == 1).all()
    assert list(tmp_path.iterdir()) == []
