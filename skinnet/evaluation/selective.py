"""Selective prediction: the share of wrong diagnoses when the least certain cases are left out.

    metrics = selective_metrics(cases, weights)
    metrics.risk[metrics.coverage.index(0.8)]   # Estimate: share of errors among the surest 80 %

Certainty is the largest probability (El-Yaniv & Wiener, JMLR 2010; Geifman & El-Yaniv, NeurIPS 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinnet.evaluation.bootstrap import Estimate, estimate, in_blocks, ratio
from skinnet.evaluation.scored_cases import ScoredCases

COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SLACK = 1e-9
"""Tolerance of a coverage, so that rounding does not cost a whole row."""


@dataclass(frozen=True)
class SelectiveMetrics:
    """The share of wrong diagnoses (as displayed) among the surest.

    Attributes:
        coverage: shares of the rows, the surest first.
        risk: the share of wrong diagnoses at each coverage.
        area: mean risk over all coverages; lower is better.
    """

    coverage: list[float]
    risk: list[Estimate]
    area: Estimate


def selective_metrics(cases: ScoredCases, weights: np.ndarray) -> SelectiveMetrics:
    """Compute the risk at each coverage, for weights (R, N)."""
    risks, area = _risks(cases, weights)
    return SelectiveMetrics(
        coverage=list(COVERAGES), risk=[estimate(risks[share]) for share in COVERAGES], area=estimate(area)
    )


@in_blocks
def _risks(cases: ScoredCases, weights: np.ndarray) -> tuple[dict[float, np.ndarray], np.ndarray]:
    """Compute the risk at each coverage, and its mean over all of them: each (R,)."""
    wrong = cases.displayed != cases.dx
    order = np.lexsort((~wrong, -cases.probabilities.max(axis=1)))  # of equally sure ones the wrong ones first
    ordered = weights[:, order]
    counted = np.cumsum(ordered, axis=1)
    risk = ratio(np.cumsum(ordered * wrong[order], axis=1), counted)
    area = (ordered * np.nan_to_num(risk)).sum(axis=1) / counted[:, -1]
    return {share: _risk_at(share, risk, counted) for share in COVERAGES}, area


def _risk_at(share: float, risk: np.ndarray, counted: np.ndarray) -> np.ndarray:
    reached = (counted >= share * counted[:, -1:] - SLACK).argmax(axis=1)
    return np.asarray(risk[np.arange(len(risk)), reached])
