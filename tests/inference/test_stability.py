from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from skinnet.images.photo import to_input
from skinnet.inference.classifier import Classifier
from skinnet.inference.stability import VARIANTS, variants_of
from skinnet.inference.wording import percent
from tests.drawings import LOOKS, draw_lesion


@pytest.mark.parametrize("size", [(400, 200), (320, 240), (200, 400)])
def test_copies_have_the_shape_of_the_photo_and_turn_or_enlarge_it(size: tuple[int, int]) -> None:
    pixels = to_input(draw_lesion(LOOKS["nv"], seed=1, size=size), frame=(192, 256))
    made = variants_of(np.stack([pixels, pixels[::-1]]))
    assert made.shape == (len(VARIANTS), 2, *pixels.shape)
    height, width = pixels.shape[:2]
    side = min(height, width) // 4
    middle = (slice(height // 2 - side, height // 2 + side), slice(width // 2 - side, width // 2 + side))
    turned = made[0, 0][middle].astype(float)  # by 90 degrees
    assert np.abs(turned - np.rot90(pixels[middle])).mean() < 5  # half a pixel aside where a side is odd
    assert np.abs(turned - np.rot90(pixels[middle], 3)).mean() > 20
    lesion = [(picture.mean(axis=2) < 150).mean() for picture in (pixels, made[1, 0])]
    assert 0.01 < lesion[0] < lesion[1]


def test_the_spread_holds_the_photo_and_every_copy(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    photo = draw_lesion(LOOKS["mel"], seed=2, size=(300, 225))
    pixels = to_input(photo, frame=classifier.frame)
    outputs = classifier.run(pixels[None])
    spread = classifier.stability(pixels[None], outputs)[:, 0]
    assert spread.shape == (1 + len(VARIANTS),)
    assert spread[0] == pytest.approx(classifier.predictions(outputs.logits)[0].p_malignant)
    copied = [classifier.predictions(classifier.logits(each))[0].p_malignant for each in variants_of(pixels[None])]
    assert spread[1:] == pytest.approx(copied, abs=1e-5)
    classifier.gate = None  # whose note would take the place of this one
    assert f"a chance of {percent(spread.min())} to {percent(spread.max())}" in classifier.predict(photo).note
