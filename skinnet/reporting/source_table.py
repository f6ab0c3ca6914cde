"""The test splits of all data sets side by side: does a network hold outside the clinic that it is compared in?

print(source_table(config, {"test": metrics, "isic2017": others}, load_without(checkpoint)).markdown())
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skinnet.checkpoint import Config
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


def source_table(config: Config, metrics: Mapping[str, Metrics], without: Mapping[str, Metrics]) -> Table:
    """The metrics of the test split of each data set that a checkpoint was trained on.

    Args:
        metrics: per image, by the names of `metrics.json`: "test" is that of the first data set.
        without: per image, of networks trained without a data set, by data set.
    """
    home, *others = config.sources
    by_source = {home: metrics["test"]} | {name: metrics[name] for name in others if name in metrics}
    columns = {f"{source_title(name)}, test": each for name, each in by_source.items()}
    columns |= {f"{source_title(name)}, test, trained without it": each for name, each in without.items()}
    malignant = [str(sum(each.support[dx] for dx in MALIGNANT)) for each in columns.values()]
    rows = [
        ["Images", *(f"{each.images:,}" for each in columns.values())],
        ["(Pre)malignant ones", *malignant],
        *([words, *(str(read(each)) for each in columns.values())] for words, read in ROWS.items()),
    ]
    header = ["per image (95 % interval)", *columns]
    return Table("sources", "By data set", header, rows)
