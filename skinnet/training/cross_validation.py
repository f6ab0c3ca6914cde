"""Cross-validation: predict every image of training and validation by a network that did not see its lesion.

    table = cross_validate(TrainConfig(), root=Path("data"), out=Path("runs/folds"))

Five networks are trained, each without one of the five folds that the published split deals the lesions of train and
val into; the test split takes no part. The table of their predictions for the held-out fold has the columns
of a checkpoint's predictions, and serves two ends: choosing among recipes on eight times the images of
validation, and calibration and thresholds from as many.

No epoch is chosen: each network predicts with its last weights, so the fold stays unseen in every way.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from skinnet.checkpoint import OUT_OF_FOLD
from skinnet.data import DEVELOPMENT
from skinnet.data.index import FRAME, class_counts, load_cache, load_index
from skinnet.data.partitions import FOLD_PARTITIONS
from skinnet.errors import TrainingError
from skinnet.files import read_table
from skinnet.inference.calibration import UNCALIBRATED, UNDECIDED, Calibration, Decision
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import LOGIT_COLUMNS, add_predictions, predict_logits, save_predictions
from skinnet.models.registry import normalisation
from skinnet.training.config import TrainConfig
from skinnet.training.fit_calibration import fit_rules
from skinnet.training.run_state import last_network
from skinnet.training.train import train_or_go_on

log = logging.getLogger(__name__)


def cross_validate(config: TrainConfig, *, root: Path, out: Path) -> pd.DataFrame:
    """Train and predict fold after fold; an interrupted fold resumes.

    Args:
        config: the recipe; its partition has to be "split" or "train-and-val", which are dealt into folds here.
        root: the data folder, after `prepare`.
        out: where each fold gets a run folder, and the table `out_of_fold.csv`.

    Returns:
        A row for each image of train and val: the columns of a table of predictions, `fold` and `network`.

    Raises:
        TrainingError: if the partition is another, or `out` holds folds of another recipe.
    """
    if config.partition not in ("split", DEVELOPMENT):
        raise TrainingError(f"Cross-validation deals train and val into folds: leave out {config.partition!r}.")
    for number, fold in enumerate(FOLD_PARTITIONS, start=1):
        log.info("Fold %d of %d", number, len(FOLD_PARTITIONS))
        _predict_fold(replace(config, partition=fold), root=root, run=out / fold)
    table = load_index(root, sources=config.source_names)
    table = table[table["split"].isin(["train", "val"])].reset_index(drop=True)
    held_out = pd.concat([read_table(out / fold / OUT_OF_FOLD, advice="delete it") for fold in FOLD_PARTITIONS])
    logits = held_out.set_index("image_id").loc[table["image_id"], LOGIT_COLUMNS].to_numpy(np.float32)
    predictions = _calibrated(table, logits, config)
    save_predictions(predictions, out / OUT_OF_FOLD)
    return predictions


def _predict_fold(config: TrainConfig, *, root: Path, run: Path) -> None:
    """Train without a fold and write its predictions; a finished fold is only checked."""
    train_or_go_on(config, root=root, out=run, predictions=run / OUT_OF_FOLD)
    if (run / OUT_OF_FOLD).is_file():
        return
    table = load_index(root, sources=config.source_names, partition=config.partition)
    positions = np.flatnonzero(table["split"] == "val")
    logits = predict_logits(_classifier(last_network(config, run), config), load_cache(root, table), positions)
    ids = table[["image_id"]].iloc[positions].reset_index(drop=True)
    save_predictions(pd.concat([ids, pd.DataFrame(logits, columns=LOGIT_COLUMNS)], axis=1), run / OUT_OF_FOLD)


def _calibrated(table: pd.DataFrame, logits: np.ndarray, config: TrainConfig) -> pd.DataFrame:
    """Predictions by one temperature for all folds, and the balanced rule's weights fitted on them."""
    rules = fit_rules(
        logits,
        table,
        sampling_power=config.sampling_power,
        source_power=config.source_power,
        class_counts=class_counts(table),
    )
    network = nn.Identity()  # the logits are at hand
    classifier = _classifier(network, config, rules.calibration, rules.decision)
    return add_predictions(classifier, table, logits).assign(fold=table["fold"], network=config.network)


def _classifier(
    network: nn.Module,
    config: TrainConfig,
    calibration: Calibration = UNCALIBRATED,
    decision: Decision = UNDECIDED,
) -> Classifier:
    scale = normalisation(config.network)
    return Classifier(network, frame=FRAME, mean=scale.mean, std=scale.std, calibration=calibration, decision=decision)
