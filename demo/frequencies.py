"""What a score means where cancer is rarer or more common than in the training data."""

from __future__ import annotations

from skinnet.checkpoint import Config
from skinnet.evaluation.thresholds import PREVALENCES


def prevalences(config: Config) -> dict[str, float]:
    """Shares of (pre)malignant lesions that a reader may pick; the first is that for which scores are calibrated."""
    fitted = config.rules_from
    return {"training data": fitted.malignant / fitted.lesions} | PREVALENCES


def at_prevalence(probability: float, *, base: float, prevalence: float) -> float:
    """Shift a probability to another prevalence by the ratio of the odds, as Saerens et al. (2002) do for two classes.

    Args:
        base: the prevalence for which the probability is calibrated.
    """
    odds = probability / (1 - probability) * prevalence / (1 - prevalence) / (base / (1 - base))
    return odds / (1 + odds)


def rounded_count(probability: float, *, total: int = 1000) -> int:
    """A count among `total`, to two digits at most, so that it claims no more than the score can tell."""
    count = probability * total
    step = 1 if count < 10 else 5 if count < 100 else 10
    return min(round(count / step) * step, total)
