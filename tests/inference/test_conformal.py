from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from skinnet.errors import CheckpointError
from skinnet.inference.conformal import (
    UNCERTAINTY,
    Sets,
    crosses,
    fit_sets,
    load_sets,
    measure_coverage,
    sentence,
    spread_sentence,
)
from skinnet.labels import CLASS_NUMBERS, CLASSES


def predictions_of(name: str, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that give a diagnosis `values`, and its name as truth."""
    probabilities = np.zeros((len(values), len(CLASSES)))
    probabilities[:, CLASS_NUMBERS[name]] = values
    return probabilities, np.full(len(values), name)


@pytest.mark.parametrize(
    ("name", "lesions", "rank", "promised"),
    [("nv", 19, 1, 0.95), ("nv", 18, 1, None), ("nv", 99, 5, 0.95), ("mel", 39, 1, 0.975), ("mel", 38, 1, None),
     ("mel", 79, 2, 0.975)],
)  # fmt: skip
def test_the_floor_is_the_order_statistic_of_split_conformal(
    name: str, lesions: int, rank: int, promised: float | None
) -> None:
    values = np.random.default_rng(0).permutation(np.arange(1, lesions + 1) / 1000)
    sets = fit_sets(*predictions_of(name, values), np.arange(lesions).astype(str))
    number = CLASS_NUMBERS[name]
    assert sets.floors[number] == rank / 1000
    assert sets.promised[number] == promised
    assert sets.lesions[number] == lesions


def test_a_lesion_of_many_images_counts_as_one() -> None:
    values = np.array([0.001] * 50 + [0.1 + lesion / 1000 for lesion in range(39)])
    lesions = np.array(["low"] * 50 + [f"L{lesion}" for lesion in range(39)])
    sets = fit_sets(*predictions_of("nv", values), lesions)
    assert sets.floors[CLASS_NUMBERS["nv"]] == 0.1  # of 40 lesions one may lie below


def test_new_lesions_are_covered_as_promised() -> None:
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(300):
        fitted, fresh = rng.beta(2, 2, 200), rng.beta(2, 2, 200)
        sets = fit_sets(*predictions_of("bcc", fitted), np.arange(200).astype(str))
        shares.append((fresh >= sets.floors[CLASS_NUMBERS["bcc"]]).mean())
    assert np.mean(shares) == pytest.approx(1 - 10 / 201, abs=0.005)  # the mean of 300 varies by 0.0013


def test_the_likeliest_is_always_possible_and_the_order_is_by_probability() -> None:
    sets = Sets((0.2,) * 7, (None,) * 7, (0,) * 7)
    probabilities = np.array([0.05, 0.21, 0.3, 0, 0.44, 0, 0])
    assert sets.possible(probabilities) == ("mel", "bkl", "bcc")
    assert Sets((1.0,) * 7, (None,) * 7, (0,) * 7).possible(probabilities) == ("mel",)


def test_coverage_counts_lesions_and_has_an_interval() -> None:
    sets = Sets((0.5,) * 7, (None,) * 7, (0,) * 7)
    probabilities, dx = predictions_of("df", np.array([0.9, 0.1, 0.8, 0.1]))
    probabilities[:, CLASS_NUMBERS["nv"]] = [0.0, 0.6, 0.1, 0.6]
    found = measure_coverage(sets, probabilities, dx, np.array(["a", "a", "b", "c"]))
    assert (found["df"].images, found["df"].lesions) == (4, 3)
    assert found["df"].value == pytest.approx(0.5)  # a by half, b, not c
    assert found["df"].low is not None
    assert found["df"].high is not None
    assert 0 < found["df"].low < 0.5 < found["df"].high < 1
    assert found["df"].size == pytest.approx(1)
    assert found["mel"].value is None


@pytest.mark.parametrize(
    ("possible", "words"),
    [
        (("nv",), "Of its seven diagnoses the network holds only melanocytic nevus possible; it errs, too."),
        (
            ("bkl", "mel"),
            "The network cannot separate keratosis from melanoma here; melanoma is not excluded.",
        ),
        (("mel", "nv"), "The network cannot separate melanoma from melanocytic nevus here."),
        (
            ("nv", "mel", "bkl"),
            "The network cannot choose between melanocytic nevus, melanoma and keratosis here; "
            "melanoma is not excluded.",
        ),
    ],
)
def test_the_sentence_names_what_is_possible(possible: tuple[str, ...], words: str) -> None:
    assert sentence(possible) == words


def test_the_spread_is_told_and_whether_it_crosses_the_threshold() -> None:
    crossing = spread_sentence(np.array([0.02, 0.05, 0.031, 0.04]), threshold=0.038)
    assert crossing.endswith("gets a chance of 2.0 % to 5.0 %: the verdict hangs on how it was taken.")
    assert spread_sentence(np.array([0.05, 0.6, 0.3]), threshold=0.038).endswith("a chance of 5.0 % to 60 %.")
    assert crosses(np.array([[0.1, 0.3, 0.1], [0.2, 0.4, 0.3]]), 0.3).tolist() == [False, False, True]


def test_sets_are_read_back_and_damage_is_named(tmp_path: Path) -> None:
    assert load_sets(tmp_path) is None
    sets = {"floors": [0.1] * 7, "promised": [0.95, *[None] * 6], "lesions": [20] * 7}
    (tmp_path / UNCERTAINTY).write_text(json.dumps({"sets": sets}))
    assert load_sets(tmp_path) == Sets((0.1,) * 7, (0.95, *[None] * 6), (20,) * 7)
    sets["floors"] = [0.1]
    (tmp_path / UNCERTAINTY).write_text(json.dumps({"sets": sets}))
    with pytest.raises(CheckpointError, match="fit-gate again"):
        load_sets(tmp_path)
