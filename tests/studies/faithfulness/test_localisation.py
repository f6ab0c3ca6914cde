from __future__ import annotations

import numpy as np
import pytest

from skinnet.studies.faithfulness.localisation import (
    distances,
    energy,
    gaussian_blob,
    localisation,
    matched_blob,
    overlap,
    points_inside,
)

SHAPE = (48, 64)


def planted(row: int, column: int, *, size: int = 8) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[row : row + size, column : column + size] = True
    return mask


def test_a_map_on_the_lesion_beats_both_blobs_and_one_beside_it_does_not() -> None:
    lesion = planted(2, 50)
    found = localisation(lesion.astype(float), lesion)
    assert (found["energy"], found["pointing"], found["iou"]) == (1, 1, 1)
    assert found["energy_over_matched"] == 1
    assert found["pointing_over_centre"] == 1
    assert found["energy_over_gaussian"] > 0.95
    missed = localisation(planted(30, 5).astype(float), lesion)
    assert (missed["energy"], missed["pointing"], missed["iou"]) == (0, 0, 0)
    assert missed["energy_over_gaussian"] < 0


def test_on_a_centred_lesion_the_blob_is_as_good_as_a_perfect_map() -> None:
    mask = planted(20, 28)
    assert localisation(mask.astype(float), mask)["energy_over_matched"] == pytest.approx(0, abs=0.15)
    assert localisation(mask.astype(float), mask)["pointing_over_centre"] == 0


def test_the_matched_blob_has_the_values_of_the_map_and_falls_from_the_middle() -> None:
    evidence = np.random.default_rng(0).random(SHAPE)
    blob = matched_blob(evidence)
    assert np.sort(blob, axis=None) == pytest.approx(np.sort(evidence, axis=None))
    outwards = blob.ravel()[np.argsort(distances(SHAPE), axis=None, kind="stable")]
    assert (np.diff(outwards) <= 0).all()


def test_the_gaussian_falls_to_a_half_at_its_width() -> None:
    blob = gaussian_blob((101, 101), width=0.2)
    assert blob[50, 50] == 1
    assert blob[50, 50 + 24] == pytest.approx(0.5, abs=0.02)  # 1.177 of 20.2 pixels
    assert blob == pytest.approx(blob.T)


def test_measures_have_known_values() -> None:
    evidence, mask = np.zeros((2, 4)), np.zeros((2, 4), bool)
    evidence[0] = [4, 3, 2, 1]
    mask[0, 1:] = True
    assert energy(evidence, mask) == pytest.approx(0.6)
    assert points_inside(evidence, mask) == 0
    assert overlap(evidence, mask) == pytest.approx(2 / 4)  # 4, 3 and 2 reach the half; the lesion has 3, 2 and 1


def test_an_empty_map_finds_nothing_and_is_not_counted() -> None:
    assert all(np.isnan(value) for value in localisation(np.zeros(SHAPE), planted(2, 2)).values())
