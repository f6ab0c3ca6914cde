"""Make soft labels from a trained network, for another to learn from.

write_soft_labels(Path("runs/teacher"), root=Path("data"), out=Path("teacher.csv"))
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from skinnet.errors import DataError
from skinnet.inference.predictions import add_predictions, predict_logits, save_predictions
from skinnet.models.registry import VIT
from skinnet.training.config import TrainConfig
from skinnet.training.fitted_run import fit_run, read_run


def write_soft_labels(run: Path, *, root: Path, out: Path, one_view: bool = False) -> pd.DataFrame:
    """Write the soft labels of a run's best network for train and val.

    It has seen the training images; the network of an early epoch has not memorised them. The test split takes no part.
    The transformer predicts in bfloat16, nearly twice as fast on a CPU: soft labels need no more digits.

    Args:
        run: a run folder of `train`.
        root: the data folder, as in training.
        out: the table to write.
        one_view: predict without mirrored views, in a quarter of the time.

    Raises:
        CheckpointError, DataError: as `fit_run`; or if the run was trained on images of the published test split.
    """
    recipe = TrainConfig.of(read_run(run)[0]["training"])
    if recipe.partition != "split":
        raise DataError(
            f"{run} was trained on the partition {recipe.partition!r}, which is not kept apart from test images."
        )
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.network == VIT):
        fitted = fit_run(run, root=root, name=run.name, one_view=one_view)
        rows = fitted.table[fitted.table["split"] == "train"]
        logits = predict_logits(fitted.classifier, fitted.images, rows.index.to_numpy(), one_view=one_view)
    validation = fitted.table[fitted.table["split"] == "val"]
    logits = np.concatenate([logits, fitted.validation])
    table = add_predictions(fitted.classifier, pd.concat([rows, validation]), logits)
    save_predictions(table, out)
    return table
