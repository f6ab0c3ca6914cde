"""How a threshold did in a test set, in counts.

SourceCounts.of("ham10000", metrics).missed  # melanomas below the verdict's threshold
"""

from __future__ import annotations

from dataclasses import dataclass

from skinnet.checkpoint import VERDICT
from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
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
