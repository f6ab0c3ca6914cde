"""Fit calibration and decision rules on validation, or on the predictions of a cross-validation.

shift = sampling_shift(counts, sampling_power=0.5)
calibration = fit_temperature(logits, dx, prior_shift=shift)
decision = fit_decision(calibration.probabilities(logits), dx, class_counts=counts, lesions=lesion_ids)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.metrics import recall_score

from skinnet.checkpoint import VALIDATION, VERDICT, FittedOn, OperatingPoint
from skinnet.data.index import lesion_names
from skinnet.errors import DataError
from skinnet.files import read_table
from skinnet.inference.calibration import Calibration, Decision, malignant_probability
from skinnet.inference.predictions import LOGIT_COLUMNS
from skinnet.labels import CLASS_NUMBERS, MALIGNANT_NUMBERS

SENSITIVITIES = {VERDICT: 0.95, "97.5": 0.975}
"""Operating points, fixed beforehand: the sensitivity for (pre)malignant lesions where they are fitted."""
TINY = np.finfo(float).tiny
"""Above 0, so that every probability has a logarithm."""


@dataclass(frozen=True)
class Rules:
    """Everything that is fitted to a network's logits."""

    calibration: Calibration
    decision: Decision
    fitted_on: FittedOn


def fit_rules(
    logits: np.ndarray,
    rows: pd.DataFrame,
    *,
    sampling_power: float,
    source_power: float = 0.0,
    class_counts: np.ndarray,
    table: str = VALIDATION,
) -> Rules:
    """Fit calibration and decision to the logits (N, 7) of N rows of an index.

    Args:
        sampling_power, source_power, class_counts: see `sampling_shift`.
        table: what the rows are: see `FittedOn`.
    """
    dx, lesions = rows["dx"].map(CLASS_NUMBERS).to_numpy(), lesion_names(rows).to_numpy()
    shift = sampling_shift(class_counts, sampling_power=sampling_power, source_power=source_power)
    calibration = fit_temperature(logits, dx, prior_shift=shift, lesions=lesions)
    decision = fit_decision(calibration.probabilities(logits), dx, class_counts=class_counts, lesions=lesions)
    return Rules(calibration, decision, _fitted_on(table, dx, lesions))


