from __future__ import annotations

import numpy as np
import pytest

from skinnet.data.shapes import NARROWEST, SIDE_STEP, WIDEST, Shape, cut_to_shape, draw_shapes, frame_of
from skinnet.images.photo import to_input
from tests.drawings import LOOKS, draw_lesion

FRAME = (192, 256)


def test_shapes_reach_from_upright_to_wide_and_keep_the_area() -> None:
    frames = [shape.frame for shape in draw_shapes(500, frame=FRAME, probability=1, seed=0, epoch=0)]
    aspects = np.array([width / height for height, width in frames])
    assert aspects.min() < 0.8
    assert aspects.max() > 1.65
    assert (aspects > NARROWEST / 1.1).all()
    assert (aspects < WIDEST * 1.1).all()
    assert (aspects < 1).mean() == pytest.approx(0.33, abs=0.1)
    assert {side % SIDE_STEP for frame in frames for side in frame} == {0}
    assert all(0.88 < height * width / (192 * 256) < 1.12 for height, width in frames)


def test_as_many_batches_keep_the_frame_as_asked() -> None:
    shapes = draw_shapes(2000, frame=FRAME, probability=0.25, seed=0, epoch=0)
    assert np.mean([shape.frame != FRAME for shape in shapes]) == pytest.approx(0.23, abs=0.04)


def test_shapes_depend_on_seed_and_epoch_alone() -> None:
    def drawn(seed: int, epoch: int, count: int = 20) -> list[Shape]:
        return draw_shapes(count, frame=FRAME, probability=0.5, seed=seed, epoch=epoch)

    assert drawn(0, 3) == drawn(0, 3)
    assert drawn(0, 3) != drawn(0, 4)
    assert drawn(1, 3) != drawn(0, 3)


def test_an_image_of_the_shape_is_not_touched() -> None:
    pixels = np.zeros((*FRAME, 3), np.uint8)
    assert cut_to_shape(pixels, Shape(FRAME, (0.4, 0.4))) is pixels


def test_a_square_is_the_middle_of_a_wide_photo_as_the_app_would_see_it() -> None:
    """A photo that comes square and one that training cuts square are the same input, up to rounding."""
    photo = draw_lesion(LOOKS["nv"], seed=4, size=(512, 384))
    square = photo.crop((64, 0, 448, 384))
    trained = cut_to_shape(to_input(photo, frame=FRAME), Shape((224, 224)))
    asked = np.asarray(to_input(square, frame=FRAME), dtype=float)
    assert asked.shape == (222, 222, 3)
    resized = cut_to_shape(asked.astype(np.uint8), Shape((224, 224)))
    assert np.abs(trained.astype(float) - resized).mean() < 3


def test_a_photo_that_lies_across_the_shape_is_turned() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (192, 256, 3), dtype=np.uint8)
    assert (cut_to_shape(pixels, Shape((256, 192))) == np.rot90(pixels)).all()


@pytest.mark.parametrize(("offset", "expected"), [(0.0, 50), (0.5, 75), (-0.5, 25)])
def test_a_cut_is_off_the_middle_by_its_share(offset: float, expected: int) -> None:
    """Of a row of 200 columns, 100 are kept."""
    pixels = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (100, 200, 3))
    cut = cut_to_shape(pixels, Shape((100, 100), (0.0, offset)))
    assert cut[0, 0, 0] == expected
    assert cut[0, -1, 0] == expected + 99


def test_every_frame_is_a_multiple_of_the_step() -> None:
    assert frame_of(4 / 3, FRAME) == FRAME
    assert frame_of(1, FRAME) == (224, 224)
