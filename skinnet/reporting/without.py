"""How a network of the same kind does on a data set that it was trained without: the estimate for a new clinic.

    python -m skinnet evaluate --checkpoint runs/without --root data --source isic2017 --out runs/foreign
    python -m skinnet release --checkpoint checkpoints/committee --without isic2017=runs/foreign

docs/evaluation.md has the whole way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from skinnet.checkpoint import WITHOUT, load_config
from skinnet.errors import DataError
from skinnet.evaluation.evaluate import Metrics
from skinnet.files import read_json, structured, write_json
from skinnet.reporting.results.measured import load_metrics

ADVICE = "run python -m skinnet release with --without again"


def keep_without(checkpoint: Path, evaluations: Mapping[str, Path]) -> None:
    """Copy the metrics per image of evaluations of such networks into a checkpoint.

    Args:
        evaluations: the folder that `evaluate --out` wrote, by data set.

    Raises:
        DataError: if the checkpoint was not trained on a data set, or a folder has no metrics of a test split.
    """
    sources = load_config(checkpoint).sources
    if unknown := [name for name in evaluations if name not in sources]:
        raise DataError(f"{checkpoint} was not trained on {unknown[0]}, so nothing is without it.")
    found = {name: asdict(load_metrics(folder, "test")) for name, folder in evaluations.items()}
    write_json(checkpoint / WITHOUT, found)


def load_without(checkpoint: Path) -> dict[str, Metrics]:
    """Read the metrics per image by data set; empty where none were kept.

    Raises:
        DataError: if the file is damaged.
    """
    path = checkpoint / WITHOUT
    if not path.is_file():
        return {}
    try:
        return {name: structured(Metrics, found) for name, found in read_json(path, advice=ADVICE).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: {ADVICE}.") from error
