from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from skinnet.studies.lesion_hidden.pictures import (
    FOR_ALL,
    MARGIN,
    WHOLE,
    WITH_ROOM,
    bounding_box,
    hide_lesion,
    nearest_free_place,
    widened,
)
from tests.studies.lesion_hidden.drawings import SHAPE, disc


@pytest.fixture
def speckled() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def test_a_hidden_area_has_the_mean_colour_off_the_lesion_and_the_rest_is_unchanged(speckled: np.ndarray) -> None:
    pictures, lesion = hide_lesion(speckled, disc()), widened(disc())
    colour = speckled[~lesion].mean(axis=0).round()
    other, box = nearest_free_place(lesion, avoid=lesion), bounding_box(lesion)
    assert other is not None
    assert tuple(pictures) == (WHOLE, *(name for name in pictures if name != WHOLE))
    assert set(pictures) == set(WITH_ROOM)
    assert (pictures[WHOLE] == speckled).all()
    hidden = {"lesion hidden": lesion, "other place hidden": other, "box hidden": box,
              "surroundings hidden": ~lesion, "only other place shown": ~other}  # fmt: skip
    for name, where in hidden.items():
        assert (pictures[name][where] == colour).all(), name
        assert (pictures[name][~where] == speckled[~where]).all(), name
    other_box = (pictures["other box hidden"] != speckled).any(axis=2)
    assert other_box.sum() == pytest.approx(box.sum(), rel=0.001)
    assert not (other_box & lesion).any()


def test_the_border_of_the_lesion_is_hidden_too() -> None:
    mask = disc()
    lesion = widened(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(lesion[96])
    assert lesion[rows[0] - MARGIN, 110]
    assert not lesion[rows[0] - MARGIN - 1, 110]
    assert len(columns) == mask[96].sum() + 2 * MARGIN


@pytest.mark.parametrize("place", [(96, 128), (40, 60), (150, 230), (20, 20), (96, 30)])
@pytest.mark.parametrize("form", [widened, bounding_box])
def test_the_other_place_is_the_same_shape_off_the_lesion(
    place: tuple[int, int], form: Callable[[np.ndarray], np.ndarray]
) -> None:
    mask = disc(row=place[0], column=place[1])
    shape, lesion = form(mask), widened(mask)
    moved = nearest_free_place(shape, avoid=lesion)
    assert moved is not None
    assert moved.sum() == shape.sum()
    assert not (moved & lesion).any()
    crops = [each[bounding_box(each)] for each in (moved, shape)]
    assert (crops[0] == crops[1]).all()


def test_the_other_place_is_the_nearest_and_among_equals_the_uppermost() -> None:
    square = np.zeros(SHAPE, bool)
    square[80:100, 100:120] = True
    moved = nearest_free_place(square, avoid=square)
    assert moved is not None
    assert moved[60:80, 100:120].all()
    square = np.roll(square, -75, axis=0)  # 5 rows are left above
    moved = nearest_free_place(square, avoid=square)
    assert moved is not None
    assert moved[5:25, 80:100].all()


def test_a_lesion_without_room_has_no_control_and_one_without_skin_no_picture(speckled: np.ndarray) -> None:
    large = disc(radius=80)
    assert nearest_free_place(large, avoid=large) is None
    assert set(hide_lesion(speckled, large)) == set(FOR_ALL)
    assert list(hide_lesion(speckled, np.ones(SHAPE, bool))) == [WHOLE]
    assert list(hide_lesion(speckled, np.zeros(SHAPE, bool))) == [WHOLE]
