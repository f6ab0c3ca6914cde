"""How well a score ranks positives before negatives: AUROC, average precision, specificity at a sensitivity.

    overall, by_class = ranking_values(cases, weights)
    overall["malignant_auroc"]                                     # (R,), one value for each row of weights
    rank(cases.malignant, cases.p_malignant, weights).auroc()      # the same

These metrics need no decision rule. The scores are sorted once for all bootstrap draws. Ties count half for the AUROC;
elsewhere a threshold passes tied scores together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinnet.evaluation.bootstrap import in_blocks, ratio
from skinnet.evaluation.scored_cases import MELANOMA, ScoredCases
from skinnet.labels import CLASSES

MATCHED_SENSITIVITIES = (0.90, 0.95)
SLACK = 1e-9
"""Tolerance of a sensitivity, so that rounding does not cost a whole positive."""


@dataclass(frozen=True)
class Ranking:
    """The positives from the highest score down; P of them, R rows of weights.

    Attributes:
        weights: (R, P), weights of the positives.
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
        """Weight of all positives: (R,)."""
        return np.asarray(self.weights.sum(axis=1))

    def auroc(self) -> np.ndarray:
        """Compute the area under the ROC curve (Mann-Whitney): (R,), NaN where only one class has weight."""
        lost = np.einsum("rp,rp->r", self.weights, self.above) + np.einsum("rp,rp->r", self.weights, self.alarms)
        return 1 - ratio(lost / 2, self.positives * self.negatives)

    def average_precision(self) -> np.ndarray:
        """Compute the area under the steps of the precision-recall curve, as scikit-learn defines it: (R,)."""
        flagged = self.found + self.alarms
        precision = np.divide(self.found, flagged, out=np.zeros_like(flagged), where=flagged > 0)
        return ratio(np.einsum("rp,rp->r", self.weights, precision), self.positives)

    def specificity_at(self, sensitivity: float) -> np.ndarray:
        """Read the specificity at the highest threshold that reaches a sensitivity off these rows' own curve: (R,).

        Optimistic, because the threshold is chosen on the labels of the same rows. It serves to compare rankings and
        promises nothing for new cases.
        """
        if not self.weights.shape[1]:
            return np.full(len(self.weights), np.nan)
        reached = (self.found >= sensitivity * self.positives[:, None] - SLACK).argmax(axis=1)
        false = ratio(self.alarms[np.arange(len(reached)), reached], self.negatives)
        return np.where(self.positives > 0, 1 - false, np.nan)


def rank(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Ranking:
    """Rank for every row of weights at once.

    Args:
        positive: bool (N,).
        scores: float (N,).
        weights: float (R, N).
    """
    ups, downs = (rows[np.argsort(-scores[rows], kind="stable")] for rows in map(np.flatnonzero, (positive, ~positive)))
    rising = -scores[ups]  # searchsorted wants rising values
    last = np.searchsorted(rising, rising, side="right") - 1
    passed = np.zeros((len(weights), len(downs) + 1))
    np.cumsum(weights[:, downs], axis=1, out=passed[:, 1:])
    of_positives = weights[:, ups]
    return Ranking(
        weights=of_positives,
        found=np.cumsum(of_positives, axis=1)[:, last],
        above=passed[:, np.searchsorted(-scores[downs], rising, side="left")],
        alarms=passed[:, np.searchsorted(-scores[downs], rising, side="right")],
        negatives=passed[:, -1],
    )


@in_blocks
def ranking_values(cases: ScoredCases, weights: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Compute every metric of the ranking by name.

    Returns:
        Those of p_malignant, of melanoma and the macro means, each (R,); and those of each class against the rest, each
        (R, 7).
    """
    of_classes = [
        _values_of(rank(cases.dx == number, cases.probabilities[:, number], weights)) for number in range(len(CLASSES))
    ]
    columns = {
        name: np.stack([values[name] for values in of_classes], axis=1) for name in ("auroc", "average_precision")
    }
    overall = {f"macro_{name}": macro_mean(values) for name, values in columns.items()}
    malignant = _values_of(rank(cases.malignant, cases.p_malignant, weights))
    for name, values in {"malignant": malignant, "melanoma": of_classes[MELANOMA]}.items():
        overall |= {f"{name}_{metric}": column for metric, column in values.items()}
    return overall, columns


@in_blocks
def auroc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the area under the ROC curve for weights (R, N): (R,)."""
    return rank(positive, scores, weights).auroc()


def _values_of(ranking: Ranking) -> dict[str, np.ndarray]:
    matched = {f"specificity_at_{round(100 * level)}": ranking.specificity_at(level) for level in MATCHED_SENSITIVITIES}
    return {"auroc": ranking.auroc(), "average_precision": ranking.average_precision(), **matched}


def macro_mean(values: np.ndarray) -> np.ndarray:
    """Average over the classes for which a value is defined: (R, 7) -> (R,)."""
    return ratio(np.nansum(values, axis=1), (~np.isnan(values)).sum(axis=1))
