from __future__ import annotations

import numpy as np
import pytest

from skinnet.inference.conformal import Sets
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.training.fit_conformal import fit_sets, measure_coverage


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
