"""Selective prediction: how often the most likely diagnosis is wrong when the least certain ones are left to others.

    metrics = selective_metrics(cases, weights)
    metrics.risk[metrics.coverage.index(0.8)]   # Estimate: share of errors among the 80 % that it is surest of

Certainty is the largest probability (El-Yaniv & Wiener, JMLR 2010; Geifman & El-Yaniv, NeurIPS 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinnet.evaluation.bootstrap import Estimate, estimate, ratio
from skinnet.evaluation.scored_cases import ScoredCases

COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class SelectiveMetrics:
    """Share of wrong diagnoses among the surest.

    Attributes:
        coverage: shares of the rows, the surest first.
        risk: share of wrong diagnoses among them.
        area: mean risk over all coverages; lower is better.
    """

    coverage: list[float]
    risk: list[Estimate]
    area: Estimate


def selective_metrics(cases: ScoredCases, weights: np.ndarray) -> SelectiveMetrics:
    """Risk against coverage for weights (R, N)."""
    order = np.argsort(-cases.probabilities.max(axis=1), kind="stable")
    ordered = weights[:, order]
    counted = np.cumsum(ordered, axis=1)
    risk = ratio(np.cumsum(ordered * (cases.displayed != cases.dx)[order], axis=1), counted)
    area = (ordered * np.nan_to_num(risk)).sum(axis=1) / counted[:, -1]
    return SelectiveMetrics(
        coverage=list(COVERAGES),
        risk=[estimate(_risk_at(share, risk, counted)) for share in COVERAGES],
        area=estimate(area),
    )


def _risk_at(share: float, risk: np.ndarray, counted: np.ndarray) -> np.ndarray:
    reached = (counted >= share * counted[:, -1:] - 1e-9).argmax(axis=1)
    return np.asarray(risk[np.arange(len(risk)), reached])
