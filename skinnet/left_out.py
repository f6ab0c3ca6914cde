"""What a network says of photos whose clinic, or whose diagnosis, was left out of its training.

    leave_out(["rosendahl", "df"], TrainConfig(), root=data, out=runs, checkpoint=shipped)

A clinic left out tells how much of the quality is of this data set alone. A diagnosis left out tells what becomes of a
lesion that is none of the seven: whether the gate turns it away, whether the network is less sure of it, and how often
it is called suspicious all the same. Each name is one training; the shipped network itself saw them all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.bootstrap import DRAWS, Estimate, draw_weights, estimates, ratio, with_whole
from skinnet.calibrate import Decision
from skinnet.classifier import read_config
from skinnet.config import TrainConfig
from skinnet.evaluate import evaluate
from skinnet.files import read_table, write_table
from skinnet.fit_gate import fit_to_training, rulings
from skinnet.labels import CLASSES
from skinnet.left_out_report import CLINIC_FIGURES, CLINICS, DIAGNOSES, clinics_table, diagnoses_table
from skinnet.partitions import WITHOUT
from skinnet.predictions import load_predictions, predict_logits, with_judgement
from skinnet.printed import Table
from skinnet.ranking import rank
from skinnet.release import PREDICTIONS, Tuned, tune
from skinnet.train import STATE, train
from skinnet.truth import by_image

log = logging.getLogger(__name__)

MEASURED = "measured.csv"


def leave_out(names: Sequence[str], config: TrainConfig, *, root: Path, out: Path, checkpoint: Path) -> list[Table]:
    """Train without each clinic or diagnosis in turn and measure; what was done before is not done again.

    Args:
        names: clinics, or keys of `CLASSES`.
        config: the recipe; its partition is set here.
        root: the data folder, after `prepare`.
        out: where each name gets a run folder.
        checkpoint: whose folder gets `clinics_left_out.csv` and `diagnoses_left_out.csv`, as far as names ask for them.

    Raises:
        TrainingError: if the recipe learns from soft labels: their teachers saw what is left out here.
        DataError: if there is no such clinic or diagnosis.
    """
    rows = {name: _measured(name, config, root, out / name, checkpoint) for name in names}
    printed = []
    for path, in_print, are_classes in ((CLINICS, clinics_table, False), (DIAGNOSES, diagnoses_table, True)):
        if chosen := [table for name, table in rows.items() if (name in CLASSES) == are_classes]:
            write_table(pd.concat(chosen), checkpoint / path, float_format="%.4f")
            printed.append(in_print(pd.concat(chosen)))
    return printed


def _measured(name: str, config: TrainConfig, root: Path, run: Path, checkpoint: Path) -> pd.DataFrame:
    """The rows of one name."""
    if not (run / MEASURED).is_file():
        log.info("Without %s", name)
        train(replace(config, partition=WITHOUT + name), root=root, out=run, resume=(run / STATE).exists())
        tuned = tune(run, root=root, name=run.name)
        known = {"left_out": name, "training_images": int((tuned.table["split"] == "train").sum())}
        found = [diagnosis_figures(tuned, name)] if name in CLASSES else clinic_figures(tuned, name, checkpoint)
        write_table(pd.DataFrame([known | {"epochs": config.epochs} | row for row in found]), run / MEASURED)
    return read_table(run / MEASURED, mend="delete it")


def clinic_figures(tuned: Tuned, clinic: str, checkpoint: Path) -> list[dict[str, object]]:
    """Figures per lesion of a clinic's photos, judged by the network that saw none of them, and by a checkpoint's.

    Returns:
        Three rows: the one network on all photos of the clinic, and both on those that the checkpoint's test split has.
    """
    positions = np.flatnonzero(tuned.table["split"] == "test")
    theirs = with_judgement(
        tuned.classifier, tuned.table.iloc[positions], predict_logits(tuned.classifier, tuned.images, positions)
    )
    published = load_predictions(checkpoint / PREDICTIONS)
    published = published[(published["split"] == "test") & (published["clinic"] == clinic)]
    both = theirs[theirs["image_id"].isin(published["image_id"])]
    shipped = Decision.of(read_config(checkpoint))
    return [
        {"network": "without it", "photos": "all of the clinic"} | _of_clinic(theirs, tuned.classifier.decision),
        {"network": "without it", "photos": "the clinic's in test"} | _of_clinic(both, tuned.classifier.decision),
        {"network": "shipped", "photos": "the clinic's in test"} | _of_clinic(published, shipped),
    ]


def _of_clinic(predictions: pd.DataFrame, decision: Decision) -> dict[str, object]:
    metrics = evaluate(predictions, decision=decision)["lesion"]
    found = metrics.overall | {
        "balanced_accuracy": metrics.rules["balanced"].overall["balanced_accuracy"], "slope": metrics.calibration.slope
    }  # fmt: skip
    return {"images": metrics.images, "lesions": metrics.lesions} | _columns(
        {name: found[name] for name in CLINIC_FIGURES}
    )


def diagnosis_figures(tuned: Tuned, name: str, *, draws: int = DRAWS, seed: int = 0) -> dict[str, object]:
    """What a network makes of the images of a diagnosis that it never saw, beside the other images of the test split.

    Distance is that of the gate, fitted to this network; doubt is 1 - the largest probability; the AUROCs tell how
    well they separate the unseen diagnosis from the others. All per image, drawn by lesion.
    """
    gate, seen = fit_to_training(tuned.classifier, tuned.table, tuned.images)
    test = seen["test"]
    levels = rulings(gate, test.pictures(tuned.images), test.features)
    logits = predict_logits(tuned.classifier, tuned.images, test.positions)
    truth = by_image(with_judgement(tuned.classifier, tuned.table.iloc[test.positions], logits))
    weights = with_whole(draw_weights(truth, draws=draws, seed=seed))
    unseen = test.dx == name

    def share(hits: np.ndarray, among: np.ndarray) -> np.ndarray:
        return ratio(weights @ (hits & among), weights @ among)

    found = {
        "turned_away": share(levels > 0, unseen),
        "refused": share(levels > 1, unseen),
        "others_turned_away": share(levels > 0, ~unseen),
        "distance_auroc": rank(unseen, gate.distances(test.features), weights).auroc(),
        "doubt_auroc": rank(unseen, 1 - truth.probabilities.max(axis=1), weights).auroc(),
        "flagged": share(truth.p_malignant >= tuned.classifier.decision.malignant_threshold, unseen),
    }
    lesions = len(np.unique(truth.lesions[unseen]))
    return {"images": int(unseen.sum()), "lesions": lesions, "others": int((~unseen).sum())} | _columns(
        estimates(found)
    )


def _columns(found: dict[str, Estimate]) -> dict[str, object]:
    """`figure, figure_low, figure_high` of each."""
    columns: dict[str, object] = {}
    for name, each in found.items():
        columns |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    return columns
