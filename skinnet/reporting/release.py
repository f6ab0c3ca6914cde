"""Make a checkpoint from a training run.

    release(Path("runs/first"), root=Path("data"), out=Path("checkpoints/ham10000-lite0"), readme=Path("README.md"))

Temperature, class weights and thresholds are fitted on validation, or the last two on a cross-validation's table. The
test split is scored after that.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.torch import save_file

from skinnet.checkpoint import (
    CONFORMAL,
    GATE,
    GATE_STATISTICS,
    HISTORY,
    OUT_OF_FOLD,
    PREDICTIONS,
    SPLIT,
    WEIGHTS,
    save_config,
)
from skinnet.data.partitions import write_split
from skinnet.errors import DataError
from skinnet.files import atomic_path
from skinnet.inference.predictions import add_predictions, predict_logits, save_predictions
from skinnet.reporting.publish import PUBLISHED_SPLITS, publish
from skinnet.reporting.study_tables import remove_studies
from skinnet.training import run_state
from skinnet.training.fitted_run import FittedRun, fit_run

FITTED = (GATE, GATE_STATISTICS, CONFORMAL, OUT_OF_FOLD)
"""Files fitted to the network of a checkpoint, which are removed with it."""


def release(run: Path, *, root: Path, out: Path, out_of_fold: Path | None = None, readme: Path | None = None) -> None:
    """Write a checkpoint folder, and the README's results between their two marks.

    What was fitted to the network that the folder held before, or measured of it, is removed: gate, robustness, maps.

    Args:
        run: a run folder of `train`.
        root: the data folder, as in training.
        out: the checkpoint folder to make.
        out_of_fold: the table of `cross_validate`, to fit class weights and operating points on in place of validation;
            it is copied into the checkpoint.

    Raises:
        CheckpointError: if the run folder lacks something.
        DataError: if the data are not those of the run, or have no test images.
    """
    fitted = fit_run(run, root=root, name=out.name, out_of_fold=out_of_fold)
    if not (fitted.table["split"] == "test").any():
        sources, partition = (fitted.config.training[name] for name in ("sources", "partition"))
        raise DataError(f"{sources} has no test image (partition {partition}): nothing to publish.")
    folds = out_of_fold.read_bytes() if out_of_fold is not None else b""  # it may lie in the folder that is emptied
    remove_studies(out)
    for file in FITTED:
        (out / file).unlink(missing_ok=True)
    with atomic_path(out / WEIGHTS) as temporary:
        save_file(fitted.classifier.network.state_dict(), temporary)
    save_config(fitted.config, out)
    save_predictions(_published_predictions(fitted), out / PREDICTIONS)
    write_split(fitted.table, out / SPLIT)
    shutil.copyfile(run / run_state.HISTORY, out / HISTORY)
    if out_of_fold is not None:
        with atomic_path(out / OUT_OF_FOLD) as temporary:
            temporary.write_bytes(folds)
    publish(out, readme=readme)


def _published_predictions(fitted: FittedRun) -> pd.DataFrame:
    tables = []
    for split in PUBLISHED_SPLITS:
        positions = np.flatnonzero(fitted.table["split"] == split)
        logits = fitted.validation if split == "val" else predict_logits(fitted.classifier, fitted.images, positions)
        tables.append(add_predictions(fitted.classifier, fitted.table.iloc[positions], logits))
    return pd.concat(tables)
