from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinnet.data.index import load_cache, load_index
from skinnet.images.corruptions import cut_to_aspect
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.classifier import Classifier
from skinnet.training.fit_gate import NO_LESION_SHARE, WARN_SHARE, fit_gate
from skinnet.training.gate_material import Material, gather, picture_features
from tests.conftest import PROJECT

EXAMPLES = PROJECT.parent / "shared" / "examples"


@pytest.fixture(scope="module")
def material(shipped: Path, drawn_root: Path) -> Material:
    table = load_index(drawn_root)
    return gather(Classifier.load(shipped), table, load_cache(drawn_root, table), root=drawn_root)


def test_the_fitted_gate_takes_every_shape_alike(shipped: Path, drawn_root: Path, material: Material) -> None:
    """Cut to other shapes, no more validation images lie beyond the warning than the share allows."""
    classifier = Classifier.load(shipped)
    images = load_cache(drawn_root, load_index(drawn_root))
    gate = fit_gate(material)
    inputs = material.splits["val"].inputs(images)
    assert gate.refuse >= gate.warn > 0
    for aspect in (1.0, 16 / 9):
        photos = [cut_to_aspect(Image.fromarray(pixels), aspect) for pixels in inputs]
        cut = [to_input(photo, frame=classifier.frame) for photo in photos]
        features = picture_features(classifier, gate.layers, cut, title="cut")
        allowed = int(WARN_SHARE * len(cut)) + 1
        assert (gate.distances(features) > gate.warn).sum() <= allowed
        assert (gate.lesion_scores(features) < 0).sum() <= int(NO_LESION_SHARE * len(cut)) + 1


def test_the_gate_finds_no_lesion_in_most_drawn_skin(material: Material) -> None:
    gate = fit_gate(material)
    assert len(material.skin) == len(material.lesions) == 2 * len(material.splits["train"].positions)
    assert (gate.lesion_scores(material.skin) < 0).mean() > 0.8
    assert (gate.lesion_scores(material.lesions) < 0).mean() < 0.2


def test_without_masks_no_photo_is_said_to_show_no_lesion(material: Material) -> None:
    nothing = np.empty((0, 0), np.float32)
    gate = fit_gate(replace(material, skin=nothing, lesions=nothing))
    assert not gate.lesion.any()
    assert not (gate.lesion_scores(material.skin) < 0).any()
    assert gate.warn == fit_gate(material).warn


def test_a_gate_fitted_without_a_data_set_knows_nothing_of_it(material: Material) -> None:
    """Half of the images are said to come from elsewhere; whatever they are, the gate stays the same."""
    splits, strange = {}, {}
    for name, photos in material.splits.items():
        elsewhere = np.arange(len(photos.positions)) % 2 == 1
        splits[name] = replace(photos, source=np.where(elsewhere, "elsewhere", photos.source))
        strange[name] = replace(splits[name], features=photos.features + 9 * elsewhere[:, None].astype(np.float32))
    blind, other = (fit_gate(replace(material, splits=each), sources=["ham10000"]) for each in (splits, strange))
    assert (blind.mean == other.mean).all()
    assert (blind.warn, blind.bounds) == (other.warn, other.bounds)
    assert not (fit_gate(replace(material, splits=strange)).mean == blind.mean).any()


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the CC-0 photos are not here (../shared/examples)")
def test_the_shipped_gate_refuses_hardly_any_square_photo_of_other_clinics(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    photos = [open_photo(path) for path in sorted(EXAMPLES.glob("*.jpg"))]
    assert {photo.width == photo.height for photo in photos} == {True}
    levels = [classifier.predict(photo).gate for photo in photos]
    assert len(levels) == 60
    assert levels.count("refuse") <= 3
    assert levels.count("ok") >= 45
