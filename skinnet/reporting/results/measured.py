"""What was measured in the test split of each data set, as the page of results shows it: per lesion, the primary unit.

home, *others = data_sets(checkpoint, config)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skinnet.checkpoint import METRICS, PREDICTIONS, Config
from skinnet.errors import CheckpointError
from skinnet.evaluation.bootstrap import UNDEFINED, Estimate, clopper_pearson
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.scored_cases import UNITS, ScoredCases, by_lesion
from skinnet.files import structured
from skinnet.inference.predictions import load_predictions, rows_of
from skinnet.reporting.captions import source_title
from skinnet.reporting.results.counts import SourceCounts


@dataclass(frozen=True)
class DataSet:
    """The test split of a data set.

    Attributes:
        source: name of the data set.
        metrics: by unit.
        cases: its lesions with their mean probabilities.
    """

    source: str
    metrics: Mapping[str, Metrics]
    cases: ScoredCases

    @property
    def title(self) -> str:
        """The data set's name in print."""
        return source_title(self.source)

    @property
    def lesions(self) -> Metrics:
        """The metrics per lesion."""
        return self.metrics["lesion"]

    @property
    def has_both(self) -> bool:
        """Whether a verdict is known, of malignant and of benign lesions."""
        return self.lesions.verdict is not None and 0 < self.cases.malignant.sum() < len(self.cases.malignant)

    @property
    def counts(self) -> SourceCounts:
        """How the verdict's threshold did, per lesion."""
        return SourceCounts.of(self.source, self.lesions)

    @property
    def melanoma_sensitivity(self) -> Estimate:
        """The share of melanomas at or above the verdict's threshold."""
        return self.lesions.verdict.estimates["melanoma_sensitivity"] if self.lesions.verdict else UNDEFINED


def data_sets(checkpoint: Path, config: Config) -> list[DataSet]:
    """Read the test split of each data set of a checkpoint, the home data set first.

    Raises:
        CheckpointError, DataError: if a file is missing or damaged.
    """
    predictions = load_predictions(checkpoint / PREDICTIONS)
    home = config.sources[0]
    return [
        DataSet(
            source,
            {unit: load_metrics(checkpoint, "test" if source == home else source, unit=unit) for unit in UNITS},
            by_lesion(rows_of(predictions, "test", source)),
        )
        for source in config.sources
    ]


def load_metrics(checkpoint: Path, split: str, *, unit: str = "image") -> Metrics:
    """Read one split of a checkpoint's `metrics.json`; a verdict is about one image, hence the default.

    Raises:
        CheckpointError: if it is missing or damaged.
    """
    path = checkpoint / METRICS
    try:
        return structured(Metrics, json.loads(path.read_text(encoding="utf-8"))[split][unit])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is missing or damaged: run python -m skinnet release.") from error


def interval(share: Estimate, *, n: int) -> str:
    """A share of n lesions in percent with its interval: the exact one where the bootstrap's has no width."""
    ends = bounds(share, n=n)
    if share.value is None or ends is None:
        return "n/a"
    digits = 0 if 0.1 <= share.value <= 0.9 else 1
    value, low, high = (_percent(each, digits) for each in (share.value, *ends))
    return f"{value} % ({low} to {high})"


def bounds(share: Estimate, *, n: int) -> tuple[float, float] | None:
    """The interval of a share of n lesions: the exact one where the bootstrap's has no width; None if undefined."""
    if share.value is None or share.low is None or share.high is None:
        return None
    return (share.low, share.high) if share.low < share.high else clopper_pearson(share.value * n, n)


def _percent(share: float, digits: int) -> str:
    return f"{100 * share:.{0 if share in (0, 1) else digits}f}"
