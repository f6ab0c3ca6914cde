"""What a network says of photos whose clinic, or whose diagnosis, was left out of its training.

    leave_out(["rosendahl", "df"], TrainConfig(), root=data, out=runs, checkpoint=shipped)

A clinic left out tells how a network fares where it never was; it also learned from fewer images, of some diagnoses
from far fewer, so a loss is not the other camera's alone. A diagnosis left out tells what becomes of a lesion that is
none of the seven: whether the gate turns it away, whether the network is less sure of it, and how often it is called
suspicious all the same. Each name is one training; beside it stands the shipped network, which saw them all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.checkpoint import PREDICTIONS, load_config, save_config
from skinnet.data.index import load_index
from skinnet.data.partitions import WITHOUT
from skinnet.errors import TrainingError
from skinnet.evaluation.bootstrap import DRAWS, UNDEFINED, bootstrap_weights, estimates, ratio, to_columns
from skinnet.evaluation.compare import compare
from skinnet.evaluation.evaluate import evaluate
from skinnet.evaluation.ranking import rank
from skinnet.evaluation.scored_cases import by_image
from skinnet.files import read_table, write_table
from skinnet.inference.calibration import Decision
from skinnet.inference.predictions import add_predictions, load_predictions, predict_logits, save_predictions
from skinnet.labels import CLASSES
from skinnet.reporting.table import Table
from skinnet.studies.gate_study import rulings
from skinnet.studies.leave_out_tables import (
    CLINIC_FIGURES,
    CLINICS,
    DIAGNOSES,
    DIAGNOSIS_FIGURES,
    DIFFERENCE,
    clinics_table,
    diagnoses_table,
)
from skinnet.training.config import TrainConfig
from skinnet.training.fit_gate import fit_gate
from skinnet.training.fitted_run import fit_run
from skinnet.training.train import train_or_go_on

log = logging.getLogger(__name__)

JUDGED = "judged.csv"
"""In a run folder: the predictions of its test images, with the gate's `distance` and `level` (0 ok, 1 warn, 2 refuse)
where a diagnosis was left out."""


@dataclass(frozen=True)
class Judged:
    """What a network says of test images, with its rules and what it was trained on."""

    predictions: pd.DataFrame
    decision: Decision
    network: str
    training_images: int
    epochs: int

    @property
    def facts(self) -> dict[str, object]:
        """The first columns of each row about it."""
        return {"network": self.network, "training_images": self.training_images, "epochs": self.epochs}


def leave_out(names: Sequence[str], config: TrainConfig, *, root: Path, out: Path, checkpoint: Path) -> list[Table]:
    """Train without each clinic or diagnosis in turn and measure; a training that was done is not done again.

    Args:
        names: clinics, or keys of `CLASSES`.
        config: the recipe; its partition is set here.
        root: the data folder, after `prepare`.
        out: where each name gets a run folder.
        checkpoint: whose folder gets the rows of these names, in `clinics_left_out.csv` and `diagnoses_left_out.csv`.

    Returns:
        The two tables, as far as names ask for them.

    Raises:
        TrainingError: if the recipe sets a partition, or learns from soft labels, whose teachers saw what is left out.
        DataError: if there is no such clinic or diagnosis.
    """
    if config.partition != "split":
        raise TrainingError(f"What is left out makes the partition: leave out --partition {config.partition}.")
    without = {name: replace(config, partition=WITHOUT + name) for name in names}
    for recipe in without.values():  # a name that is not there is told before hours of training
        load_index(root, sources=recipe.source_names, partition=recipe.partition)
    shipped = _shipped(checkpoint)
    files = {}
    for name, recipe in without.items():
        left = _judged(name, recipe, root=root, run=out / name)
        rows, path = (diagnosis_rows, DIAGNOSES) if name in CLASSES else (clinic_rows, CLINICS)
        _keep(pd.DataFrame([{"left_out": name} | row for row in rows(name, left, shipped)]), checkpoint / path)
        files[path] = checkpoint / path
    printed = {CLINICS: clinics_table, DIAGNOSES: diagnoses_table}
    return [printed[name](read_table(path, mend="run this again")) for name, path in files.items()]


def _shipped(checkpoint: Path) -> Judged:
    """What a checkpoint says of its own test split."""
    config, predictions = load_config(checkpoint), load_predictions(checkpoint / PREDICTIONS)
    test = predictions[predictions["split"] == "test"].reset_index(drop=True)
    return Judged(test, Decision.of(config), "shipped", config.counts["train"], config.training["epochs"])


def _judged(name: str, config: TrainConfig, *, root: Path, run: Path) -> Judged:
    """Train without a name, and judge the test images of that partition."""
    log.info("Without %s", name)
    train_or_go_on(config, root=root, out=run, judgement=run / JUDGED)
    if not (run / JUDGED).is_file():
        fitted = fit_run(run, root=root, name=run.name)
        positions = np.flatnonzero(fitted.table["split"] == "test")
        logits = predict_logits(fitted.classifier, fitted.images, positions)
        predictions = add_predictions(fitted.classifier, fitted.table.iloc[positions], logits)
        if name in CLASSES:
            gate, seen = fit_gate(fitted.classifier, fitted.table, fitted.images)
            levels = rulings(gate, seen["test"].inputs(fitted.images), seen["test"].features)
            predictions = predictions.assign(distance=gate.distances(seen["test"].features), level=levels)
        save_config(fitted.config, run)
        save_predictions(predictions, run / JUDGED)
    own = load_config(run)
    predictions = read_table(run / JUDGED, mend="delete it")
    return Judged(predictions, Decision.of(own), "without it", own.counts["train"], config.epochs)


def _keep(rows: pd.DataFrame, path: Path) -> None:
    """Put rows into a table, in place of those of the same name."""
    if path.is_file():
        before = read_table(path, mend="delete it")
        rows = pd.concat([before[~before["left_out"].isin(rows["left_out"])], rows])
    write_table(rows, path, float_format="%.4f")


def clinic_rows(clinic: str, left: Judged, shipped: Judged) -> list[dict[str, object]]:
    """Figures per lesion of a clinic's photos by the network that saw none of them, and by the shipped one.

    Returns:
        A row for the one on all photos of the clinic; and, of those that the shipped network was tested on, one for
        each, with the difference of the (pre)malignant AUROC from the shipped network's, of the same lesions.
    """
    tested = shipped.predictions[shipped.predictions["clinic"] == clinic].reset_index(drop=True)
    rows = [left.facts | {"photos": "all of the clinic"} | _of_clinic(left.predictions, left.decision)]
    if len(tested):
        both = left.predictions[left.predictions["image_id"].isin(tested["image_id"])].reset_index(drop=True)
        gap = compare(both, tested, decisions=(left.decision, shipped.decision))["lesion"]["malignant_auroc"].difference
        photos = {"photos": "the clinic's in the test split"}
        rows.append(left.facts | photos | _of_clinic(both, left.decision) | to_columns({DIFFERENCE: gap}))
        rows.append(shipped.facts | photos | _of_clinic(tested, shipped.decision))
    return rows


def _of_clinic(predictions: pd.DataFrame, decision: Decision) -> dict[str, object]:
    metrics = evaluate(predictions, decision=decision)["lesion"]
    found = metrics.overall | {
        "balanced_accuracy": metrics.rules["balanced"].overall["balanced_accuracy"], "slope": metrics.calibration.slope,
        DIFFERENCE: UNDEFINED,
    }  # fmt: skip
    counts: dict[str, object] = {"images": metrics.images, "lesions": metrics.lesions}
    return counts | to_columns({name: found[name] for name in CLINIC_FIGURES})


def diagnosis_rows(
    name: str, left: Judged, shipped: Judged, *, draws: int = DRAWS, seed: int = 0
) -> list[dict[str, object]]:
    """What a network makes of images of a diagnosis that it never saw, beside one that did.

    Distance is the gate's, fitted to the same network; doubt is 1 - the largest probability. Their AUROCs tell how well
    they part the diagnosis from the other test images. The shipped network, which knows the diagnosis, shows how much
    doubt such lesions raise anyway. All per image, drawn by lesion.
    """
    return [each.facts | _told_apart(each, name, draws, seed) for each in (left, shipped)]


def _told_apart(judged: Judged, name: str, draws: int, seed: int) -> dict[str, object]:
    table = judged.predictions
    truth = by_image(table)
    weights = bootstrap_weights(truth, draws=draws, seed=seed)
    theirs = (table["dx"] == name).to_numpy()

    def share(hits: np.ndarray, among: np.ndarray) -> np.ndarray:
        return ratio(weights @ (hits & among), weights @ among)

    found = {
        "doubt_auroc": rank(theirs, 1 - truth.probabilities.max(axis=1), weights).auroc(),
        "flagged": share(truth.p_malignant >= judged.decision.malignant_threshold, theirs),
    }
    if "level" in table:
        levels, distances = table["level"].to_numpy(), table["distance"].to_numpy()
        found |= {
            "turned_away": share(levels > 0, theirs),
            "refused": share(levels > 1, theirs),
            "others_turned_away": share(levels > 0, ~theirs),
            "distance_auroc": rank(theirs, distances, weights).auroc(),
        }
    counts: dict[str, object] = {
        "images": int(theirs.sum()), "lesions": len(np.unique(truth.lesions[theirs])), "others": int((~theirs).sum()),
    }  # fmt: skip
    known = estimates(found)
    return counts | to_columns({figure: known.get(figure, UNDEFINED) for figure in DIAGNOSIS_FIGURES})
