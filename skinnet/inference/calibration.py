"""From logits to calibrated probabilities and decisions, by numbers that were fitted beforehand.

    probabilities = Calibration.of(config).probabilities(logits)  # (N, 7), rows sum to one
    diagnoses = Decision.of(config).diagnoses(probabilities)      # the balanced rule

`training.fit_calibration` fits them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skinnet.checkpoint import VERDICT, Config, OperatingPoint, check_rules
from skinnet.labels import CLASSES, MALIGNANT_NUMBERS


@dataclass(frozen=True)
class Calibration:
    """Temperature scaling (Guo et al., ICML 2017) and the undoing of class-balanced sampling.

    Attributes:
        temperature: logits are divided by it.
        prior_shift: added afterwards, one value a class: log of the class's share in the training data over its
            share among the images drawn in training (Saerens et al., Neural Computation 2002).
    """

    temperature: float
    prior_shift: tuple[float, ...]

    @staticmethod
    def of(config: Config) -> Calibration:
        """The calibration of a checkpoint."""
        return Calibration(config.temperature, config.prior_shift)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """(N, 7) logits -> (N, 7) probabilities under the class shares of the training data."""
        shifted = logits / self.temperature + np.array(self.prior_shift)
        powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Decision:
    """The rules that turn probabilities into a diagnosis and a verdict.

    Attributes:
        class_weights: the balanced diagnosis is the class of the largest `weight * probability`. Rare classes, which
            plain argmax hardly ever names, get larger weights.
        operating_points: thresholds of `p_malignant`; one of them is the verdict's.

    Raises:
        ValueError: if there is not one class weight a class, or no operating point is the verdict's.
    """

    class_weights: tuple[float, ...]
    operating_points: tuple[OperatingPoint, ...]

    def __post_init__(self) -> None:
        check_rules(self.class_weights, self.operating_points)

    @staticmethod
    def of(config: Config) -> Decision:
        """The rules of a checkpoint."""
        return Decision(config.class_weights, config.operating_points)

    @property
    def malignant_threshold(self) -> float:
        """The verdict calls a lesion suspicious from this `p_malignant` on."""
        return next(point.threshold for point in self.operating_points if point.name == VERDICT)

    def diagnoses(self, probabilities: np.ndarray) -> np.ndarray:
        """The balanced rule: (N, 7) probabilities -> (N,) abbreviations."""
        return np.asarray(np.array(CLASSES)[balanced_numbers(probabilities, self.class_weights)])


UNCALIBRATED = Calibration(temperature=1.0, prior_shift=(0.0,) * len(CLASSES))
UNDECIDED = Decision((1.0,) * len(CLASSES), (OperatingPoint(VERDICT, sensitivity=0.0, threshold=1.0),))
"""For a network before anything is fitted to it."""


def malignant_probability(probabilities: np.ndarray) -> np.ndarray:
    """`p_malignant`, the sum over the (pre)malignant diagnoses: (..., 7) -> (...)."""
    return np.asarray(probabilities[..., MALIGNANT_NUMBERS].sum(axis=-1))


def balanced_numbers(probabilities: np.ndarray, class_weights: Sequence[float]) -> np.ndarray:
    """Apply the balanced rule: (N, 7) probabilities -> int (N,), positions in `CLASSES`."""
    return np.asarray((probabilities * np.array(class_weights)).argmax(axis=1))
