from __future__ import annotations

import numpy as np
import pytest

from skinnet.inference.stability import crosses
from skinnet.inference.wording import possible_sentence, stability_sentence


@pytest.mark.parametrize(
    ("possible", "words"),
    [
        (("nv",), "The network rules out all its diagnoses but melanocytic nevus; it can be wrong."),
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
    assert possible_sentence(possible) == words


def test_the_range_of_the_score_is_given_and_whether_it_crosses_the_threshold() -> None:
    crossing = stability_sentence(np.array([0.02, 0.05, 0.031, 0.04]), threshold=0.038)
    assert crossing.endswith("gets a chance of 2.0 % to 5.0 %: the verdict depends on how it was taken.")
    assert stability_sentence(np.array([0.05, 0.6, 0.3]), threshold=0.038).endswith("a chance of 5.0 % to 60 %.")
    assert crosses(np.array([[0.1, 0.3, 0.1], [0.2, 0.4, 0.3]]), 0.3).tolist() == [False, False, True]
