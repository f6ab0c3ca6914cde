from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from skinnet.images.photo import to_input
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS
from skinnet.models.registry import LITE0, VIT, build
from skinnet.studies.faithfulness.randomisation import _from_the_top, cascade, shuffle_weights, similarity
from tests.drawings import LOOKS, draw_lesion


def test_shuffling_keeps_the_weights_and_loses_their_order() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 20)
    before = layer.weight.detach().clone()
    shuffle_weights(layer, torch.Generator().manual_seed(0))
    assert torch.equal(layer.weight.flatten().sort().values, before.flatten().sort().values)
    assert abs(np.corrcoef(layer.weight.detach().flatten(), before.flatten())[0, 1]) < 0.2


def test_similarity_is_a_rank_correlation_and_zero_for_a_flat_map() -> None:
    first = torch.arange(12.0).view(3, 4)
    assert similarity(first, first**3) == pytest.approx(1)
    assert similarity(first, -first) == pytest.approx(-1)
    assert similarity(first, torch.ones(3, 4)) == 0


def test_shuffling_the_classifier_changes_gradcam_but_not_eigencam(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    before = {name: weight.clone() for name, weight in classifier.network.state_dict().items()}
    photos = [to_input(draw_lesion(LOOKS[name], seed=3), frame=(96, 128)) for name in ("mel", "bcc", "nv")]
    numbers = [CLASS_NUMBERS[name] for name in ("mel", "bcc", "nv")]
    table = cascade(classifier, photos, numbers, methods=["gradcam", "eigencam"])
    classifier_only = table[table["layers"] == 1].groupby("method")["similarity"].mean()
    assert classifier_only["eigencam"] > 0.999
    assert classifier_only["gradcam"] < 0.8
    assert table["layers"].max() == 19  # the classifier, and the 18 layers of the deeper member
    assert len(table) == table["layers"].max() * 2 * len(photos)
    assert all(torch.equal(weight, before[name]) for name, weight in classifier.network.state_dict().items())


def test_every_layer_of_every_member_is_shuffled_once() -> None:
    network = build(f"{LITE0}+{VIT}", classes=7, imagenet=False)
    steps = list(_from_the_top(network))
    shuffled = [weight for step in steps for weight in step.parameters()]
    assert len({id(weight) for weight in shuffled}) == len(shuffled)
    left = [name for name, weight in network.named_parameters() if all(weight is not each for each in shuffled)]
    assert {name.split(".")[-1] for name in left} == {"class_token", "class_position", "positions"}
