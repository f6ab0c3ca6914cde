"""How well a score puts positives before negatives: AUROC, average precision, specificity at a sensitivity.

    ranking = rank(cases.malignant, cases.p_malignant, weights)
    ranking.auroc()    # (R,), one value a row of weights

Sorted once for all bootstrap draws; ties count half for the AUROC and are passed together elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinnet.evaluation.bootstrap import ratio

MATCHED_SENSITIVITIES = (0.90, 0.95)
SLACK = 1e-9
"""Of a sensitivity, so that rounding does not cost a whole positive."""


@dataclass(frozen=True)
class Ranking:
    """The positives from the highest score down; P of them, R rows of weights.

    Attributes:
        weights: (R, P), of the positives.
        found: (R, P), weight of the positives with at least each one's score.
        above, alarms: (R, P), weight of the negatives with more than, and with at least, each one's score.
        negatives: (R,), weight of all negatives.
    """

    weights: np.ndarray
    found: np.ndarray
    above: np.ndarray
    alarms: np.ndarray
    negatives: np.ndarray

    @property
    def positives(self) -> np.ndarray:
        """(R,), weight of all positives."""
        return np.asarray(self.weights.sum(axis=1))

    def auroc(self) -> np.ndarray:
        """Area under the ROC curve (Mann-Whitney): (R,), NaN where only one class has weight."""
        lost = np.einsum("rp,rp->r", self.weights, self.above) + np.einsum("rp,rp->r", self.weights, self.alarms)
        return 1 - ratio(lost / 2, self.positives * self.negatives)

    def average_precision(self) -> np.ndarray:
        """Area under the steps of the precision-recall curve, as scikit-learn defines it: (R,)."""
        flagged = self.found + self.alarms
        precision = np.divide(self.found, flagged, out=np.zeros_like(flagged), where=flagged > 0)
        return ratio(np.einsum("rp,rp->r", self.weights, precision), self.positives)

    def specificity_at(self, sensitivity: float) -> np.ndarray:
        """Specificity at the highest threshold that reaches a sensitivity, read off the curve of the same rows: (R,).

        Optimistic, since the threshold has seen the truth; for comparing rankings, not for a promise.
        """
        if not self.weights.shape[1]:
            return np.full(len(self.weights), np.nan)
        reached = (self.found >= sensitivity * self.positives[:, None] - SLACK).argmax(axis=1)
        false = ratio(self.alarms[np.arange(len(reached)), reached], self.negatives)
        return np.where(self.positives > 0, 1 - false, np.nan)


def rank(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Ranking:
    """Sort for every row of weights at once.

    Args:
        positive: bool (N,).
        scores: float (N,).
        weights: float (R, N).
    """
    ups, downs = (chosen[np.argsort(-scores[chosen], kind="stable")] for chosen in _sides(positive))
    rising = -scores[ups]  # searchsorted wants rising values
    last = np.searchsorted(rising, rising, side="right") - 1
    passed = np.zeros((len(weights), len(downs) + 1))
    np.cumsum(weights[:, downs], axis=1, out=passed[:, 1:])
    own = weights[:, ups]
    return Ranking(
        weights=own,
        found=np.cumsum(own, axis=1)[:, last],
        above=passed[:, np.searchsorted(-scores[downs], rising, side="left")],
        alarms=passed[:, np.searchsorted(-scores[downs], rising, side="right")],
        negatives=passed[:, -1],
    )


def _sides(positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(positive), np.flatnonzero(~positive)


def rankings(name: str, ranking: Ranking) -> dict[str, np.ndarray]:
    """All figures of one score, by name."""
    read = {
        f"{name}_specificity_at_{round(100 * level)}": ranking.specificity_at(level) for level in MATCHED_SENSITIVITIES
    }
    return {f"{name}_auroc": ranking.auroc(), f"{name}_average_precision": ranking.average_precision(), **read}
