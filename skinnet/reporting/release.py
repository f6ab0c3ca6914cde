"""Rebuild everything that is published from one training run.

    release(Path("runs/first"), root=Path("data"), out=Path("checkpoints/ham10000-lite0"), readme=Path("README.md"))

Temperature, class weights and thresholds are fitted on validation, or the last two on a cross-validation's table; the
test split is scored after that.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

import skinnet
from skinnet.data.dataset import Images
from skinnet.data.index import FRAME, class_counts, lesion_names, load_cache, load_index, split_hash, table_hash
from skinnet.data.partitions import ARCHIVE_KINDS, write_split
from skinnet.errors import CheckpointError, DataError
from skinnet.evaluation.evaluate import Metrics, evaluate
from skinnet.files import atomic_path, read_json, read_table, write_json, write_text
from skinnet.inference.calibration import (
    OUT_OF_FOLD,
    VALIDATION,
    VERDICT,
    Calibration,
    Decision,
    OperatingPoint,
    fit_calibration,
    fit_decision,
)
from skinnet.inference.classifier import CONFIG, VIEWS, WEIGHTS, Classifier, read_config, read_recipe
from skinnet.inference.predictions import load_predictions, predict_logits, save_predictions, with_judgement
from skinnet.labels import CLASS_NUMBERS, CLASSES, MALIGNANT_NUMBERS, probability_columns
from skinnet.models.efficientnet_lite import build, normalisation
from skinnet.reporting.goals import goals_table
from skinnet.reporting.model_card import caption, data_name, headline_section, model_card
from skinnet.reporting.report import TABLE_FOLDER, write_evaluation
from skinnet.reporting.study_tables import further_tables, remove_further
from skinnet.training.config import VIT
from skinnet.training.run_state import BEST, HISTORY, SETTINGS
from skinnet.training.train import SELECTION_METRIC

PREDICTIONS = "predictions.csv"
CARD = "MODEL_CARD.md"
SPLIT = "split.csv"
"""Which images the network was trained, tuned and tested on."""
PUBLISHED_SPLITS = ("val", "test")
PLAIN_CALIBRATION = Calibration(temperature=1.0, prior_shift=(0.0,) * len(CLASSES))
PLAIN_DECISION = Decision((1.0,) * len(CLASSES), (OperatingPoint(VERDICT, sensitivity=0.0, threshold=1.0),))
README_BEGIN = "<!-- results: written by skinnet release -->"
README_END = "<!-- end of results -->"


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
        DataError: if the data are not those of the run.
    """
    tuned = tune(run, root=root, name=out.name, out_of_fold=out_of_fold)
    classifier, table = tuned.classifier, tuned.table
    positions = {split: np.flatnonzero(table["split"] == split) for split in PUBLISHED_SPLITS}
    if not len(positions["test"]):
        training = classifier.config["training"]
        raise DataError(
            f"{training['sources']} has no test image (partition {training['partition']}): nothing to publish."
        )
    folds = out_of_fold.read_bytes() if out_of_fold is not None else b""  # it may lie in the folder that is emptied
    remove_further(out)
    with atomic_path(out / WEIGHTS) as temporary:
        save_file(classifier.network.state_dict(), temporary)
    write_json(out / CONFIG, classifier.config)
    logits = {"val": tuned.validation, "test": predict_logits(classifier, tuned.images, positions["test"])}
    tables = [with_judgement(classifier, table.iloc[positions[split]], logits[split]) for split in PUBLISHED_SPLITS]
    save_predictions(pd.concat(tables), out / PREDICTIONS)
    write_split(table, out / SPLIT)
    shutil.copyfile(run / HISTORY, out / HISTORY)
    if out_of_fold is not None:
        with atomic_path(out / OUT_OF_FOLD) as temporary:
            temporary.write_bytes(folds)
    publish(out, readme=readme)


@dataclass(frozen=True)
class Tuned:
    """The best network of a run with all that validation, or a cross-validation, decides.

    Attributes:
        table, images: the index and the decoded images that it was trained on.
        validation: its logits for the validation split, (n, 7).
    """

    classifier: Classifier
    table: pd.DataFrame
    images: Images
    validation: np.ndarray


