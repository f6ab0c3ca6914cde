from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from skinnet.models.folding import fold_norms
from skinnet.models.registry import LITE0, VIT, build


@pytest.mark.parametrize("name", [LITE0, f"{LITE0}+{VIT}", "mobilenet_v3_small"])
def test_a_folded_network_gives_the_same_logits_and_has_no_batch_norm(name: str) -> None:
    network = build(name, classes=7, imagenet=False).eval()
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
                assert values is not None
                nn.init.uniform_(values, 0.5, 1.5)
    folded = copy.deepcopy(network)
    fold_norms(folded)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    assert [layer for layer, _ in folded.named_modules()] == [layer for layer, _ in network.named_modules()]
    images = torch.rand(2, 3, 96, 128)
    with torch.inference_mode():
        torch.testing.assert_close(folded(images), network(images), rtol=1e-3, atol=1e-4)
