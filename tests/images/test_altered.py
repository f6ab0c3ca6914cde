from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from demo.drawings import LOOKS, draw_lesion
from skinnet.images.altered import ALTERATIONS, unsquashed


def test_an_export_gets_its_aspect_back() -> None:
    assert unsquashed(draw_lesion(LOOKS["nv"], seed=0, size=(224, 224))).size == (299, 224)


def test_each_alteration_does_what_it_is_named_for() -> None:
    photo = draw_lesion(LOOKS["mel"], seed=0, size=(300, 224))
    altered = {name: alter(photo) for name, alter in ALTERATIONS.items()}
    before = np.asarray(photo, dtype=float)
    assert altered["none"] is photo
    assert altered["enlarged to 600 x 450"].size == (600, 450)
    assert altered["turned by 90 degrees"].size == (224, 300)
    assert altered["middle half of each side"].size == (150, 112)
    assert np.asarray(altered["a quarter darker"]).mean() / before.mean() == pytest.approx(0.75, abs=0.01)
    assert np.asarray(altered["a fifth brighter"]).mean() > 1.1 * before.mean()
    warmth = np.asarray(altered["warmer colours"], dtype=float) - before
    assert warmth[..., 0].mean() > 0 > warmth[..., 2].mean()
    assert np.std(np.asarray(altered["noise of 5 levels"]) - before) == pytest.approx(5, abs=0.3)
    assert _roughness(altered["sharpened"]) > _roughness(photo) > _roughness(altered["blurred by 1 pixel"])


def _roughness(photo: Image.Image) -> float:
    return float(np.abs(np.diff(np.asarray(photo, dtype=float), axis=1)).mean())
