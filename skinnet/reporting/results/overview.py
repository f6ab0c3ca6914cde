"""The first screen of the results: what was found and missed in each test set, and what that means elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from skinnet.evaluation.evaluate import Metrics
from skinnet.inference.wording import percent
from skinnet.labels import MALIGNANT_MEANING
from skinnet.reporting.captions import source_title
from skinnet.reporting.results.measured import DataSet, interval

Count = Callable[[DataSet], tuple[int, int, str]]
"""Reads a count, among how many, and the share with its interval in words."""


def overview(sets: Sequence[DataSet], without: Mapping[str, Metrics]) -> str:
    """The first screen of a checkpoint's published results.

    Args:
        without: see `skinnet.reporting.without`.
    """
    return (
        f'<h1>How good is it?</h1><p class="lead">Tested on lesions that took no part in the training: '
        f"{_tested(sets)}. "
        f"One threshold decides, {percent(sets[0].lesions.threshold)}: it was fixed before these tests. "
        "In brackets: 95 % intervals. Each lesion counts once, with the mean of its photos; the figures beside a "
        f"verdict count photos.</p>{counts(sets)}{_elsewhere(sets, without)}"
    )


def counts(sets: Sequence[DataSet]) -> str:
    """The counts, in three columns with a line for each data set."""
    columns = "".join(_column(title, count, sets) for title, count in COUNTS.items())
    return f'<div class="counts">{columns}</div>'


def _tested(sets: Sequence[DataSet]) -> str:
    return " and ".join(f"{each.lesions.lesions:,} of {escape(each.title)} ({_malignant(each)})" for each in sets)


def _malignant(data: DataSet) -> str:
    counts = data.counts
    if counts.malignant == counts.melanomas:
        return f"{counts.melanomas:,} melanomas, the rest benign"
    return f"{counts.malignant:,} {MALIGNANT_MEANING}, {counts.melanomas:,} of them melanomas"


def _flagged(data: DataSet) -> tuple[int, int, str]:
    counts = data.counts
    n = counts.malignant
    return round((counts.flagged.value or 0) * n), n, f"sensitivity {interval(counts.flagged, n=n)}"


def _missed(data: DataSet) -> tuple[int, int, str]:
    counts, n = data.counts, data.counts.melanomas
    return counts.missed, n, f"sensitivity {interval(data.melanoma_sensitivity, n=n)}"


def _alarms(data: DataSet) -> tuple[int, int, str]:
    counts, n = data.counts, data.counts.benign
    specificity = data.lesions.overall["specificity"]
    return round((counts.alarms.value or 0) * n), n, f"specificity {interval(specificity, n=n)}"


COUNTS: dict[str, Count] = {
    "Cancers and pre-cancers flagged": _flagged,
    "Melanomas missed": _missed,
    "Benign lesions flagged": _alarms,
}
"""By what they count."""


def _column(title: str, count: Count, sets: Sequence[DataSet]) -> str:
    lines = []
    for data in sets:
        found, among, share = count(data)
        lines.append(
            f'<p class="number"><strong>{found:,}</strong> of {among:,} lesions</p>'
            f'<p class="small"><b>{escape(data.title)}:</b> {share}</p>'
        )
    return f"<section><h2>{title}</h2>{''.join(lines)}</section>"


def _elsewhere(sets: Sequence[DataSet], without: Mapping[str, Metrics]) -> str:
    compared = "; ".join(
        f"{_per_100(each.counts.flagged.value)} cancers and {_per_100(each.counts.alarms.value)} benign lesions in "
        f"{escape(each.title)}"
        for each in sets
    )
    foreign = "".join(
        f" One trained without {escape(source_title(name))} flags {_per_100(each.overall['sensitivity'].value)} of its "
        f"photos of cancers and {_per_100(_alarms_of(each))} of its benign photos."
        for name, each in without.items()
    )
    return (
        '<div class="warning"><p><strong>Elsewhere expect less.</strong> Every data set above also gave the training '
        f"photos, of other lesions. Even so, the same threshold flags {compared}. In a clinic that gave none, a "
        f"network of this kind separates lesions less well.{foreign} There are almost no photos of dark skin.</p></div>"
    )


def _alarms_of(metrics: Metrics) -> float | None:
    specificity = metrics.overall["specificity"].value
    return None if specificity is None else 1 - specificity


def _per_100(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.0f} of 100"