def tune(run: Path, *, root: Path, name: str, out_of_fold: Path | None = None, one_view: bool = False) -> Tuned:
    """Read the best network of a run and fit its calibration on validation; its decisions too, or out of fold.

    Raises:
        CheckpointError: if the run folder lacks something.
        DataError: if the data, or the table, are not those of the run.
    """
    settings, history = _read_run(run)
    training = read_recipe(settings)
    table = load_index(root, sources=training.source_names, partition=training.partition)
    if table_hash(table) != settings["data_sha256"]:
        raise DataError(f"{root} holds other data than {run} was trained on: prepare the same data again.")
    config = _config(name, settings, history, table)
    network = build(config["network"], classes=len(CLASSES), imagenet=False)
    try:
        network.load_state_dict(load_file(run / BEST))
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{run / BEST} is damaged: train again.") from error
    config["parameters"] = sum(parameter.numel() for parameter in network.parameters())
    images = load_cache(root, table)
    positions = np.flatnonzero(table["split"] == "val")
    validation = predict_logits(untuned(network, config), images, positions, one_view=one_view)
    counts = class_counts(table[table["split"] == "train"])
    choices = fit_rules(validation, table.iloc[positions], sampling_power=training.sampling_power, class_counts=counts)
    if out_of_fold is not None:
        choices |= fit_rules_out_of_fold(out_of_fold, table, network=training.network, class_counts=counts)
    return Tuned(Classifier(network, config | choices), table, images, validation)


def teach(run: Path, *, root: Path, out: Path, one_view: bool = False) -> pd.DataFrame:
    """Write what the best network of a run says of train and val, for another network to learn from.

    It has seen the training images; that of an early epoch has not learned them by heart. The test split takes no part.
    The transformer judges in bfloat16, nearly twice as fast on a CPU: soft labels need no more digits.

    Args:
        one_view: judge the images as they are alone, in a quarter of the time.

    Raises:
        CheckpointError, DataError: as `tune`; or if the run was trained on images of the published test split.
    """
    settings = _read_run(run)[0]
    partition = settings["training"].get("partition", "split")
    if partition != "split":
        raise DataError(f"{run} was trained on the partition {partition!r}, which is not kept apart from test images.")
    with torch.autocast("cpu", torch.bfloat16, enabled=settings["training"]["network"] == VIT):
        tuned = tune(run, root=root, name=run.name, one_view=one_view)
        rows = tuned.table[tuned.table["split"] == "train"]
        logits = predict_logits(tuned.classifier, tuned.images, rows.index.to_numpy(), one_view=one_view)
    validation = tuned.table[tuned.table["split"] == "val"]
    table = with_judgement(tuned.classifier, pd.concat([rows, validation]), np.concatenate([logits, tuned.validation]))
    save_predictions(table, out)
    return table


def untuned(network: nn.Module, config: dict[str, Any], **fitted: object) -> Classifier:
    """A network as a classifier before anything but `fitted` is chosen for it."""
    return Classifier(network, config | asdict(PLAIN_CALIBRATION) | asdict(PLAIN_DECISION) | fitted)


def seen_in_training(checkpoint: Path, rows: pd.DataFrame) -> np.ndarray:
    """Which rows of an index a checkpoint was trained on: bool (N,).

    The same id is the same image within a source, and among all that come from the ISIC Archive.
    """
    split = read_table(checkpoint / SPLIT, mend="restore it", comment="#")
    trained = split[split["split"] == "train"]
    same_source = pd.MultiIndex.from_frame(rows[["source", "image_id"]]).isin(
        pd.MultiIndex.from_frame(trained[["source", "image_id"]])
    )
    archive = rows["kind"].isin(ARCHIVE_KINDS) & rows["image_id"].str.match(r"ISIC_\d+$")
    return np.asarray(same_source | (archive & rows["image_id"].isin(trained["image_id"])).to_numpy())


def publish(checkpoint: Path, *, readme: Path | None = None) -> dict[str, dict[str, Metrics]]:
    """Recompute metrics, tables, figures, report, card and README from a checkpoint's own files; needs no images.

    Returns:
        Metrics by split, then by unit.
    """
    config = read_config(checkpoint)
    predictions = load_predictions(checkpoint / PREDICTIONS)
    rows = {split: predictions[predictions["split"] == split] for split in PUBLISHED_SPLITS}
    metrics = {split: evaluate(rows[split], decision=Decision.of(config)) for split in PUBLISHED_SPLITS}
    source, further = data_name(config), further_tables(checkpoint)
    shutil.rmtree(checkpoint / TABLE_FOLDER, ignore_errors=True)  # a table may be gone for good
    write_evaluation(
        rows["test"],
        metrics,
        split="test",
        folder=checkpoint,
        title=f"Evaluation of {config['name']}",
        source=f"{source}, test split",
        caption=caption(metrics["test"], "test", source=source),
        history=read_table(checkpoint / HISTORY, mend="run python -m skinnet release with --run"),
        goals=[goals_table(metrics["test"])],
        further=further,
    )
    write_text(checkpoint / CARD, model_card(config, metrics, further))
    if readme is not None:
        results = headline_section(metrics["test"], "test", source=source)
        write_text(readme, with_results(readme.read_text(encoding="utf-8"), results))
    return metrics


