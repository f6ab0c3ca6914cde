"""Two checkpoints side by side, from their files alone: counts and headline figures, and paired differences.

html = beside(Path("checkpoints/committee"), Path("checkpoints/mine"))
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import pandas as pd

from skinnet.checkpoint import PREDICTIONS, Config, load_config
from skinnet.evaluation.compare import compare
from skinnet.inference.calibration import Decision
from skinnet.inference.predictions import load_predictions, rows_of
from skinnet.reporting.captions import source_title
from skinnet.reporting.comparison_table import comparison_table
from skinnet.reporting.results.figures import table
from skinnet.reporting.results.measured import DataSet, data_sets, interval
from skinnet.reporting.table import Table


def _flagged(data: DataSet) -> str:
    counts = data.counts
    found = round((counts.flagged.value or 0) * counts.malignant)
    return f"{found:,} of {counts.malignant:,}: {interval(counts.flagged, n=counts.malignant)}"


def _missed(data: DataSet) -> str:
    counts = data.counts
    found = interval(data.melanoma_sensitivity, n=counts.melanomas)
    return f"{counts.missed:,} of {counts.melanomas:,}: sensitivity {found}"


def _left(data: DataSet) -> str:
    counts, specificity = data.counts, data.lesions.overall["specificity"]
    left = round((specificity.value or 0) * counts.benign)
    return f"{left:,} of {counts.benign:,}: {interval(specificity, n=counts.benign)}"


MEASURES: dict[str, Callable[[DataSet], str]] = {
    "Lesions": lambda data: f"{data.lesions.lesions:,}",
    "Cancers and pre-cancers flagged (sensitivity)": _flagged,
    "Melanomas missed": _missed,
    "Benign lesions left alone (specificity)": _left,
    "(Pre)malignant AUROC": lambda data: str(data.lesions.overall["malignant_auroc"]),
    "Melanoma AUROC": lambda data: str(data.lesions.per_class["mel"]["auroc"]),
}
"""What is set side by side, each at its own checkpoint's threshold."""


def beside(first: Path, second: Path) -> str:
    """Compare two checkpoints on the test split of each data set that either has.

    Raises:
        CheckpointError, DataError: if a file of theirs is missing or damaged.
    """
    configs = [load_config(folder) for folder in (first, second)]
    tables = [load_predictions(folder / PREDICTIONS) for folder in (first, second)]
    measured = [
        {data.source: data for data in data_sets(folder, config)}
        for folder, config in zip((first, second), configs, strict=True)
    ]
    names = [first.name, second.name]
    return "".join(
        f"<h3>{escape(source_title(source))}, test split</h3>"
        f"{table(_figures(source, names, measured))}{_paired(source, configs, tables, names)}"
        for source in dict.fromkeys([*configs[0].sources, *configs[1].sources])
    )


def _figures(source: str, names: list[str], measured: list[dict[str, DataSet]]) -> Table:
    rows = [
        [words, *(read(sets[source]) if source in sets else "not tested" for sets in measured)]
        for words, read in MEASURES.items()
    ]
    title = "Per lesion, each at its own threshold, with 95 % intervals"
    return Table(f"{source}_beside", title, ["", *names], rows)


def _paired(source: str, configs: list[Config], tables: list[pd.DataFrame], names: list[str]) -> str:
    """The differences on the images that both have predictions of."""
    ours, theirs = (rows_of(each, "test", source) for each in tables)
    ours = ours[ours["image_id"].isin(theirs["image_id"])].reset_index(drop=True)
    theirs = theirs[theirs["image_id"].isin(ours["image_id"])].reset_index(drop=True)
    if ours.empty:
        return "<p class='small'>No photo here was in the test of both, so there are no paired differences.</p>"
    decisions = Decision.of(configs[0]), Decision.of(configs[1])
    differences = compare(ours, theirs, decisions=decisions, units=["lesion"])
    each = comparison_table(differences["lesion"], "lesion")
    found = Table(
        f"{source}_differences",
        f"Paired differences, first minus second, on the {len(ours):,} images that both were tested on",
        [each.header[0], *names, *each.header[3:-1], "the first is"],
        each.rows,
    )
    return f"<details><summary>Paired differences</summary>{table(found)}</details>"
