"""The data and the n behind published numbers, and the tables that lead them."""

from __future__ import annotations

from collections.abc import Mapping

from skinnet.checkpoint import Config
from skinnet.evaluation.evaluate import Metrics
from skinnet.reporting.metric_tables import all_tables, headline_table
from skinnet.reporting.table import Table

REPORT_ONLY = ("missed_melanomas", "reliability", "decision_curve")
"""Beginnings of the names of tables that only the report shows."""
SPLIT_NAMES = {"train": "training split", "val": "validation split", "test": "test split", "all": "all images"}
FIGURES = {
    "roc": "ROC curves",
    "precision_recall": "Precision and recall",
    "confusion": "Confusion matrices of both decision rules",
    "reliability": "Calibration of the (pre)malignant score",
    "decision_curve": "Decision curve",
    "risk_coverage": "Errors among the surest diagnoses",
    "subgroups": "Subgroups",
    "training": "Training curves",
}
"""The figures that are published, by name, with their alternative texts."""
ONE_NETWORK = "Four views (flips) a photo, one network."


def source_title(source: str) -> str:
    """The name of a data set in print."""
    return "HAM10000" if source == "ham10000" else source


def data_name(config: Config) -> str:
    """The data that a checkpoint was trained and tested on."""
    names = [source_title(name) for name in config.sources]
    return ", ".join(names) + (" (official partition)" if config.training["partition"] == "official" else "")


def caption(
    metrics: Mapping[str, Metrics], split: str, *, source: str, held_out: bool = True, method: str = ONE_NETWORK
) -> str:
    """State the data and the n of a split's metrics.

    Args:
        held_out: whether none of the images was trained on.
        method: how the predictions were made, in a sentence.
    """
    alone = ", none of which is in another split" if held_out else ""
    primary = next(iter(metrics.values()))
    name = SPLIT_NAMES.get(split, f"{split} split")
    return (
        f"{source}, {name}: n = {primary.images:,} images of {primary.lesions:,} lesions{alone}. {method} Per lesion, "
        "the primary unit: the mean of its images' probabilities. 95 % intervals by bootstrap over lesions."
    ).replace("  ", " ")


def headline_section(metrics: Mapping[str, Metrics], split: str, *, source: str) -> str:
    """The README's results: the leading metrics and their caption."""
    return f"{headline_table(metrics).markdown()}\n\n{caption(metrics, split, source=source)}\n"


def result_tables(metrics: Mapping[str, Metrics]) -> list[Table]:
    """The results of a split, by unit and by rule, without the tables that only the report shows."""
    return [table for table in all_tables(metrics) if not table.name.startswith(REPORT_ONLY)]


def training_cost(config: Config) -> str:
    """State how long training took and how many images the network saw."""
    images = config.counts["train"]
    epochs, batch_size = (config.training[name] for name in ("epochs", "batch_size"))
    drawn = epochs * (images - images % batch_size or images)  # only whole batches
    return (
        f"Training took {config.training_minutes:.0f} minutes on {config.machine}. The network saw {drawn:,} "
        f"images: {epochs} times as many as the training split has ({images:,}), in whole batches."
    )
