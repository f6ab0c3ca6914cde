from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from skinnet.errors import SkinnetError
from skinnet.explain.cam import photo_features
from skinnet.explain.heatmaps import METHODS, OFFERED, coarse_maps, evidence_maps, heat_map, overlay
from skinnet.images.photo import display_photo, to_input
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.models.backbone import Head
from tests.drawings import LOOKS, draw_lesion


@pytest.fixture(scope="module")
def classifier(shipped: Path) -> Classifier:
    return Classifier.load(shipped)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return draw_lesion(LOOKS["mel"], seed=7)


@pytest.fixture(scope="module")
def pixels(classifier: Classifier, photo: Image.Image) -> np.ndarray:
    return to_input(photo, frame=classifier.frame)


def maps_of(classifier: Classifier, pixels: np.ndarray, *, method: str) -> np.ndarray:
    size = (pixels.shape[0], pixels.shape[1])
    return evidence_maps(classifier, photo_features(classifier, pixels), size=size, method=method)


def test_every_method_gives_maps_of_the_input_size_on_one_scale(classifier: Classifier, pixels: np.ndarray) -> None:
    for name in METHODS:
        maps = maps_of(classifier, pixels, method=name)
        assert maps.shape == (len(CLASSES), *pixels.shape[:2])
        assert maps.dtype == np.float32
        assert maps.min() >= 0
        assert 0.9 < maps.max() <= 1  # interpolation may round the peak off


def test_methods_that_are_offered_draw_different_pictures(classifier: Classifier, pixels: np.ndarray) -> None:
    maps = {name: maps_of(classifier, pixels, method=name) for name in OFFERED}
    for first, second in combinations(maps, 2):
        assert np.abs(maps[first] - maps[second]).mean() > 0.01, (first, second)


def test_a_diagnosis_that_nothing_speaks_for_has_an_empty_map() -> None:
    layer = nn.Linear(1, len(CLASSES))
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight[:, 0] = torch.tensor([4.0, 2.0, -1.0, -1.0, -1.0, -1.0, -2.0])
    features = torch.zeros(1, 2, 2)
    features[0, 0, 1] = 3
    maps = coarse_maps(Head(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), layer), features, method="gradcam")
    assert maps[:, 0, 1].tolist() == pytest.approx([1, 0.5, 0, 0, 0, 0, 0])
    assert maps.sum() == pytest.approx(1.5)
    blank = coarse_maps(Head(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), layer), 0 * features)
    assert blank.max() == 0


def test_the_pass_of_a_prediction_gives_the_same_maps(
    classifier: Classifier, photo: Image.Image, pixels: np.ndarray
) -> None:
    examined = classifier.examine(photo)
    assert examined.features is not None
    maps = evidence_maps(classifier, examined.features, size=examined.size)
    assert (maps[CLASS_NUMBERS["mel"]] == heat_map(classifier, pixels, diagnosis="mel")).all()


def test_diagnoses_have_different_maps(classifier: Classifier, pixels: np.ndarray) -> None:
    first = heat_map(classifier, pixels, diagnosis="mel", method="gradcam")
    second = heat_map(classifier, pixels, diagnosis="nv", method="gradcam")
    assert np.abs(first - second).mean() > 0.01


@pytest.mark.parametrize("method", METHODS)
def test_maps_drawn_at_the_same_time_do_not_mix(classifier: Classifier, pixels: np.ndarray, method: str) -> None:
    photos = [np.ascontiguousarray(each) for each in (pixels, pixels[::-1, :, ::-1])]
    alone = [maps_of(classifier, photo, method=method) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda photo: maps_of(classifier, photo, method=method), photos * 3))
    for number, maps in enumerate(together):
        assert maps == pytest.approx(alone[number % 2], abs=1e-4)


def test_a_photo_judged_while_a_map_is_drawn_does_not_change_it(classifier: Classifier, pixels: np.ndarray) -> None:
    alone = heat_map(classifier, pixels, diagnosis="mel")
    other = np.ascontiguousarray(pixels[::-1])
    with ThreadPoolExecutor(4) as pool:
        judged = [pool.submit(classifier.logits, other[None]) for _ in range(8)]
        maps = [pool.submit(heat_map, classifier, pixels, diagnosis="mel") for _ in range(4)]
        assert all(done.result().shape == (1, 7) for done in judged)
        assert all(done.result() == pytest.approx(alone, abs=1e-5) for done in maps)


def test_unknown_names_are_refused(classifier: Classifier, pixels: np.ndarray) -> None:
    with pytest.raises(SkinnetError, match="Unknown diagnosis 'wart': use one of akiec"):
        heat_map(classifier, pixels, diagnosis="wart")
    with pytest.raises(SkinnetError, match="Unknown method 'magic': use one of gradcam"):
        heat_map(classifier, pixels, diagnosis="mel", method="magic")


def test_the_overlay_goes_from_photo_to_map(photo: Image.Image) -> None:
    shown = display_photo(photo)
    evidence = np.zeros((168, 224), dtype=np.float32)
    evidence[60:100, 80:140] = 1
    assert (np.asarray(overlay(shown, evidence, opacity=0)) == np.asarray(shown)).all()
    full = np.asarray(overlay(shown, evidence, opacity=1))
    assert (full[5, 5] == np.asarray(shown)[5, 5]).all()
    assert full[215, 300].tolist() == [122, 4, 2]  # the end of the colour scale
