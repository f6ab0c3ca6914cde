"""Make a checkpoint from a training run, or from several as a committee.

    release([Path("runs/cnn"), Path("runs/vit")], root=Path("data"), out=Path("checkpoints/mine"), out_of_fold=[...])

Temperature, class weights and thresholds are fitted on validation, or on the tables of cross-validations. The test
splits are scored after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from safetensors.torch import save
from torch import Tensor

from skinnet.checkpoint import (
    CASES,
    CONFORMAL,
    GATE,
    GATE_STATISTICS,
    GRAPH,
    GRAPH_SETTINGS,
    HISTORY,
    PREDICTIONS,
    SPLIT,
    WEIGHTS,
    WITHOUT,
    save_config,
)
from skinnet.data.partitions import write_split
from skinnet.errors import DataError
from skinnet.files import atomic_path, digest, read_table, remove_leftovers, write_table
from skinnet.inference.predictions import add_predictions, predict_logits, save_predictions
from skinnet.reporting.publish import publish
from skinnet.reporting.study_tables import remove_studies
from skinnet.training import run_state
from skinnet.training.fitted_run import FittedRun, fit_run

FITTED = (GATE, GATE_STATISTICS, GRAPH_SETTINGS, GRAPH, CONFORMAL, CASES, WITHOUT)
"""Files fitted to the network of a checkpoint, or computed with it, which are removed with it."""


def release(
    runs: Sequence[Path], *, root: Path, out: Path, out_of_fold: Sequence[Path] = (), readme: Path | None = None
) -> None:
    """Write a checkpoint folder, and the README's results between their two marks.

    What was fitted to the network that the folder held before, or measured of it, is removed: gate, robustness, maps.

    Args:
        runs: run folders of `train`; the networks of several become a committee.
        root: the data folder, as in training.
        out: the checkpoint folder to make.
        out_of_fold: the table of `cross_validate` for each run, to fit on in place of validation.

    Raises:
        CheckpointError: if a run folder lacks something.
        DataError: if the data are not those of the runs, or have no test images.
    """
    fitted = fit_run(runs, root=root, name=out.name, out_of_fold=out_of_fold)
    if not (fitted.table["split"] == "test").any():
        sources, partition = ", ".join(fitted.config.sources), fitted.config.partition
        raise DataError(f"{sources} has no test image (partition {partition}): nothing to publish.")
    weights = halved(fitted.classifier.network.state_dict())
    fitted.classifier.network.load_state_dict(weights)  # what is published is predicted by what is shipped
    remove_leftovers(out)
    remove_studies(out)
    for file in FITTED:
        (out / file).unlink(missing_ok=True)
    with atomic_path(out / WEIGHTS) as temporary:
        temporary.write_bytes(save(weights))
    save_config(replace(fitted.config, weights_sha256=digest(out / WEIGHTS)), out)
    save_predictions(_published_predictions(fitted), out / PREDICTIONS)
    write_split(fitted.table, out / SPLIT)
    histories = [read_table(run / run_state.HISTORY, advice="train again") for run in runs]
    names = [member.network for member in fitted.config.members]
    write_table(
        pd.concat([each.assign(network=name) for each, name in zip(histories, names, strict=True)]), out / HISTORY
    )
    publish(out, readme=readme)


def _published_predictions(fitted: FittedRun) -> pd.DataFrame:
    test = fitted.table[fitted.table["split"] == "test"]
    logits = predict_logits(fitted.classifier, fitted.images, test.index.to_numpy())
    unseen = add_predictions(fitted.classifier, fitted.rows.assign(split="val"), fitted.logits)
    return pd.concat([unseen, add_predictions(fitted.classifier, test, logits)])


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights in half precision, which halves the file and changes no probability by more than about .001."""
    return {name: each.half() if each.is_floating_point() else each for name, each in weights.items()}
