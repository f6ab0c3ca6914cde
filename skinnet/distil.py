"""Soft labels: what teachers said of the training images, for a small network to learn from (Hinton et al. 2015).

targets = load_targets(table, config)  # float32 (N, 7)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.calibrate import prior_shift
from skinnet.config import TrainConfig
from skinnet.errors import TrainingError
from skinnet.evaluate import probability_columns
from skinnet.files import read_table
from skinnet.labels import CLASS_NUMBERS, CLASSES


def load_targets(table: pd.DataFrame, config: TrainConfig) -> np.ndarray:
    """What the network is to say of each image of an index: float32 (N, 7), rows sum to one.

    Where a teacher judged an image, its probabilities make up `soft_share` of the target and the diagnosis the rest.
    They hold under the class shares of the data; the network sees those of the sampling, so they are moved there.

    Raises:
        TrainingError: if the table of soft labels is not there, or has no training image.
    """
    labels = table["dx"].map(CLASS_NUMBERS).to_numpy()
    targets = np.eye(len(CLASSES), dtype=np.float32)[labels]
    if not config.soft_labels:
        return targets
    taught, soft = _soft_labels(table, Path(config.soft_labels))
    counts = np.bincount(labels[table["split"] == "train"], minlength=len(CLASSES))
    drawn = soft * np.exp(-prior_shift(counts, sampling_power=config.sampling_power))
    drawn /= drawn.sum(axis=1, keepdims=True)
    targets[taught] = (1 - config.soft_share) * targets[taught] + config.soft_share * drawn
    return targets


def _soft_labels(table: pd.DataFrame, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the training images that were judged, and their probabilities, (M, 7)."""
    if not path.is_file():
        raise TrainingError(f"No {path}: make soft labels with python -m skinnet cross-validate.")
    judged = read_table(path, mend="make it again").set_index("image_id")
    taught = np.flatnonzero((table["split"] == "train") & table["image_id"].isin(judged.index))
    if not len(taught):
        raise TrainingError(f"{path} has none of the training images: it belongs to other data.")
    return taught, judged.loc[table["image_id"].iloc[taught], probability_columns()].to_numpy(float)
