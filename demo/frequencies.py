"""What a verdict means in counts: how often it was right in each test set, and the chance where cancer is rarer."""

from __future__ import annotations

from dataclasses import dataclass

from skinnet.checkpoint import VERDICT, Config
from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.thresholds import PREVALENCES
from skinnet.labels import MALIGNANT
from skinnet.reporting.captions import source_title


@dataclass(frozen=True)
class SourceCounts:
    """How the verdict's threshold did in the test split of one data set, counted in photos or in lesions.

    Attributes:
        title: of the data set.
        malignant, benign: numbers of photos.
        flagged: the share of (pre)malignant photos at or above the threshold (sensitivity).
        alarms: the share of benign photos at or above it (1 - specificity).
        melanomas, missed: melanoma photos, and those below the threshold.
    """

    title: str
    malignant: int
    benign: int
    flagged: Estimate
    alarms: Estimate
    melanomas: int
    missed: int

    @staticmethod
    def of(source: str, metrics: Metrics) -> SourceCounts:
        """Read the counts of a data set from its metrics per image or per lesion."""
        specificity = metrics.overall["specificity"]
        ends = [
            None if value is None else 1 - value for value in (specificity.value, specificity.high, specificity.low)
        ]
        (point,) = (point for point in metrics.operating_points if point.name == VERDICT)
        malignant = sum(metrics.support[dx] for dx in MALIGNANT)
        return SourceCounts(
            title=source_title(source),
            malignant=malignant,
            benign=metrics.n - malignant,
            flagged=metrics.overall["sensitivity"],
            alarms=Estimate(*ends),
            melanomas=metrics.support["mel"],
            missed=len(point.missed_melanomas),
        )


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
