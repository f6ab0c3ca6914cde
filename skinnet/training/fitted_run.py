"""The networks of training runs as one, with everything that validation or a cross-validation decides.

fitted = fit_run([Path("runs/cnn"), Path("runs/vit")], root=Path("data"), name="mine", out_of_fold=[cnn_csv, vit_csv])
fitted.classifier, fitted.config
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

import skinnet
from skinnet.checkpoint import OUT_OF_FOLD, VALIDATION, Config, Member
from skinnet.data import DEVELOPMENT
from skinnet.data.dataset import Images
from skinnet.data.index import FRAME, class_counts, load_cache, load_index, split_hash, table_hash
from skinnet.errors import CheckpointError, DataError
from skinnet.files import read_json, read_table
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import predict_logits
from skinnet.labels import CLASSES
from skinnet.models.committee import join
from skinnet.models.registry import JOIN, build, normalisation
from skinnet.training.config import TrainConfig
from skinnet.training.fit_calibration import Rules, fit_rules, out_of_fold_logits
from skinnet.training.run_state import BEST, HISTORY, SETTINGS
from skinnet.training.validation import SELECTION_METRIC


@dataclass(frozen=True)
class FittedRun:
    """The networks of runs with their calibration and decision rules.

    Attributes:
        table, images: the index and the decoded images that they were trained on.
        rows, logits: of the images that everything was fitted on, which no network that judged them was trained on: the
            validation split, or those of the cross-validation; (n, 7).
    """

    classifier: Classifier
    config: Config
    table: pd.DataFrame
    images: Images
    rows: pd.DataFrame
    logits: np.ndarray


def fit_run(runs: Sequence[Path], *, root: Path, name: str, out_of_fold: Sequence[Path] = ()) -> FittedRun:
    """Read the best network of a run, or of several as a committee, and fit its calibration and decision rules.

    Args:
        runs: run folders of `train`.
        root: the data folder, as in training.
        name: of the checkpoint.
        out_of_fold: for each run the table of `cross_validate` by the same recipe, to fit on in place of validation.

    Raises:
        CheckpointError: if a run folder lacks something.
        DataError: if the data, or the tables, are not those of the runs, or the runs used different data.
    """
    members, networks = zip(*map(_trained, runs), strict=True)
    recipe = TrainConfig.of(members[0].training)
    for setting in ("sources", "partition", "sampling_power", "source_power"):
        if len({member.training[setting] for member in members}) > 1:
            raise DataError(f"The runs differ in {setting}: a committee's networks learn from the same data.")
    table = load_index(root, sources=recipe.source_names, partition=recipe.partition)
    for member, run in zip(members, runs, strict=True):
        if table_hash(table) != member.data_sha256:
            raise DataError(f"{root} holds other data than {run} was trained on: prepare the same data again.")
    images, scale = load_cache(root, table), normalisation(JOIN.join(member.network for member in members))
    network = networks[0] if len(networks) == 1 else join(networks, [normalisation(each.network) for each in members])
    plain = Classifier(network, frame=FRAME, mean=scale.mean, std=scale.std)
    if out_of_fold:
        rows, logits = out_of_fold_logits(out_of_fold, table, networks=[member.network for member in members])
    elif recipe.partition == DEVELOPMENT:
        raise DataError("The runs kept no image back to fit thresholds on: name tables of cross-validate.")
    else:
        rows = table[table["split"] == "val"]
        logits = predict_logits(plain, images, rows.index.to_numpy())
    rules = fit_rules(
        logits,
        rows,
        sampling_power=recipe.sampling_power,
        source_power=recipe.source_power,
        class_counts=class_counts(table[table["split"] == "train"]),
        table=OUT_OF_FOLD if out_of_fold else VALIDATION,
    )
    config = _config(name, members, table, rules, plain)
    return FittedRun(Classifier.of(network, config), config, table, images, rows, logits)


def _trained(run: Path) -> tuple[Member, nn.Module]:
    """The facts of a run, and its best network."""
    settings, history = read_run(run)
    recipe = TrainConfig.of(settings["training"])
    network = build(recipe.network, classes=len(CLASSES), imagenet=False)
    try:
        network.load_state_dict(load_file(run / BEST))
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{run / BEST} is damaged: train again.") from error
    validated = SELECTION_METRIC in history
    member = Member(
        network=recipe.network,
        training=settings["training"],
        best_epoch=int(history["epoch"].iloc[history[SELECTION_METRIC].argmax() if validated else -1]),
        training_minutes=round(float(history["seconds"].sum()) / 60, 1),
        machine=settings["machine"],
        data_sha256=settings["data_sha256"],
        versions=settings["versions"],
    )
    return member, network


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


def _config(name: str, members: tuple[Member, ...], table: pd.DataFrame, rules: Rules, plain: Classifier) -> Config:
    return Config(
        name=name,
        skinnet=skinnet.__version__,
        members=members,
        classes=CLASSES,
        frame=FRAME,
        mean=plain.mean,
        std=plain.std,
        counts={str(split): int(count) for split, count in table["split"].value_counts().items()},
        split_sha256=split_hash(table),
        parameters=sum(weights.numel() for weights in plain.network.parameters()),
        weights_sha256="",
        **asdict(rules.calibration),
        class_weights=rules.decision.class_weights,
        operating_points=rules.decision.operating_points,
        rules_from=rules.fitted_on,
    )
