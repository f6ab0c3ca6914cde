"""Soft labels: teachers' probabilities for the training images, for a small network to learn from (Hinton et al. 2015).

    python -m skinnet cross-validate --network vit_small_patch14_dinov2 --layer-decay 0.7 --out runs/teachers
    python -m skinnet train --soft-labels runs/teachers/out_of_fold.csv --out runs/student

    targets = load_targets(table, config)  # float32 (N, 7)

A teacher that memorised an image only repeats its label. So the best soft labels for an image come from a network
of the cross-validation that did not see its lesion; the best network of a run (`teach`) has seen it, as have those of
the table that comes with skinnet. No teacher saw the test split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.index import class_counts
from skinnet.errors import TrainingError
from skinnet.files import read_table
from skinnet.labels import CLASS_NUMBERS, CLASSES, probability_columns
from skinnet.training.config import TrainConfig
from skinnet.training.fit_calibration import sampling_shift

PACKAGED = Path(__file__).parent / "teacher_labels"
"""Tables that come with skinnet, of HAM10000's training images."""


def load_targets(table: pd.DataFrame, config: TrainConfig) -> np.ndarray:
    """Make the training target of each image of an index: float32 (N, 7), rows sum to one.

    Where teachers predicted an image, their probabilities make up `soft_share` of the target, the diagnosis the rest.
    They hold under the class shares of the data; the network sees those of the sampling, so they are moved there.

    Raises:
        TrainingError: if a table of soft labels is not there, or has no training image.
    """
    labels = table["dx"].map(CLASS_NUMBERS).to_numpy()
    targets = np.eye(len(CLASSES), dtype=np.float32)[labels]
    if not config.soft_labels:
        return targets
    covered, soft = _soft_labels(table, _paths(config))
    counts = class_counts(table[table["split"] == "train"])
    drawn = soft * np.exp(
        -sampling_shift(counts, sampling_power=config.sampling_power, source_power=config.source_power)
    )
    drawn /= drawn.sum(axis=1, keepdims=True)
    targets[covered] = (1 - config.soft_share) * targets[covered] + config.soft_share * drawn
    return targets


def file_hashes(config: TrainConfig) -> list[str]:
    """Hash each table of soft labels (SHA-256)."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in _paths(config)]


def _paths(config: TrainConfig) -> list[Path]:
    return [_path(name) for name in config.soft_label_names]


def _path(name: str) -> Path:
    """Find a file, or the table of that name that comes with skinnet."""
    packaged = PACKAGED / name
    return packaged if packaged.is_file() and not Path(name).is_file() else Path(name)


def _soft_labels(table: pd.DataFrame, paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the training images that every teacher predicted, and the mean probabilities (M, 7)."""
    covered = (table["split"] == "train").to_numpy()
    tables = []
    for path in paths:
        if not path.is_file():
            raise TrainingError(f"No {path}: make soft labels with python -m skinnet cross-validate.")
        tables.append(read_table(path, advice="make it again").set_index("image_id")[probability_columns()])
        covered = covered & table["image_id"].isin(tables[-1].index).to_numpy()
        if not covered.any():
            raise TrainingError(f'{path} has none of the training images: train without it (--soft-labels "").')
    ids = table["image_id"][covered]
    return np.flatnonzero(covered), np.mean([rows.loc[ids].to_numpy(float) for rows in tables], axis=0)
