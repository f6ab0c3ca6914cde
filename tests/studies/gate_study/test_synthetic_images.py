from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from skinnet.studies.gate_study.synthetic_images import charts, documents, noises, screenshots

Draw = Callable[..., Iterator[Image.Image]]


@pytest.mark.parametrize("draw", [noises, documents, screenshots, charts])
def test_the_same_seed_gives_the_same_pictures_and_another_others(draw: Draw) -> None:
    first, again, other = ([np.asarray(each) for each in draw(count=4, seed=seed)] for seed in (0, 0, 1))
    assert len(first) == 4
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))
    assert {each.shape[2] for each in first} == {3}


def test_noise_comes_in_five_kinds_the_last_a_plain_colour() -> None:
    pictures = [np.asarray(each, dtype=float) for each in noises(count=5, seed=0)]
    steps = [np.abs(np.diff(each, axis=1)).mean() for each in pictures]
    assert steps[0] > steps[1] > steps[2] > steps[3] > steps[4] == 0


def test_a_page_is_mostly_paper_with_dark_text() -> None:
    page = np.asarray(next(documents(count=1, seed=0)).convert("L"))
    assert 0.6 < (page > 200).mean() < 0.99
    assert (page < 100).mean() > 0.01
