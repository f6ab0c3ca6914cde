from __future__ import annotations

import pytest
import torch
from torch import nn

from skinnet.errors import TrainingError
from skinnet.explain.cam import class_maps
from skinnet.inference.gate import outputs_up_to
from skinnet.models.backbone import head, last_feature_layer, middle_layers
from skinnet.models.committee import join, spread
from skinnet.models.registry import COMMITTEE_SCALE, LITE0, VIT, build, normalisation

NAME = f"{LITE0}+{VIT}"


@pytest.fixture(scope="module")
def members() -> list[nn.Module]:
    torch.manual_seed(0)
    return [build(name, classes=7, imagenet=False).eval() for name in (LITE0, VIT)]


@pytest.fixture(scope="module")
def committee(members: list[nn.Module]) -> nn.Module:
    return join(members, [normalisation(LITE0), normalisation(VIT)]).eval()


def photos(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height))


@pytest.mark.parametrize("size", [(64, 96), (80, 112), (222, 222)])
def test_its_logits_are_the_mean_of_its_members(
    members: list[nn.Module], committee: nn.Module, size: tuple[int, int]
) -> None:
    images = photos(*size)
    with torch.no_grad():
        alone = []
        for name, member in zip((LITE0, VIT), members, strict=True):
            scale = normalisation(name)
            mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (scale.mean, scale.std))
            alone.append(member((images - mean) / std))
        torch.testing.assert_close(committee(images), torch.stack(alone).mean(dim=0), atol=1e-4, rtol=1e-4)


def test_its_maps_and_bias_add_up_to_its_leads(committee: nn.Module) -> None:
    layers = head(committee)
    with torch.no_grad():
        features = last_feature_layer(committee)(photos(64, 96))
        logits = layers(features)
        bias = layers.linear.bias - layers.linear.bias.mean()
        sums = class_maps(layers, features).sum(dim=(2, 3)) + bias
    torch.testing.assert_close(sums, logits - logits.mean(dim=1, keepdim=True), atol=1e-4, rtol=1e-4)


def test_it_is_built_by_name_and_restored_from_its_weights(committee: nn.Module) -> None:
    assert normalisation(NAME) == COMMITTEE_SCALE
    restored = build(NAME, classes=7, imagenet=False).eval()
    restored.load_state_dict(committee.state_dict())
    with torch.no_grad():
        assert torch.equal(restored(photos(64, 64)), committee(photos(64, 64)))


def test_the_gate_takes_its_features_from_the_first_member_alone(
    members: list[nn.Module], committee: nn.Module
) -> None:
    with torch.no_grad():
        found = outputs_up_to(committee, middle_layers(committee), photos(64, 96))
        scale = normalisation(LITE0)
        own = outputs_up_to(members[0], middle_layers(members[0]), (photos(64, 96) - scale.mean[0]) / scale.std[0])
    assert len(found) == len(own) == 4
    for theirs, ours in zip(found.values(), own.values(), strict=True):
        torch.testing.assert_close(theirs, ours)


def test_spreading_keeps_the_mean_and_repeats_where_the_grid_is_a_multiple() -> None:
    features = torch.rand(2, 5, 3, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(spread(features, (3, 4)), features)
    doubled = spread(features, (6, 8))
    torch.testing.assert_close(doubled, features.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3))
    torch.testing.assert_close(spread(features, (7, 5)).mean(dim=(2, 3)), features.mean(dim=(2, 3)))


def test_a_network_whose_head_is_not_linear_cannot_join(members: list[nn.Module]) -> None:
    other = build("convnext_tiny", classes=7, imagenet=False)
    with pytest.raises(TrainingError, match="cannot join"):
        join([members[0], other], [COMMITTEE_SCALE, COMMITTEE_SCALE])
