from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinnet.images.photo import to_input
from skinnet.inference.classifier import Classifier
from skinnet.inference.stability import variants_of
from skinnet.inference.wording import percent
from tests.drawings import LOOKS, draw_lesion


@pytest.mark.parametrize("size", [(400, 200), (320, 240), (200, 400)])
def test_the_variant_has_the_shape_of_the_photo_and_is_turned_and_enlarged(size: tuple[int, int]) -> None:
    pixels = to_input(draw_lesion(LOOKS["nv"], seed=1, size=size), frame=(192, 256))
    made = variants_of(np.stack([pixels, pixels[::-1]]))
    assert made.shape == (2, *pixels.shape)
    height, width = pixels.shape[:2]

    def middle(picture: np.ndarray, side: int) -> np.ndarray:
        top, left = height // 2 - side, width // 2 - side
        part = Image.fromarray(picture[top : top + 2 * side, left : left + 2 * side])
        return np.asarray(part.resize((64, 64)), dtype=float)

    side = min(height, width) // 3
    whole = middle(pixels, round(side / 1.35))
    assert np.abs(middle(made[0], side) - np.rot90(whole)).mean() < 6  # half a pixel aside where a side is odd
    assert np.abs(middle(made[0], side) - np.rot90(whole, 3)).mean() > 15


def test_the_scores_are_those_of_the_photo_and_its_variant(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    photo = draw_lesion(LOOKS["mel"], seed=2, size=(300, 225))
    pixels = to_input(photo, frame=classifier.frame)[None]
    outputs, scores = classifier.run_with_variants(pixels)
    for images, score in zip((pixels, variants_of(pixels)), scores[:, 0], strict=True):
        assert score == pytest.approx(classifier.malignant(classifier.logits(images))[0], abs=1e-5)
    assert outputs.logits == pytest.approx(classifier.logits(pixels), abs=1e-4)
    classifier.gate = None  # whose note would take the place of this one
    assert f"a chance of {percent(scores.min())} to {percent(scores.max())}" in classifier.predict(photo).note


def test_photos_examined_together_get_the_answers_they_get_alone(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    photos = [draw_lesion(LOOKS[name], seed=3, size=size) for name, size in (
        ("mel", (320, 240)), ("nv", (240, 240)), ("bcc", (640, 480)), ("df", (300, 300)),
    )]  # fmt: skip
    for photo, together in zip(photos, classifier.examine_all(photos), strict=True):
        alone = classifier.examine(photo)
        assert np.array_equal(together.pixels, alone.pixels)
        assert together.prediction.probabilities == pytest.approx(alone.prediction.probabilities, abs=1e-5)
        assert (together.prediction.gate, together.prediction.note) == (alone.prediction.gate, alone.prediction.note)
        assert together.features is not None
        assert alone.features is not None
        assert np.abs((together.features - alone.features).numpy()).max() < 1e-3
