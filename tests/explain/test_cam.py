from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM
from torch import Tensor, nn

from skinnet.explain.cam import (
    LeadTarget,
    class_maps,
    library_maps,
    photo_features,
    principal_maps,
)
from skinnet.images.photo import to_input
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.models.backbone import Head, head, last_feature_layer
from tests.drawings import LOOKS, draw_lesion


@pytest.fixture(scope="module")
def classifier(shipped: Path) -> Classifier:
    return Classifier.load(shipped)


@pytest.fixture(scope="module")
def pixels(classifier: Classifier) -> np.ndarray:
    return to_input(draw_lesion(LOOKS["mel"], seed=7), frame=classifier.frame)


@pytest.fixture(scope="module")
def features(classifier: Classifier, pixels: np.ndarray) -> Tensor:
    return photo_features(classifier, pixels)[None]


def two_layers(features: Tensor) -> Head:
    """A head without a closed form."""
    torch.manual_seed(3)
    hidden = nn.Sequential(nn.Linear(features.shape[1], 16), nn.Hardswish(), nn.Linear(16, len(CLASSES)))
    return Head(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), hidden)


def test_all_seven_maps_equal_those_of_the_package(classifier: Classifier, pixels: np.ndarray) -> None:
    """The package runs as its authors mean it, hooked into the whole network, on the photo as it is."""
    features = photo_features(classifier, pixels)[None]
    fast, drawn = class_maps(head(classifier.network), features)[0], 0
    with torch.enable_grad(), GradCAM(classifier.network, [last_feature_layer(classifier.network)]) as cam:
        for number in range(len(CLASSES)):
            theirs = cam(classifier.to_tensor(pixels[None]), [LeadTarget(number)])[0]
            ours = nn.functional.interpolate(fast[None, None, number].clamp(min=0), theirs.shape, mode="bilinear")
            if theirs.max() == 0:
                assert ours.max() == 0, CLASSES[number]
            else:
                assert np.corrcoef(theirs.ravel(), ours.numpy().ravel())[0, 1] > 0.999, CLASSES[number]
                drawn += 1
    assert drawn >= 3


def test_a_map_and_the_bias_add_up_to_the_lead(classifier: Classifier, pixels: np.ndarray, features: Tensor) -> None:
    maps = class_maps(head(classifier.network), features)  # (B, 7, h, w)
    bias = classifier.network.get_parameter("classifier.bias").detach()
    logits = torch.from_numpy(classifier.logits(pixels[None])[0])
    added = maps.mean(dim=0).sum(dim=(1, 2)) + bias - bias.mean()
    assert added.numpy() == pytest.approx((logits - logits.mean()).numpy(), abs=1e-3)


def test_the_closed_form_equals_the_gradient(classifier: Classifier, features: Tensor) -> None:
    closed = head(classifier.network)
    assert closed.closed_form
    wrapped = Head(nn.Hardtanh(-1e9, 1e9), *list(closed)[1:])  # does nothing, but is not known to
    assert not wrapped.closed_form
    assert class_maps(wrapped, features).numpy() == pytest.approx(class_maps(closed, features).numpy(), abs=1e-5)


@pytest.mark.parametrize("make_head", [None, two_layers])
def test_raw_maps_equal_those_of_the_package_for_any_head(
    classifier: Classifier, features: Tensor, make_head: type[Head] | None
) -> None:
    layers = make_head(features) if make_head else head(classifier.network)
    theirs = library_maps(layers, features, name="GradCAM")
    assert class_maps(layers, features).numpy() == pytest.approx(theirs.numpy(), abs=1e-5)


def test_hirescam_is_gradcam_and_gradcam_plus_plus_is_layercam(classifier: Classifier, features: Tensor) -> None:
    def flat(name: str) -> np.ndarray:
        return library_maps(head(classifier.network), features, name=name).clamp(min=0).numpy().ravel()

    assert np.corrcoef(flat("GradCAM"), flat("HiResCAM"))[0, 1] > 0.999
    assert np.corrcoef(flat("GradCAMPlusPlus"), flat("LayerCAM"))[0, 1] > 0.95
    assert np.corrcoef(flat("GradCAM"), flat("LayerCAM"))[0, 1] < 0.98


def test_a_principal_map_grows_with_the_features_and_is_one_for_all_diagnoses(
    classifier: Classifier, features: Tensor
) -> None:
    maps = principal_maps(head(classifier.network), features)
    assert (maps == maps[:, :1]).all()
    for view, strength in zip(maps[:, 0], features.norm(dim=1), strict=True):
        assert np.corrcoef(view.ravel(), strength.ravel())[0, 1] > 0


def planted() -> tuple[Head, Tensor]:
    """Features with one strong place for each of two channels, and a head that reads channel 0 as melanoma."""
    layer = nn.Linear(2, len(CLASSES))
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight[CLASS_NUMBERS["mel"], 0] = 7
        layer.weight[CLASS_NUMBERS["nv"], 1] = 7
    features = torch.zeros(1, 2, 3, 4)
    features[0, 0, 0, 3], features[0, 1, 2, 1] = 12, 12
    return Head(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), layer), features


def test_the_map_is_where_the_evidence_was_planted() -> None:
    maps = class_maps(*planted())[0]
    mel, nv, bcc = (maps[CLASS_NUMBERS[name]] for name in ("mel", "nv", "bcc"))
    assert mel[0, 3] == pytest.approx(6)  # weight 7 less the mean 1, times 12, over 12 places
    assert mel[2, 1] == pytest.approx(-1)
    assert nv[2, 1] == pytest.approx(6)
    assert mel.abs().sum() == pytest.approx(7)
    assert bcc.max() <= 0
