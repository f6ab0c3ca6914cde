from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from skinnet.images.photo import to_input
from skinnet.images.quality import Bounds, Fault, find_faults, fit_bounds, measure
from tests.drawings import LOOKS, draw_lesion

FRAME = (192, 256)
BOUNDS = Bounds(brightness=(60, 220), content=(4, 90), sharpness=(0.5, 20))


def levels(pixels: np.ndarray, size: tuple[int, int] = (600, 450)) -> dict[str, str]:
    return {fault.words: fault.level for fault in find_faults(pixels, size=size, bounds=BOUNDS)}


def test_brightness_content_and_sharpness_of_known_pictures() -> None:
    halves = np.zeros((192, 256, 3), np.uint8)
    halves[:, 128:] = 200
    found = measure(halves)
    assert (found.brightness, found.content) == pytest.approx((100, 100))
    assert found.sharpness == pytest.approx(2 * 200 / 3 / 256, rel=1e-4)  # two columns beside the edge
    assert measure(np.full((192, 256, 3), 90, np.uint8)).content == pytest.approx(0, abs=1e-3)


def test_noise_is_no_content(rng: np.random.Generator) -> None:
    noise = rng.integers(0, 256, (192, 256, 3), dtype=np.uint8)
    assert measure(noise).content < 8 < 30 < measure(noise).sharpness


def test_the_bounds_are_the_range_of_each_measure() -> None:
    pictures = [np.full((192, 256, 3), value, np.uint8) for value in (40, 90, 200)]
    bounds = fit_bounds([measure(picture) for picture in pictures])
    assert bounds.brightness == pytest.approx((40, 200))
    assert bounds.content == pytest.approx((0, 0), abs=1e-3)


def test_a_good_picture_has_no_fault() -> None:
    assert levels(to_input(draw_lesion(LOOKS["nv"], seed=0), frame=FRAME)) == {}


def test_each_fault_has_its_sentence() -> None:
    pixels = to_input(draw_lesion(LOOKS["nv"], seed=0), frame=FRAME)
    assert levels(pixels // 4)["The picture is too dark."] == "warn"
    assert levels(255 - (255 - pixels) // 6)["The picture is too bright."] == "warn"
    assert levels(np.full_like(pixels, 128)) == {
        "There is almost nothing to see in the picture.": "refuse", "The picture is blurred.": "warn",
    }  # fmt: skip


def test_a_small_photo_is_told_its_size() -> None:
    pixels = to_input(draw_lesion(LOOKS["nv"], seed=0), frame=FRAME)
    small = find_faults(pixels, size=(90, 120), bounds=BOUNDS)
    assert small == [Fault("warn", "The picture is small (90 x 120 pixels): use one of 112 pixels or more.")]
    assert find_faults(pixels, size=(112, 150), bounds=BOUNDS) == []


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_sharpness_is_measured_as_with_scipys_uniform_filter() -> None:
    pixels = to_input(draw_lesion(LOOKS["mel"], seed=3), frame=(192, 256))
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    assert measure(pixels).sharpness == float(np.abs(grey - uniform_filter(grey, 3)).mean())
