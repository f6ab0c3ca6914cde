from __future__ import annotations

import pytest
import torch
from torch import nn

from skinnet.errors import TrainingError
from skinnet.labels import CLASSES
from skinnet.models.backbone import classifier_layers, head, last_feature_layer, layer_depth, middle_layers, trunk
from skinnet.models.registry import LITE0, build


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_trunk_and_head_make_the_network(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, classes=len(CLASSES), imagenet=False).eval()
    images = torch.rand(1, 3, 96, 128)
    with torch.no_grad():
        logits = head(network)(trunk(network)(images))
        assert logits.numpy() == pytest.approx(network(images).numpy(), abs=1e-4)


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(TrainingError, match="No heat map for Linear"):
        head(nn.Linear(3, 7))


@pytest.mark.parametrize("question", [trunk, last_feature_layer, classifier_layers])
def test_every_question_about_an_unknown_family_is_refused(question: object) -> None:
    with pytest.raises(TrainingError, match="No heat map for Linear"):
        question(nn.Linear(3, 7))  # type: ignore[operator]


def test_a_head_is_a_copy_and_a_trunk_is_not() -> None:
    network = build(LITE0, classes=7, imagenet=False)
    final = next(head(network).parameters())
    assert torch.equal(final, network.get_parameter("classifier.weight"))
    assert final is not network.get_parameter("classifier.weight")
    assert trunk(network) is network.get_submodule("features")


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("efficientnet_lite0", ("features.3", "features.5", "features.8", "features.11")),
        ("efficientnet_lite2", ("features.4", "features.7", "features.11", "features.15")),
        ("resnet18", ("layer1", "layer2", "layer3", "layer4")),
        ("mobilenet_v3_small", ("features.2", "features.5", "features.7", "features.10")),
    ],
)
def test_the_middle_layers_are_the_ends_of_stages(name: str, layers: tuple[str, ...]) -> None:
    assert middle_layers(build(name, classes=7, imagenet=False)) == layers


def test_a_network_without_stages_gets_no_gate() -> None:
    with pytest.raises(TrainingError, match="No gate for Linear"):
        middle_layers(nn.Linear(2, 2))


def test_layers_are_ordered_from_the_input() -> None:
    names = ["vit.patch_embed.proj.weight", "features.0.0.weight", "vit.blocks.11.norm1.weight", "classifier.1.bias"]
    assert [layer_depth(name) for name in names] == [0, 1, 12, 1000]
