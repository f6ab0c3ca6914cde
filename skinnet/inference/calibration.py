"""From logits to calibrated probabilities and decisions, fitted on validation or on a cross-validation's table.

calibration = fit_calibration(logits, dx, sampling_power=0.5, class_counts=counts)
probabilities = calibration.probabilities(logits)       # (N, 7), rows sum to one
decision = fit_decision(probabilities, dx, class_counts=counts, lesions=lesion_ids)
diagnoses = decision.diagnoses(probabilities)           # the balanced rule
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import recall_score

from skinnet.labels import CLASSES, MALIGNANT_NUMBERS

SENSITIVITIES = {"95": 0.95, "97.5": 0.975}
"""Operating points, fixed beforehand: the share of the (pre)malignant lesions to be found where they are fitted."""
VERDICT = "95"
"""The operating point that the app's verdict uses."""
VALIDATION = "validation"
OUT_OF_FOLD = "out_of_fold.csv"
"""A cross-validation's table."""
RECALIBRATION = "recalibration.json"
"""All that decisions may have been fitted on: the third is what a clinic refitted on its own cases."""
TINY = np.finfo(float).tiny
"""Above 0, so that every probability has a logarithm."""


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
class OperatingPoint:
    """A threshold of `p_malignant` and what it was chosen for.

    Attributes:
        name: such as "95".
        sensitivity: the share of (pre)malignant lesions that it finds where it was fitted.
        threshold: a lesion is flagged from this `p_malignant` on.
    """

    name: str
    sensitivity: float
    threshold: float


@dataclass(frozen=True)
class Decision:
    """The rules that turn probabilities into words.

    Attributes:
        class_weights: the balanced diagnosis is the class of the largest `weight * probability`, which gives
            rare classes the say that plain argmax denies them.
        operating_points: thresholds of `p_malignant`; one of them is the verdict's.
    """

    class_weights: tuple[float, ...]
    operating_points: tuple[OperatingPoint, ...]

    @staticmethod
    def of(config: Mapping[str, Any]) -> Decision:
        """From the contents of a `config.json`; the other way is `asdict`.

        Raises:
            ValueError, TypeError, KeyError: if they do not fit.
        """
        points = tuple(OperatingPoint(**point) for point in config["operating_points"])
        if VERDICT not in {point.name for point in points}:
            raise ValueError(f"no operating point is named {VERDICT}")
        return Decision(tuple(config["class_weights"]), points)

    @property
    def malignant_threshold(self) -> float:
        """`p_malignant` from which on the verdict calls a lesion suspicious."""
        return next(point.threshold for point in self.operating_points if point.name == VERDICT)

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
    logits: np.ndarray,
    dx: np.ndarray,
    *,
    sampling_power: float,
    class_counts: np.ndarray,
    lesions: np.ndarray | None = None,
) -> Calibration:
    """Find the temperature with the least validation log loss.

    Args:
        logits: (N, 7).
        dx: int (N,), positions in `CLASSES`.
        lesions: (N,), names of the images' lesions: then the loss is that of each lesion's mean probabilities.
    """
    shift = prior_shift(class_counts, sampling_power=sampling_power)

    def calibration(log_temperature: float) -> Calibration:
        return Calibration(float(np.exp(log_temperature)), tuple(shift.tolist()))

    def loss(log_temperature: float) -> float:
        return log_loss(calibration(log_temperature).probabilities(logits), dx, lesions)

    return calibration(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)


def fit_decision(
    probabilities: np.ndarray, dx: np.ndarray, *, class_counts: np.ndarray, lesions: np.ndarray | None = None
) -> Decision:
    """Choose the balanced rule's weights and the operating points.

    The weights are (share of the class) ** -power, so that one number is fitted and not seven: validation holds 11
    dermatofibromas. The power is the one with the best balanced accuracy; of equal ones, the one in their middle.

    Args:
        probabilities: (N, 7).
        dx: int (N,), positions in `CLASSES`.
        class_counts: training images of each class.
        lesions: (N,), names of the images' lesions: then everything is fitted on the means of each lesion.
    """
    probabilities, dx = lesion_means(probabilities, dx, lesions)
    share = class_counts / class_counts.sum()
    powers = np.linspace(0, 1.5, 61)
    recalls = [
        recall_score(dx, (probabilities * share**-power).argmax(axis=1), average="macro", zero_division=0)
        for power in powers
    ]
    optima = np.flatnonzero(np.isclose(recalls, max(recalls)))
    best = powers[optima[len(optima) // 2]]
    return Decision(tuple((share**-best).tolist()), fit_operating_points(probabilities, dx))


def log_loss(probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray | None = None) -> float:
    """Mean of -log of what the truth was given: (N, 7) probabilities, int (N,), and names of lesions or None."""
    means, truth = lesion_means(probabilities, dx, lesions)
    return float(-np.log(means[np.arange(len(truth)), truth].clip(min=TINY)).mean())


def lesion_means(
    probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The mean probabilities and the diagnosis of each lesion; without their names, those of each image."""
    if lesions is None:
        return probabilities, dx
    rows = pd.DataFrame(probabilities).assign(dx=dx).groupby(lesions)
    return rows.mean().drop(columns="dx").to_numpy(), rows["dx"].first().to_numpy()


def fit_operating_points(probabilities: np.ndarray, dx: np.ndarray) -> tuple[OperatingPoint, ...]:
    """The highest thresholds that reach each of `SENSITIVITIES`.

    Each lies midway between the lowest score that it finds and the next lower one, so that rounding never decides.
    """
    scores = np.sort(probabilities[np.isin(dx, MALIGNANT_NUMBERS)][:, MALIGNANT_NUMBERS].sum(axis=1))
    points = []
    for name, sensitivity in SENSITIVITIES.items():
        missed = int(len(scores) * (1 - sensitivity) + 1e-9)
        below = scores[missed - 1] if missed else 0.0
        points.append(OperatingPoint(name, sensitivity, float((below + scores[missed]) / 2)))
    return tuple(points)


def to_prevalence(scores: np.ndarray, *, prevalence: float, fitted_at: float) -> np.ndarray:
    """Move probabilities to another prevalence, by the ratio of the odds (Saerens et al. 2002).

    Args:
        scores: probabilities of (pre)malignancy.
        prevalence: the share of (pre)malignant lesions where the scores are to hold.
        fitted_at: the share where they hold now. The mix of diagnoses on either side is taken to be the same.
    """
    odds = prevalence / (1 - prevalence) / (fitted_at / (1 - fitted_at))
    return np.asarray(scores * odds / (scores * odds + (1 - scores)))
