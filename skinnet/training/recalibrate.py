"""Refit calibration and thresholds on a clinic's own cases.

    found = recalibrate(read_external_table(Path("clinic.csv")))
    found.calibration, found.decision

Two numbers are fitted, by the least log loss over the seven diagnoses: a temperature, which makes all probabilities
more or less extreme, and one shift of the three (pre)malignant diagnoses, for a clinic where cancer is rarer or more
frequent. One a diagnosis would need more lesions than a clinic has. Then the rules are fitted as in a release, per
lesion. The cases must not be those that the result is evaluated on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from skinnet.checkpoint import RECALIBRATION, Config, FittedOn
from skinnet.errors import DataError
from skinnet.evaluation.scored_cases import ScoredCases, by_image, by_lesion
from skinnet.evaluation.subgroups import MIN_LESIONS
from skinnet.inference.calibration import Calibration, Decision
from skinnet.labels import CLASSES, MALIGNANT_NUMBERS, probability_columns
from skinnet.training.fit_calibration import fit_decision, log_loss

SMALLEST = 1e-6
"""Floor of a probability, before its logarithm."""


@dataclass(frozen=True)
class Recalibration:
    """The calibration and decision rules fitted to a clinic's cases.

    Attributes:
        calibration: to be applied to the logarithms of the probabilities that were given.
        decision: class weights and operating points for the new probabilities.
        lesions, malignant: how many lesions it was fitted on, and how many of them are (pre)malignant.
    """

    calibration: Calibration
    decision: Decision
    lesions: int
    malignant: int

    def as_json(self) -> dict[str, Any]:
        """Return the keys that a checkpoint's `config.json` has too, and the counts."""
        counts = {"lesions": self.lesions, "malignant": self.malignant}
        return {**counts, **asdict(self.calibration), **asdict(self.decision)}

    def for_checkpoint(self, config: Config) -> Config:
        """Return a checkpoint's settings with the new values; the probabilities must have been the checkpoint's."""
        calibration = compose(Calibration.of(config), self.calibration)
        return replace(
            config,
            temperature=calibration.temperature,
            prior_shift=calibration.prior_shift,
            class_weights=self.decision.class_weights,
            operating_points=self.decision.operating_points,
            rules_from=FittedOn(RECALIBRATION, self.lesions, self.malignant),
        )

    def apply(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Return the table with new probabilities."""
        table = predictions.copy()
        table[probability_columns()] = self.calibration.probabilities(_logs(predictions))
        return table


def recalibrate(predictions: pd.DataFrame) -> Recalibration:
    """Fit temperature, shift and decision rules.

    Args:
        predictions: as `outside.read_external_table` returns them.

    Raises:
        DataError: with fewer than 20 (pre)malignant or benign lesions.
    """
    lesions, images = by_lesion(predictions), by_image(predictions)
    malignant = int(lesions.malignant.sum())
    if min(malignant, len(lesions.dx) - malignant) < MIN_LESIONS:
        raise DataError(
            f"{malignant} (pre)malignant and {len(lesions.dx) - malignant} benign lesions are too few to refit on: "
            f"{MIN_LESIONS} of each are the least."
        )
    calibration = _fit(_logs(predictions), images)
    counts = np.bincount(lesions.dx, minlength=len(CLASSES)).clip(min=1)  # a diagnosis that the clinic never saw
    decision = fit_decision(
        calibration.probabilities(_logs(predictions)), images.dx, class_counts=counts, lesions=images.lesions
    )
    return Recalibration(calibration, decision, len(lesions.dx), malignant)


def _logs(predictions: pd.DataFrame) -> np.ndarray:
    return np.asarray(np.log(predictions[probability_columns()].to_numpy(float).clip(min=SMALLEST)))


def _fit(logs: np.ndarray, images: ScoredCases) -> Calibration:
    ill = np.isin(np.arange(len(CLASSES)), MALIGNANT_NUMBERS)

    def calibration(parameters: np.ndarray) -> Calibration:
        return Calibration(float(np.exp(parameters[0])), tuple((parameters[1] * ill).tolist()))

    def loss(parameters: np.ndarray) -> float:
        return log_loss(calibration(parameters).probabilities(logs), images.dx, images.lesions)

    found = minimize(loss, x0=np.zeros(2), method="L-BFGS-B", bounds=[(-3, 3), (-10, 10)])
    return calibration(found.x)


def compose(first: Calibration, then: Calibration) -> Calibration:
    """Combine a network's calibration and a clinic's refit into one calibration of logits."""
    shift = np.array(first.prior_shift) / then.temperature + np.array(then.prior_shift)
    return Calibration(first.temperature * then.temperature, tuple(shift.tolist()))
