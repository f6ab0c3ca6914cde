"""The predictions that `evaluate` scores: another network's table, published ones, or new ones of prepared images."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from skinnet.checkpoint import HISTORY, PREDICTIONS, SPLIT, VERDICT, OperatingPoint, load_config
from skinnet.cli.options import checkpoint_folder
from skinnet.data.index import load_cache, load_index
from skinnet.data.partitions import seen_in_training
from skinnet.errors import SkinnetError
from skinnet.evaluation.external_table import read_external_table
from skinnet.files import read_json, read_table, structured
from skinnet.inference.calibration import Decision
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import load_predictions, predict_split, rows_of
from skinnet.labels import CLASSES
from skinnet.reporting.captions import SINGLE_PASS, source_title

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluateInput:
    """Predictions to evaluate, the decision rules, and the words for both.

    Attributes:
        predictions: a row for each image: diagnosis, lesion and seven probabilities.
        decision: None if no rules are known.
        split: train, val, test or all.
        source: the data set.
        name: the network or the file.
        held_out: whether the network was trained on none of the images.
        method: a sentence on how the predictions were made; may be empty.
        history: a row for each epoch of training, if known.
    """

    predictions: pd.DataFrame
    decision: Decision | None
    split: str
    source: str
    name: str
    held_out: bool = False
    method: str = ""
    history: pd.DataFrame | None = None


def read_input(options: argparse.Namespace) -> EvaluateInput:
    """Read or make the predictions that the options of `evaluate` name.

    Raises:
        SkinnetError: if options exclude each other, or a file is missing or unfit.
    """
    if options.predictions is not None:
        return _from_table(options)
    if options.rules or options.threshold is not None:
        raise SkinnetError("--rules and --threshold are for --predictions: a checkpoint has its own.")
    return _from_checkpoint(options)


def read_other(path: Path, split: str) -> tuple[pd.DataFrame, Decision | None]:
    """Read the predictions to compare with, of a checkpoint folder or a CSV file, and their decision rules."""
    if path.is_dir():
        config = load_config(path)
        return _published(path, split, config.sources[0]), Decision.of(config)
    table = read_external_table(path)
    return (table[table["split"] == split] if "split" in table and split != "all" else table), None


def _from_table(options: argparse.Namespace) -> EvaluateInput:
    if options.root or options.source or options.partition:
        raise SkinnetError("--predictions names all the data there is: leave out --root, --source, --partition.")
    predictions = read_external_table(options.predictions)
    return EvaluateInput(predictions, _rules(options), "all", options.predictions.stem, options.predictions.name)


def _rules(options: argparse.Namespace) -> Decision | None:
    """The decision rules for a table of predictions, which has none itself."""
    if options.rules is not None:
        try:
            advice = "name the file that recalibrate wrote, or a config.json"
            return structured(Decision, read_json(options.rules, advice=advice))
        except (KeyError, TypeError, ValueError) as error:
            raise SkinnetError(f"{options.rules} holds no class_weights and operating_points.") from error
    if options.threshold is None:
        return None
    point = OperatingPoint(VERDICT, sensitivity=0.95, threshold=options.threshold)
    return Decision((1.0,) * len(CLASSES), (point,))


def _from_checkpoint(options: argparse.Namespace) -> EvaluateInput:
    checkpoint = checkpoint_folder(options)
    classifier, config = Classifier.load(checkpoint), load_config(checkpoint)
    held_out = options.split in ("val", "test")
    if options.root is None:
        if options.partition:
            raise SkinnetError("Without --root a checkpoint's own predictions are read: leave out --partition.")
        name = options.source or config.sources[0]
        predictions, source = _published(checkpoint, options.split, name), source_title(name)
    else:
        predictions, seen = _predict(classifier, checkpoint, options)
        source = source_title(options.source or "ham10000")
        held_out = held_out and not seen
    return EvaluateInput(
        predictions,
        classifier.decision,
        options.split,
        source,
        name=config.name,
        held_out=held_out,
        method=SINGLE_PASS,
        history=read_table(checkpoint / HISTORY, advice="restore it", needs=("epoch", "loss")),
    )


def _published(checkpoint: Path, split: str, source: str) -> pd.DataFrame:
    predictions = load_predictions(checkpoint / PREDICTIONS)
    chosen = rows_of(predictions, split, source)
    if chosen.empty:
        raise SkinnetError(
            f"{checkpoint} publishes no {split} predictions of {source_title(source)}: name the data with --root."
        )
    return chosen


def _predict(classifier: Classifier, checkpoint: Path, options: argparse.Namespace) -> tuple[pd.DataFrame, int]:
    """Predict a split of prepared images; also count those that the network was trained on."""
    table = load_index(options.root, sources=[options.source or "ham10000"], partition=options.partition or "split")
    predictions = predict_split(classifier, table, load_cache(options.root, table), options.split)
    predicted = table[table["image_id"].isin(predictions["image_id"])]
    seen = int(seen_in_training(checkpoint / SPLIT, predicted).sum())
    if seen and options.split != "train":
        log.warning(
            "The network was trained on %d of these %d images: the metrics are too optimistic.", seen, len(predicted)
        )
    return predictions, seen
