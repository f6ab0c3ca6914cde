from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinnet.data.index import load_cache, load_index
from skinnet.images.corruptions import cut_to_aspect
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.classifier import Classifier
from skinnet.training.fit_gate import WARN_SHARE, fit_gate, image_features
from tests.conftest import PROJECT

EXAMPLES = PROJECT.parent / "shared" / "examples"


def test_the_fitted_gate_takes_every_shape_alike(shipped: Path, drawn_root: Path) -> None:
    """Cut to other shapes, no more validation images lie beyond the warning than the share allows."""
    classifier = Classifier.load(shipped)
    table = load_index(drawn_root)
    images = load_cache(drawn_root, table)
    gate, by_split = fit_gate(classifier, table, images)
    inputs = by_split["val"].inputs(images)
    assert gate.refuse >= gate.warn > 0
    for aspect in (1.0, 16 / 9):
        photos = [cut_to_aspect(Image.fromarray(pixels), aspect) for pixels in inputs]
        cut = [to_input(photo, frame=classifier.frame) for photo in photos]
        features = image_features(classifier, gate.layers, cut, np.arange(len(cut)), title="cut")
        allowed = int(WARN_SHARE * len(cut)) + 1
        assert (gate.distances(features) > gate.warn).sum() <= allowed


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the CC-0 photos are not here (../shared/examples)")
def test_the_shipped_gate_refuses_hardly_any_square_photo_of_other_clinics(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    photos = [open_photo(path) for path in sorted(EXAMPLES.glob("*.jpg"))]
    assert {photo.width == photo.height for photo in photos} == {True}
    levels = [classifier.predict(photo).gate for photo in photos]
    assert len(levels) == 60
    assert levels.count("refuse") <= 3
    assert levels.count("ok") >= 45
