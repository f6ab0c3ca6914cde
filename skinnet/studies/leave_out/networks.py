"""Networks with their predictions for test images: the shipped one, and those trained without a clinic or diagnosis.

shipped = shipped_network(Path("checkpoints/committee"))
network = network_without("df", config, root=data, run=runs / "df")
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.checkpoint import PREDICTIONS, load_config, save_config
from skinnet.files import read_table
from skinnet.images.quality import LEVELS
from skinnet.inference.calibration import Decision
from skinnet.inference.predictions import add_predictions, load_predictions, predict_logits, rows_of, save_predictions
from skinnet.labels import CLASSES
from skinnet.studies.gate_study.turned_away import gate_rulings
from skinnet.training.config import TrainConfig
from skinnet.training.fit_gate import fit_gate
from skinnet.training.fitted_run import fit_run
from skinnet.training.gate_material import gather
from skinnet.training.train import train_or_go_on

log = logging.getLogger(__name__)

TEST_PREDICTIONS = "judged.csv"
"""In a run folder: the predictions for its test images, with the gate's `distance` and `level` (0 ok, 1 warn, 2 refuse)
where a diagnosis was left out."""


@dataclass(frozen=True)
class NetworkPredictions:
    """A network's predictions for test images, with its decision rules and its number of training images and epochs."""

    predictions: pd.DataFrame
    decision: Decision
    network: str
    training_images: int
    epochs: int

    @property
    def facts(self) -> dict[str, object]:
        """The first columns of each row about it."""
        return {"network": self.network, "training_images": self.training_images, "epochs": self.epochs}


def shipped_network(checkpoint: Path) -> NetworkPredictions:
    """The network of a checkpoint on its test split."""
    config, predictions = load_config(checkpoint), load_predictions(checkpoint / PREDICTIONS)
    test = rows_of(predictions, "test", config.sources[0]).reset_index(drop=True)
    epochs = config.members[0].training["epochs"]
    return NetworkPredictions(test, Decision.of(config), "shipped", config.counts["train"], epochs)


def network_without(name: str, config: TrainConfig, *, root: Path, run: Path) -> NetworkPredictions:
    """Train without a clinic or diagnosis and predict the test images of that partition; both only where missing."""
    log.info("Without %s", name)
    train_or_go_on(config, root=root, out=run, predictions=run / TEST_PREDICTIONS)
    if not (run / TEST_PREDICTIONS).is_file():
        _predict_test(run, root=root, with_gate=name in CLASSES)
    trained = load_config(run)
    predictions = read_table(run / TEST_PREDICTIONS, advice="delete it")
    return NetworkPredictions(predictions, Decision.of(trained), "without it", trained.counts["train"], config.epochs)


def _predict_test(run: Path, *, root: Path, with_gate: bool) -> None:
    """Write the predictions of a run's best network for its test images, and its config."""
    fitted = fit_run([run], root=root, name=run.name)
    positions = np.flatnonzero(fitted.table["split"] == "test")
    logits = predict_logits(fitted.classifier, fitted.images, positions)
    predictions = add_predictions(fitted.classifier, fitted.table.iloc[positions], logits)
    if with_gate:
        material = gather(fitted.classifier, fitted.table, fitted.images, root=root)
        gate, test = fit_gate(material), material.splits["test"]
        rulings = gate_rulings(gate, test.inputs(fitted.images), test.features)
        levels = [LEVELS.index(ruling.level) for ruling in rulings]
        predictions = predictions.assign(distance=gate.distances(test.features), level=levels)
    save_config(fitted.config, run)
    save_predictions(predictions, run / TEST_PREDICTIONS)
