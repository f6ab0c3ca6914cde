from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.drawings import LOOKS, draw_lesion
from skinnet.__main__ import main, parser
from skinnet.classifier import Classifier
from skinnet.errors import SkinnetError
from skinnet.explain import METHODS, heat_map, overlay
from skinnet.labels import CLASSES
from skinnet.preprocess import display_photo, to_input


@pytest.fixture(scope="module")
def classifier(shipped: Path) -> Classifier:
    return Classifier.load(shipped)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return draw_lesion(LOOKS["mel"], seed=7)


@pytest.fixture(scope="module")
def pixels(classifier: Classifier, photo: Image.Image) -> np.ndarray:
    return to_input(photo, frame=classifier.frame)


def test_every_method_gives_another_map_of_the_input_size(classifier: Classifier, pixels: np.ndarray) -> None:
    diagnosis = classifier.judge(classifier.logits(pixels[None]))[0].most_likely
    maps = {name: heat_map(classifier, pixels, diagnosis=diagnosis, method=name) for name in METHODS}
    for evidence in maps.values():
        assert evidence.shape == pixels.shape[:2]
        assert evidence.dtype == np.float32
        assert 0 <= evidence.min() <= evidence.max() <= 1
    for first, second in combinations(maps, 2):
        assert np.abs(maps[first] - maps[second]).mean() > 0.01, (first, second)


def test_gradcam_is_the_weighted_sum_of_the_last_features(classifier: Classifier, pixels: np.ndarray) -> None:
    """For global average pooling and a linear head Grad-CAM has a closed form (Zhou et al., CVPR 2016)."""
    import torch

    diagnosis = classifier.judge(classifier.logits(pixels[None]))[0].most_likely
    with torch.inference_mode():
        features = classifier.network.features(classifier.to_tensor(pixels[None]))[0]  # type: ignore[operator]
        weights = classifier.network.classifier.weight[CLASSES.index(diagnosis)]  # type: ignore[union-attr, index]
        evidence = torch.einsum("c,chw->hw", weights, features).clamp(min=0).numpy()
    grown = np.asarray(
        Image.fromarray(evidence / evidence.max()).resize(pixels.shape[1::-1], Image.Resampling.BILINEAR)
    )
    measured = heat_map(classifier, pixels, diagnosis=diagnosis, method="gradcam")
    assert np.corrcoef(grown.ravel(), measured.ravel())[0, 1] > 0.99


def test_diagnoses_have_different_maps(classifier: Classifier, pixels: np.ndarray) -> None:
    first = heat_map(classifier, pixels, diagnosis="mel", method="gradcam")
    second = heat_map(classifier, pixels, diagnosis="nv", method="gradcam")
    assert np.abs(first - second).mean() > 0.01


def test_maps_drawn_at_the_same_time_do_not_mix(classifier: Classifier, pixels: np.ndarray) -> None:
    alone = {name: heat_map(classifier, pixels, diagnosis=name) for name in ("mel", "nv", "bcc")}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: (name, heat_map(classifier, pixels, diagnosis=name)), [*alone] * 4))
    for name, evidence in together:
        assert evidence == pytest.approx(alone[name], abs=1e-5)


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


def test_the_command_line_offers_every_method_and_writes_a_png(
    photo: Image.Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo.save(tmp_path / "photo.png")
    for method in METHODS:
        assert parser().parse_args(["explain", "a", "--out", "b", "--method", method]).method == method
    out = tmp_path / "map.png"
    assert main(["explain", str(tmp_path / "photo.png"), "--out", str(out), "--diagnosis", "mel"]) == 0
    with Image.open(out) as written:
        assert written.size == (600, 450)
    assert "what spoke for Melanoma" in capsys.readouterr().out
