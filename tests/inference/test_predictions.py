from __future__ import annotations

from pathlib import Path

import numpy as np

from skinnet.data.cache import build_cache
from skinnet.images.photo import to_input
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import predict_logits
from tests.drawings import LOOKS, draw_lesion


def test_images_of_any_shape_are_classified_whole_as_in_the_app(shipped: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(shipped)
    sizes = [(200, 150), (150, 200), (160, 160), (200, 150), (300, 100)]
    photos = [draw_lesion(LOOKS["bkl"], seed=number, size=size) for number, size in enumerate(sizes)]
    paths = [tmp_path / f"{number}.png" for number in range(len(photos))]
    for photo, path in zip(photos, paths, strict=True):
        photo.save(path)
    cache = build_cache(paths, folder=tmp_path / "cache", frame=classifier.frame)
    positions = np.array([4, 0, 1, 3])
    logits = predict_logits(classifier, cache, positions)
    alone = np.concatenate([classifier.logits(to_input(photos[at], frame=classifier.frame)[None]) for at in positions])
    assert np.abs(logits - alone).max() < 1e-4