def with_results(text: str, results: str) -> str:
    """A README's text with what stands between the two marks replaced.

    Raises:
        DataError: if the marks are missing.
    """
    before, begin, rest = text.partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not begin or not end:
        raise DataError(f"The README lacks its marks {README_BEGIN} and {README_END}: put them back.")
    return f"{before}{begin}\n{results}{end}{after}"


def _read_run(run: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    for name in (SETTINGS, HISTORY, BEST):
        if not (run / name).is_file():
            raise CheckpointError(f"No {name} in {run}: train first, with python -m skinnet train --out {run}")
    mend = "train again"
    return read_json(run / SETTINGS, mend=mend), read_table(run / HISTORY, mend=mend)


def _config(name: str, settings: dict[str, Any], history: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    scale = normalisation(settings["training"]["network"])
    return {
        "name": name,
        "skinnet": skinnet.__version__,
        "network": settings["training"]["network"],
        "classes": list(CLASSES),
        "frame": list(FRAME),
        "mean": list(scale.mean),
        "std": list(scale.std),
        "views": len(VIEWS),
        "training": settings["training"],
        "best_epoch": int(history["epoch"].iloc[history[SELECTION_METRIC].argmax()]),
        "training_minutes": round(float(history["seconds"].sum()) / 60, 1),
        "machine": settings["machine"],
        "counts": {split: int(count) for split, count in table["split"].value_counts().items()},
        "data_sha256": settings["data_sha256"],
        "soft_labels_sha256": settings.get("soft_labels_sha256", []),
        "split_sha256": split_hash(table),
        "versions": settings["versions"],
    }


def fit_rules(
    logits: np.ndarray, rows: pd.DataFrame, *, sampling_power: float, class_counts: np.ndarray
) -> dict[str, Any]:
    """Calibration and decisions, as `config.json` holds them, from the logits (N, 7) of N rows of an index."""
    dx, lesions = rows["dx"].map(CLASS_NUMBERS).to_numpy(), lesion_names(rows).to_numpy()
    calibration = fit_calibration(logits, dx, sampling_power=sampling_power, class_counts=class_counts, lesions=lesions)
    decision = fit_decision(calibration.probabilities(logits), dx, class_counts=class_counts, lesions=lesions)
    return {**asdict(calibration), **asdict(decision), "rules_from": _fitted_on(VALIDATION, dx, lesions)}


def fit_rules_out_of_fold(path: Path, table: pd.DataFrame, *, network: str, class_counts: np.ndarray) -> dict[str, Any]:
    """Decisions from what networks of a cross-validation said of the lesions of train and val that they did not see.

    There are eight times as many of them as in validation; whether the rules fit the released network, which is none
    of these, its figures on validation tell.

    Raises:
        DataError: if the table is not that of these images, or of another kind of network.
    """
    mend = "run python -m skinnet cross-validate"
    if not path.is_file():
        raise DataError(f"No {path}: {mend}.")
    judged = read_table(path, mend=mend)
    if not {"fold", "network", "p_mel"} <= set(judged):
        raise DataError(f"{path} is not the table of a whole cross-validation: {mend}, and name the one in its folder.")
    used = table[table["split"].isin(["train", "val"])]
    if sorted(zip(judged["image_id"], judged["dx"], strict=True)) != sorted(
        zip(used["image_id"], used["dx"], strict=True)
    ):
        raise DataError(f"{path} is not of the images of train and val: {mend} on them.")
    if (judged["network"] != network).any():
        raise DataError(f"{path} is of {judged['network'].iloc[0]}, the run of {network}: {mend} by the same recipe.")
    dx, lesions = judged["dx"].map(CLASS_NUMBERS).to_numpy(), judged["lesion_id"].to_numpy()
    probabilities = judged[probability_columns()].to_numpy()
    decision = fit_decision(probabilities, dx, class_counts=class_counts, lesions=lesions)
    return {**asdict(decision), "rules_from": _fitted_on(OUT_OF_FOLD, dx, lesions)}


def _fitted_on(table: str, dx: np.ndarray, lesions: np.ndarray) -> dict[str, Any]:
    malignant = np.isin(dx, MALIGNANT_NUMBERS)
    return {"table": table, "lesions": len(set(lesions)), "malignant": len(set(lesions[malignant]))}
