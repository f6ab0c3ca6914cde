from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.drawings import LOOKS, draw_lesion
from skinnet.images.photo import to_input
from skinnet.inference.classifier import Classifier


def test_the_four_views_make_mirrored_photos_equal(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    pixels = to_input(draw_lesion(LOOKS["bkl"], seed=4), frame=classifier.frame)
    mirrored = [pixels, pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1]]
    logits = np.concatenate([classifier.logits(np.ascontiguousarray(view)[None]) for view in mirrored])
    assert logits == pytest.approx(np.repeat(logits[:1], 4, axis=0), abs=1e-4)
