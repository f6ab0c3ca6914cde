from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from skinnet.images.photo import to_input
from skinnet.images.quality import COLOUR_SHARE, Bounds, Fault, find_faults, fit_bounds, measure
from tests.drawings import LOOKS, draw_lesion

FRAME = (192, 256)
BOUNDS = Bounds(brightness=(60, 220), content=(4, 90), sharpness=(0.5, 20), chroma=(0.2, 3), tint=(1, 4))


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
        "The photo has hardly any colour.": "warn",
    }  # fmt: skip


def test_chroma_and_tint_of_known_colours() -> None:
    pixels = np.full((192, 256, 3), (200, 120, 100), np.uint8)
    found = measure(pixels)
    assert found.tint == pytest.approx(200 / 120)
    assert found.chroma == pytest.approx(100 / (0.299 * 200 + 0.587 * 120 + 0.114 * 100), rel=1e-5)
    pixels[:24, :8] = (250, 20, 20)  # 3 of 768 squares: a coloured speck is not measured
    assert measure(pixels).chroma == pytest.approx(found.chroma, rel=0.005)
    pixels[:40, :] = pixels[:, :60] = 0  # a dark rim does not count
    assert measure(pixels).tint == pytest.approx(200 / 120)


def test_photos_without_their_colours_are_told_so() -> None:
    pixels = to_input(draw_lesion(LOOKS["nv"], seed=0), frame=FRAME)
    grey = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    swapped = "The colours look swapped or inverted."
    assert levels(grey.astype(np.uint8)) == {"The photo has hardly any colour.": "warn"}
    assert levels((0.9 * grey + 0.1 * pixels).astype(np.uint8)) == {"The photo has hardly any colour.": "warn"}
    assert levels(pixels[..., ::-1])[swapped] == "warn"
    assert levels(pixels[..., [1, 2, 0]])[swapped] == "warn"
    assert levels(255 - pixels)[swapped] == "warn"


def test_the_bounds_of_colour_leave_out_the_palest_photos() -> None:
    values = np.random.default_rng(0).uniform(1, 2, 400)
    any_picture = measure(np.full((16, 16, 3), 90, np.uint8))
    bounds = fit_bounds([replace(any_picture, chroma=value, tint=2 * value, content=value) for value in values])
    assert (values < bounds.chroma[0]).mean() == (2 * values < bounds.tint[0]).mean() == COLOUR_SHARE
    assert bounds.content == (values.min(), values.max())


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
