"""The test splits of all data sets side by side: does a network hold outside the clinic that it is compared in?

print(source_table({"ham10000": metrics, "isic2017": others}).markdown())
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skinnet.evaluation.bootstrap import Estimate
from skinnet.evaluation.evaluate import Metrics
from skinnet.labels import MALIGNANT
from skinnet.reporting.captions import source_title
from skinnet.reporting.table import Table

ROWS: dict[str, Callable[[Metrics], Estimate]] = {
    "(Pre)malignant AUROC": lambda metrics: metrics.overall["malignant_auroc"],
    "Melanoma AUROC": lambda metrics: metrics.per_class["mel"]["auroc"],
    "Melanoma average precision": lambda metrics: metrics.per_class["mel"]["average_precision"],
    "Keratosis (bkl) AUROC": lambda metrics: metrics.per_class["bkl"]["auroc"],
    "Keratosis (bkl) average precision": lambda metrics: metrics.per_class["bkl"]["average_precision"],
    "Sensitivity at the verdict's threshold": lambda metrics: metrics.overall["sensitivity"],
    "Specificity at the verdict's threshold": lambda metrics: metrics.overall["specificity"],
}
"""What both data sets have diagnoses for. ISIC 2017 ranked its entries by the mean of the two AUROCs."""


def source_table(by_source: Mapping[str, Metrics]) -> Table:
    """The metrics of each data set's test split.

    Args:
        by_source: per image, by name of the data set.
    """
    header = ["per image (95 % interval)", *(f"{source_title(name)}, test" for name in by_source)]
    malignant = [str(sum(each.support[dx] for dx in MALIGNANT)) for each in by_source.values()]
    rows = [
        ["Images", *(f"{each.images:,}" for each in by_source.values())],
        ["(Pre)malignant ones", *malignant],
        *([words, *(str(read(each)) for each in by_source.values())] for words, read in ROWS.items()),
    ]
    return Table("sources", "By data set", header, rows)
