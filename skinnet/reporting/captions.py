"""Sentences beside published numbers: the data, the n, the cost of the training."""

from __future__ import annotations

from collections.abc import Mapping

from skinnet.checkpoint import Config, Member
from skinnet.data.download.sources import SOURCES
from skinnet.evaluation.bootstrap import DRAWS, affordable
from skinnet.evaluation.evaluate import Metrics
from skinnet.reporting.metric_tables import headline_table

SPLIT_NAMES = {"train": "training split", "val": "validation split", "test": "test split", "all": "all images"}
SINGLE_PASS = "One pass a photo, without mirrored views."
"""How a checkpoint makes its predictions."""


def source_title(source: str) -> str:
    """The name of a data set in print."""
    return SOURCES[source].short_title if source in SOURCES else source


def data_name(config: Config) -> str:
    """The data that a checkpoint was trained and tested on."""
    names = [source_title(name) for name in config.sources]
    return ", ".join(names) + _official(config)


def home_name(config: Config) -> str:
    """The data whose test split leads the published results: the first that it was trained on."""
    return source_title(config.sources[0]) + _official(config)


def _official(config: Config) -> str:
    return " (official partition)" if config.partition == "official" else ""


def caption(
    metrics: Mapping[str, Metrics], split: str, *, source: str, held_out: bool = True, method: str = SINGLE_PASS
) -> str:
    """State the data and the n of a split's metrics.

    Args:
        held_out: whether none of the images was trained on.
        method: how the predictions were made, in a sentence; empty if that is not known.
    """
    alone = ", none of which is in another split" if held_out else ""
    primary = next(iter(metrics.values()))
    name = SPLIT_NAMES.get(split, f"{split} split")
    draws = affordable(DRAWS, primary.images)
    fewer = f" ({draws:,} draws)" if draws < DRAWS else ""
    sentences = [
        f"{source}, {name}: n = {primary.images:,} images of {primary.lesions:,} lesions{alone}.",
        *([method] if method else []),
        "Per lesion, the primary unit: the mean of its images' probabilities.",
        f"95 % intervals by bootstrap over lesions{fewer}.",
    ]
    return " ".join(sentences)


def headline_section(metrics: Mapping[str, Metrics], split: str, *, source: str) -> str:
    """The README's results: the leading metrics and their caption."""
    return f"{headline_table(metrics).markdown()}\n\n{caption(metrics, split, source=source)}\n"


def training_cost(member: Member, images: int) -> str:
    """State how long training took and how many images the network saw.

    Args:
        images: in the training split.
    """
    epochs, batch_size = (member.training[name] for name in ("epochs", "batch_size"))
    drawn = epochs * (images - images % batch_size or images)  # only whole batches
    return (
        f"Training took {member.training_minutes:.0f} minutes on {member.machine}. The network saw {drawn:,} "
        f"images: {epochs} times as many as the training split has ({images:,}), in whole batches."
    )
