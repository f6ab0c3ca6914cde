from __future__ import annotations

import pytest
import torch

from skinnet.models.efficientnet_lite import EfficientNetLite, SameConv2d
from skinnet.models.lite_weights import load_imagenet
from skinnet.models.registry import LITE0, LITE1, LITE2


@pytest.mark.parametrize(("name", "millions"), [(LITE0, 4.65), (LITE1, 5.42), (LITE2, 6.09)])
def test_lite_has_the_published_number_of_parameters(name: str, millions: float) -> None:
    """Google counts them with the 1,000 classes of ImageNet."""
    network = EfficientNetLite(name, classes=1000)
    assert round(sum(parameter.numel() for parameter in network.parameters()) / 1e6, 2) == millions


@pytest.mark.parametrize("size", [(168, 224), (97, 133), (64, 64)])
def test_lite0_takes_any_size(size: tuple[int, int]) -> None:
    network = EfficientNetLite(classes=7).eval()
    images = torch.rand(2, 3, *size)
    assert network(images).shape == (2, 7)
    rounded = [-(-side // 32) for side in size]
    assert list(network.features(images).shape) == [2, 1280, *rounded]


def test_the_imagenet_weights_are_loaded_into_every_layer_but_the_classifier() -> None:
    torch.manual_seed(0)
    fresh, loaded = EfficientNetLite(classes=7), EfficientNetLite(classes=7)
    load_imagenet(loaded.features, LITE0)
    for (name, before), after in zip(fresh.features.named_parameters(), loaded.features.parameters(), strict=True):
        assert not torch.equal(before, after), name
    statistics = {name: tensor for name, tensor in loaded.features.state_dict().items() if "running_var" in name}
    assert len(statistics) == 49
    assert all(tensor.std() > 0 for tensor in statistics.values())
    features = loaded.eval().features(torch.rand(1, 3, 168, 224) * 2 - 1)
    assert 0.01 < (features > 0).float().mean() < 0.9


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
def test_same_padding_puts_the_odd_pixel_last(size: int, kernel: int, stride: int) -> None:
    """By TensorFlow's rule output i is centred so that the padding before is the smaller half."""
    convolution = SameConv2d(4, 4, kernel, stride, groups=4, bias=False)
    images = torch.rand(2, 4, size, size)
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    before = total // 2
    padded = torch.zeros(2, 4, size + total, size + total)
    padded[:, :, before : before + size, before : before + size] = images
    expected = torch.nn.functional.conv2d(padded, convolution.weight, None, stride, groups=4)
    assert convolution(images).shape[-1] == outputs
    assert torch.allclose(convolution(images), expected, atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        assert (convolution(images).float() - expected).abs().max() < 0.02