def out_of_fold_logits(
    paths: Sequence[Path], table: pd.DataFrame, *, networks: Sequence[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Read what cross-validations predicted for images of train and val whose lesions their networks had not seen.

    Args:
        paths: a table of `cross_validate` for each network. Of several, the logits are averaged.
        table: the index.
        networks: names of the released networks, in the order of the tables.

    Returns:
        the rows of the index that every table has, and float32 (n, 7).

    Raises:
        DataError: if a table is not that of these images, or of another kind of network.
    """
    advice = "run python -m skinnet cross-validate"
    if len(paths) != len(networks):
        raise DataError(f"{len(paths)} tables out of fold for {len(networks)} networks: name one for each, in order.")
    used, parts = table[table["split"].isin(["train", "val"])], []
    known = set(zip(used["image_id"], used["dx"], strict=True))
    for path, network in zip(paths, networks, strict=True):
        if not path.is_file():
            raise DataError(f"No {path}: {advice}.")
        predictions = read_table(path, advice=advice)
        if not {"image_id", "dx", "fold", "network", *LOGIT_COLUMNS} <= set(predictions):
            raise DataError(f"{path} is not a table of cross-validate: {advice}, and name the one in its folder.")
        if not set(zip(predictions["image_id"], predictions["dx"], strict=True)) <= known:
            raise DataError(f"{path} holds images that are not in train and val: {advice} on them.")
        if (predictions["network"] != network).any():
            found = predictions["network"].iloc[0]
            raise DataError(f"{path} comes from {found}, the run from {network}: {advice} with the same recipe.")
        parts.append(predictions.set_index("image_id")[LOGIT_COLUMNS])
    common = used["image_id"].isin(set.intersection(*(set(part.index) for part in parts)))
    rows = used[common]
    logits = np.mean([part.loc[rows["image_id"]].to_numpy(np.float32) for part in parts], axis=0)
    return rows, logits


def _fitted_on(table: str, dx: np.ndarray, lesions: np.ndarray) -> FittedOn:
    malignant = np.isin(dx, MALIGNANT_NUMBERS)
    return FittedOn(table, lesions=len(set(lesions)), malignant=len(set(lesions[malignant])))


def sampling_shift(class_counts: np.ndarray, *, sampling_power: float, source_power: float = 0.0) -> np.ndarray:
    """Compute the shift of the logits that undoes balanced sampling: (7,).

    It is the log of each class's share in the training data over its share among the images drawn.

    Args:
        class_counts: training images of each class, (7,), or of each source and class, (S, 7).
        sampling_power, source_power: images were drawn with weight (images of the class) ** -sampling_power *
            (images of the source) ** -source_power.
    """
    by_source = np.atleast_2d(class_counts)  # (S, 7)
    counts = by_source.sum(axis=0).clip(min=1)
    weights = by_source.sum(axis=1) ** -float(source_power)  # (S,)
    drawn = np.log((weights @ by_source).clip(min=weights.min())) - sampling_power * np.log(counts)
    drawn -= np.log(np.exp(drawn).sum())
    return np.asarray(np.log(counts / counts.sum()) - drawn)


def fit_temperature(
    logits: np.ndarray, dx: np.ndarray, *, prior_shift: np.ndarray, lesions: np.ndarray | None = None
) -> Calibration:
    """Find the temperature with the least log loss.

    Args:
        logits: (N, 7).
        dx: int (N,), positions in `CLASSES`.
        prior_shift: (7,), from `sampling_shift`.
        lesions: (N,), names of the images' lesions: then the loss is that of each lesion's mean probabilities.
    """

    def calibration(log_temperature: float) -> Calibration:
        return Calibration(float(np.exp(log_temperature)), tuple(prior_shift.tolist()))

    def loss(log_temperature: float) -> float:
        return log_loss(calibration(log_temperature).probabilities(logits), dx, lesions)

    return calibration(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)


def fit_decision(
    probabilities: np.ndarray, dx: np.ndarray, *, class_counts: np.ndarray, lesions: np.ndarray | None = None
) -> Decision:
    """Choose the balanced rule's weights and the operating points.

    The weights are (share of the class) ** -power, so that one number is fitted and not seven: validation holds 11
    dermatofibromas. The power is the one with the best balanced accuracy; among equal ones, the middle one.

    Args:
        probabilities: (N, 7).
        dx: int (N,), positions in `CLASSES`.
        class_counts: training images of each class, (7,), or of each source and class, (S, 7).
        lesions: (N,), names of the images' lesions: then everything is fitted on the means of each lesion.
    """
    probabilities, dx = lesion_means(probabilities, dx, lesions)
    counts = np.atleast_2d(class_counts).sum(axis=0).clip(min=1)
    share = counts / counts.sum()
    powers = np.linspace(0, 1.5, 61)
    recalls = [
        recall_score(dx, (probabilities * share**-power).argmax(axis=1), average="macro", zero_division=0)
        for power in powers
    ]
    optima = np.flatnonzero(np.isclose(recalls, max(recalls)))
    best = powers[optima[len(optima) // 2]]
    return Decision(tuple((share**-best).tolist()), fit_operating_points(probabilities, dx))


def fit_operating_points(probabilities: np.ndarray, dx: np.ndarray) -> tuple[OperatingPoint, ...]:
    """Find the highest thresholds that reach each of `SENSITIVITIES`.

    Each lies midway between the lowest score at or above it and the next lower one, so that rounding never decides.
    """
    scores = np.sort(malignant_probability(probabilities[np.isin(dx, MALIGNANT_NUMBERS)]))
    points = []
    for name, sensitivity in SENSITIVITIES.items():
        missed = int(len(scores) * (1 - sensitivity) + 1e-9)
        below = scores[missed - 1] if missed else 0.0
        points.append(OperatingPoint(name, sensitivity, float((below + scores[missed]) / 2)))
    return tuple(points)


def log_loss(probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray | None = None) -> float:
    """Mean of -log of the true diagnosis's probability: (N, 7), int (N,), and names of lesions or None."""
    means, labels = lesion_means(probabilities, dx, lesions)
    return float(-np.log(means[np.arange(len(labels)), labels].clip(min=TINY)).mean())


def lesion_means(
    probabilities: np.ndarray, dx: np.ndarray, lesions: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The mean probabilities and the diagnosis of each lesion; without names of lesions, those of each image."""
    if lesions is None:
        return probabilities, dx
    rows = pd.DataFrame(probabilities).assign(dx=dx).groupby(lesions)
    return rows.mean().drop(columns="dx").to_numpy(), rows["dx"].first().to_numpy()
