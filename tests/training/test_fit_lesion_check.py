from __future__ import annotations

import numpy as np

from skinnet.images.quality import Bounds
from skinnet.inference.gate import Gate
from skinnet.training.fit_lesion_check import fit_lesion_check

ANY = Bounds(brightness=(0, 255), content=(0, 255), sharpness=(0, 255), chroma=(0, 255), tint=(0, 255))


def test_the_weights_tell_two_clouds_apart_at_any_scale_of_the_features() -> None:
    rng = np.random.default_rng(0)
    scale = np.array([1, 100, 0.01])
    with_lesion = rng.normal((2, 0, 2), size=(900, 3)) * scale
    without_lesion = rng.normal(size=(100, 3)) * scale
    weights = fit_lesion_check(with_lesion, without_lesion)
    assert weights.shape == (4,)
    gate = Gate(("a",), np.zeros(3), np.eye(3), weights, warn=1, refuse=2, bounds=ANY)
    assert (gate.lesion_scores(with_lesion) > 0).mean() > 0.9
    assert (gate.lesion_scores(without_lesion) < 0).mean() > 0.9  # as rare as they are
    assert abs(weights[1] * scale[1]) < 0.2 * abs(weights[0] * scale[0])
