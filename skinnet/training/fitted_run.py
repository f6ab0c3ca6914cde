"""The best network of a training run, with everything that validation or a cross-validation decides.

fitted = fit_run(Path("runs/first"), root=Path("data"), name="mine")
fitted.classifier, fitted.config
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load_file

import skinnet
from skinnet.checkpoint import Config
from skinnet.data.dataset import Images
from skinnet.data.index import FRAME, class_counts, load_cache, load_index, split_hash, table_hash
from skinnet.errors import CheckpointError, DataError
from skinnet.files import read_json, read_table
from skinnet.inference.classifier import VIEWS, Classifier
from skinnet.inference.predictions import predict_logits
from skinnet.labels import CLASSES
from skinnet.models.registry import build, normalisation
from skinnet.training.config import TrainConfig
from skinnet.training.fit_calibration import Rules, fit_decision_out_of_fold, fit_rules
from skinnet.training.run_state import BEST, HISTORY, SETTINGS
from skinnet.training.validation import SELECTION_METRIC


@dataclass(frozen=True)
class FittedRun:
    """The best network of a run with its calibration and decision rules.

    Attributes:
        table, images: the index and the decoded images that it was trained on.
        validation: its logits for the validation split, (n, 7).
    """

    classifier: Classifier
    config: Config
    table: pd.DataFrame
    images: Images
    validation: np.ndarray


def fit_run(run: Path, *, root: Path, name: str, out_of_fold: Path | None = None, one_view: bool = False) -> FittedRun:
    """Read the best network of a run and fit its calibration on validation; its decision too, or out of fold.

    Args:
        run: a run folder of `train`.
        root: the data folder, as in training.
        name: of the checkpoint.
        out_of_fold: the table of `cross_validate`, to fit class weights and operating points on.
        one_view: predict validation without mirrored views.

    Raises:
        CheckpointError: if the run folder lacks something.
        DataError: if the data, or the table, are not those of the run.
    """
    settings, history = read_run(run)
    recipe = TrainConfig.of(settings["training"])
    table = load_index(root, sources=recipe.source_names, partition=recipe.partition)
    if table_hash(table) != settings["data_sha256"]:
        raise DataError(f"{root} holds other data than {run} was trained on: prepare the same data again.")
    scale = normalisation(recipe.network)
    network = build(recipe.network, classes=len(CLASSES), imagenet=False)
    try:
        network.load_state_dict(load_file(run / BEST))
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{run / BEST} is damaged: train again.") from error
    images = load_cache(root, table)
    plain = Classifier(network, frame=FRAME, mean=scale.mean, std=scale.std)
    positions = np.flatnonzero(table["split"] == "val")
    validation = predict_logits(plain, images, positions, one_view=one_view)
    counts = class_counts(table[table["split"] == "train"])
    rules = fit_rules(
        validation,
        table.iloc[positions],
        sampling_power=recipe.sampling_power,
        source_power=recipe.source_power,
        class_counts=counts,
    )
    if out_of_fold is not None:
        decision, fitted_on = fit_decision_out_of_fold(out_of_fold, table, network=recipe.network, class_counts=counts)
        rules = Rules(rules.calibration, decision, fitted_on)
    config = _config(name, settings, history, table, rules, sum(weights.numel() for weights in network.parameters()))
    return FittedRun(Classifier.of(network, config), config, table, images, validation)


def read_run(run: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read a run's settings and history.

    Raises:
        CheckpointError: if the run folder lacks something.
    """
    for name in (SETTINGS, HISTORY, BEST):
        if not (run / name).is_file():
            raise CheckpointError(f"No {name} in {run}: train first, with python -m skinnet train --out {run}")
    advice = "train again"
    return read_json(run / SETTINGS, advice=advice), read_table(run / HISTORY, advice=advice)


def _config(
    name: str, settings: dict[str, Any], history: pd.DataFrame, table: pd.DataFrame, rules: Rules, parameters: int
) -> Config:
    network = settings["training"]["network"]
    scale = normalisation(network)
    return Config(
        name=name,
        skinnet=skinnet.__version__,
        network=network,
        classes=CLASSES,
        frame=FRAME,
        mean=scale.mean,
        std=scale.std,
        views=len(VIEWS),
        training=settings["training"],
        best_epoch=int(history["epoch"].iloc[history[SELECTION_METRIC].argmax()]),
        training_minutes=round(float(history["seconds"].sum()) / 60, 1),
        machine=settings["machine"],
        counts={str(split): int(count) for split, count in table["split"].value_counts().items()},
        data_sha256=settings["data_sha256"],
        soft_labels_sha256=settings.get("soft_labels_sha256", []),
        split_sha256=split_hash(table),
        versions=settings["versions"],
        parameters=parameters,
        **asdict(rules.calibration),
        class_weights=rules.decision.class_weights,
        operating_points=rules.decision.operating_points,
        rules_from=rules.fitted_on,
    )
