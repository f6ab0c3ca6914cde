from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from skinnet.inference.calibration import Calibration, balanced_numbers, malignant_probability
from skinnet.labels import CLASSES


def test_probabilities_are_the_softmax_of_scaled_and_shifted_logits() -> None:
    rng = np.random.default_rng(0)
    logits, shift = 30 * rng.normal(size=(50, 7)), rng.normal(size=7)
    expected = softmax(logits / 1.7 + shift, axis=1)
    assert (Calibration(1.7, tuple(shift)).probabilities(logits) == expected).all()


def test_the_malignant_probability_sums_melanoma_basal_cell_carcinoma_and_actinic_keratosis() -> None:
    probabilities = np.eye(len(CLASSES))
    assert malignant_probability(probabilities).tolist() == [float(name in ("akiec", "bcc", "mel")) for name in CLASSES]
    assert malignant_probability(np.full((2, 5, 7), 1 / 7)) == pytest.approx(3 / 7)


def test_the_balanced_rule_multiplies_by_the_weight_of_the_class() -> None:
    probabilities = np.array([[0.1, 0.4, 0.2, 0, 0.3, 0, 0], [0, 0.9, 0, 0, 0.1, 0, 0]])
    assert balanced_numbers(probabilities, (1, 1, 1, 1, 2, 1, 1)).tolist() == [4, 1]
