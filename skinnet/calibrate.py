"""From logits to calibrated probabilities and decisions; everything is fitted on the validation split.

calibration = fit_calibration(logits, dx, sampling_power=0.5, class_counts=counts)
probabilities = calibration.probabilities(logits)       # (N, 7), rows sum to one
decision = fit_decision(probabilities, dx)
diagnoses = decision.diagnoses(probabilities)           # the balanced rule
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import recall_score

from skinnet.labels import CLASSES, MALIGNANT_NUMBERS

SENSITIVITY = 0.95
"""Share of the (pre)malignant validation images that the threshold of the verdict has to find."""


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

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """(N, 7) logits -> (N, 7) probabilities under the class shares of HAM10000."""
        return np.asarray(softmax(logits / self.temperature + np.array(self.prior_shift), axis=1))


@dataclass(frozen=True)
class Decision:
    """The rules that turn probabilities into words.

    Attributes:
        class_weights: the balanced diagnosis is the class of the largest `weight * probability`, which gives
            rare classes the say that plain argmax denies them.
        malignant_threshold: `p_malignant` from which on the verdict calls a lesion suspicious.
    """

    class_weights: tuple[float, ...]
    malignant_threshold: float

    def diagnoses(self, probabilities: np.ndarray) -> np.ndarray:
        """(N, 7) probabilities -> (N,) names."""
        chosen = (probabilities * np.array(self.class_weights)).argmax(axis=1)
        return np.array([CLASSES[number] for number in chosen])


def prior_shift(class_counts: np.ndarray, *, sampling_power: float) -> np.ndarray:
    """What class-balanced sampling took from each class's log odds, (7,).

    Args:
        class_counts: training images of each class.
        sampling_power: images were drawn with weight (images of the class) ** -sampling_power.
    """
    true = np.log(class_counts / class_counts.sum())
    drawn = (1 - sampling_power) * np.log(class_counts)
    drawn -= np.log(np.exp(drawn).sum())
    return np.asarray(true - drawn)


def fit_calibration(
    logits: np.ndarray, dx: np.ndarray, *, sampling_power: float, class_counts: np.ndarray
) -> Calibration:
    """Find the temperature with the least validation log loss.

    Args:
        logits: (N, 7).
        dx: int (N,), positions in `CLASSES`.
    """
    shift = prior_shift(class_counts, sampling_power=sampling_power)

    def log_loss(log_temperature: float) -> float:
        scores = log_softmax(logits / np.exp(log_temperature) + shift, axis=1)
        return float(-scores[np.arange(len(dx)), dx].mean())

    found = minimize_scalar(log_loss, bounds=(-3, 3), method="bounded")
    return Calibration(float(np.exp(found.x)), tuple(shift.tolist()))


def fit_decision(probabilities: np.ndarray, dx: np.ndarray, *, class_counts: np.ndarray) -> Decision:
    """Choose the balanced rule's weights and the verdict's threshold.

    The weights are (share of the class) ** -power, so that one number is fitted and not seven: validation holds 11
    dermatofibromas. The power is the one with the best balanced accuracy; of equal ones, the one in their middle.
    The threshold lies midway between the lowest score that it finds and the next lower one, so that rounding never
    decides.
    """
    share = class_counts / class_counts.sum()
    powers = np.linspace(0, 1.5, 61)
    recalls = [
        recall_score(dx, (probabilities * share**-power).argmax(axis=1), average="macro", zero_division=0)
        for power in powers
    ]
    optima = np.flatnonzero(np.isclose(recalls, max(recalls)))
    best = powers[optima[len(optima) // 2]]
    scores = np.sort(probabilities[np.isin(dx, MALIGNANT_NUMBERS)][:, MALIGNANT_NUMBERS].sum(axis=1))
    missed = int(len(scores) * (1 - SENSITIVITY) + 1e-9)
    below = scores[missed - 1] if missed else 0.0
    return Decision(tuple((share**-best).tolist()), float((below + scores[missed]) / 2))
