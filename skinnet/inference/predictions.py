"""The table of predictions that everything after training reads.

Columns: image_id, lesion_id, source, split, dx, dx_type, age, sex, site, clinic, diagnosis, p_akiec .. p_vasc,
p_malignant, logit_akiec .. logit_vasc. Unknown facts are empty. Published rows are of two splits: test, and val, on
which calibration and thresholds were fitted: the validation split, or all images of a cross-validation, each predicted
by a network that had not seen its lesion. The logits let anyone repeat the calibration without a network.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.dataset import Images, equal_shapes
from skinnet.device import keep_freed_memory
from skinnet.errors import DataError
from skinnet.files import read_table, write_table
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASSES
from skinnet.progress import progress

BATCH = 16
"""Photos at once."""
DECIMALS = 6
FACTS = ("dx_type", "age", "sex", "site", "clinic")
"""Facts about an image and its patient, for the metrics of subgroups; HAM10000 calls the last two
`localization` and `dataset`."""
LOGIT_COLUMNS = [f"logit_{name}" for name in CLASSES]


def predict_logits(classifier: Classifier, images: Images, positions: np.ndarray) -> np.ndarray:
    """Compute the logits of the chosen images, uncut: batches hold images of one shape.

    Args:
        images: indexed by `positions`.
        positions: int (M,), the chosen images.

    Returns:
        float32 (M, 7).
    """
    keep_freed_memory()
    logits = np.zeros((len(positions), len(CLASSES)), np.float32)
    for items in progress(equal_shapes(images, positions, batch_size=BATCH), "predicting", unit="batch"):
        logits[items] = classifier.logits(np.stack([images[position] for position in positions[items]]))
    return logits


def predict_split(classifier: Classifier, table: pd.DataFrame, images: Images, split: str) -> pd.DataFrame:
    """Predict all images of a split, or of every one for "all".

    Raises:
        DataError: if the split has no images.
    """
    positions = np.flatnonzero((table["split"] == split) | (split == "all"))
    if not len(positions):
        raise DataError(f"The data have no images in the split {split!r}: use train, val, test or all.")
    return add_predictions(classifier, table.iloc[positions], predict_logits(classifier, images, positions))


def add_predictions(classifier: Classifier, rows: pd.DataFrame, logits: np.ndarray) -> pd.DataFrame:
    """Add a classifier's predictions from logits (N, 7) to N rows of an index."""
    known = rows[["image_id", "lesion_id", "source", "split", "dx", *FACTS]].reset_index(drop=True)
    known["lesion_id"] = known["lesion_id"].fillna(known["image_id"])  # who names no lesions shows each once
    if rows["source"].nunique() > 1:  # two sources may number their lesions alike
        known["lesion_id"] = rows["source"].reset_index(drop=True) + "/" + known["lesion_id"]
    predicted = pd.DataFrame([prediction.as_row() for prediction in classifier.predictions(logits)])
    return pd.concat([known, predicted, pd.DataFrame(logits, columns=LOGIT_COLUMNS)], axis=1)


def save_predictions(predictions: pd.DataFrame, path: Path) -> None:
    """Write a table of predictions as CSV, six decimals."""
    write_table(predictions, path, float_format=f"%.{DECIMALS}f")


def load_predictions(path: Path) -> pd.DataFrame:
    """Read a table of predictions.

    Raises:
        DataError: if it is not there or damaged.
    """
    if not path.is_file():
        raise DataError(f"No {path}: run python -m skinnet release, or name another checkpoint.")
    return read_table(path, advice="run python -m skinnet release", needs=("split", "source"))


def rows_of(predictions: pd.DataFrame, split: str, source: str) -> pd.DataFrame:
    """The published predictions for a split of a data set."""
    return predictions[(predictions["split"] == split) & (predictions["source"] == source)]
