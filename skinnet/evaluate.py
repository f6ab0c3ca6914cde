"""Metrics with 95 % intervals, computed from a table of predictions alone: no network, no image.

    metrics = evaluate(predictions, threshold=0.12)
    metrics.overall["balanced_accuracy"]  # Estimate(value=0.79, low=0.75, high=0.83)

A table of predictions has a row for each image and the columns `lesion_id, dx, diagnosis, p_akiec .. p_vasc`.
Intervals are percentiles of a bootstrap over lesions, not images, since the images of a lesion are alike.
Every metric is written once, for a whole matrix of bootstrap weights: a row of ones gives the value itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinnet.errors import DataError
from skinnet.labels import CLASS_NUMBERS, CLASSES, MALIGNANT, MALIGNANT_NUMBERS

BOOTSTRAPS = 1000
CALIBRATION_BINS = 15
MATCHED_SENSITIVITIES = (0.90, 0.95)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None where it is undefined (a class without images, say)."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None:
            return "n/a"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


@dataclass(frozen=True)
class Metrics:
    """What `evaluate` returns.

    Attributes:
        images: number of images.
        lesions: number of lesions.
        overall: estimates by name of metric.
        per_class: estimates by class, then by name of metric.
        support: images by class.
        confusion: images by (true class, diagnosis), in the order of `CLASSES`.
        threshold: what `p_malignant` is compared with for sensitivity and specificity.
    """

    images: int
    lesions: int
    overall: dict[str, Estimate]
    per_class: dict[str, dict[str, Estimate]]
    support: dict[str, int]
    confusion: list[list[int]]
    threshold: float


def evaluate(predictions: pd.DataFrame, *, threshold: float, bootstraps: int = BOOTSTRAPS, seed: int = 0) -> Metrics:
    """Compute all metrics of a table of predictions.

    Args:
        predictions: see the module's description.
        threshold: operating point of `p_malignant`, chosen on validation.
        bootstraps: number of resamples of the lesions; 0 for no intervals.
        seed: of the resampling.

    Raises:
        DataError: if the table is empty or lacks a column.
    """
    truth = Truth.of(predictions, threshold=threshold)
    weights = np.vstack([np.ones((1, len(predictions))), lesion_weights(truth.lesions, bootstraps, seed)])
    overall = {name: _estimate(metric(truth, weights)) for name, metric in OVERALL.items()}
    columns = {name: metric(truth, weights) for name, metric in PER_CLASS.items()}  # each (R, 7)
    per_class = {
        dx: {name: _estimate(values[:, number]) for name, values in columns.items()}
        for number, dx in enumerate(CLASSES)
    }
    confusion = confusion_matrices(truth.dx, truth.diagnosis, weights[:1])[0].astype(int)
    return Metrics(
        images=len(predictions),
        lesions=int(predictions["lesion_id"].nunique()),
        overall=overall,
        per_class=per_class,
        support=dict(zip(CLASSES, confusion.sum(axis=1).tolist(), strict=True)),
        confusion=confusion.tolist(),
        threshold=threshold,
    )


@dataclass(frozen=True)
class Truth:
    """A table of predictions as arrays.

    Attributes:
        dx, diagnosis, largest: int (N,), positions in `CLASSES`: the truth, the balanced diagnosis, and the class
            of the largest probability.
        probabilities: float (N, 7).
        malignant: bool (N,).
        lesions: int (N,), number of each image's lesion.
        threshold: of p_malignant.
    """

    dx: np.ndarray
    diagnosis: np.ndarray
    largest: np.ndarray
    probabilities: np.ndarray
    malignant: np.ndarray
    lesions: np.ndarray
    threshold: float

    @staticmethod
    def of(predictions: pd.DataFrame, *, threshold: float) -> Truth:
        needed = ["lesion_id", "dx", "diagnosis", *probability_columns()]
        if missing := [column for column in needed if column not in predictions]:
            raise DataError(f"The predictions lack the column {missing[0]}.")
        if predictions.empty:
            raise DataError("The predictions have no rows: is the split the right one?")
        known = predictions[["dx", "diagnosis"]].isin(CLASSES).all(axis=None)
        if not known or predictions[needed].isna().any(axis=None):
            raise DataError("The predictions have empty fields or unknown classes: make them again.")
        probabilities = predictions[probability_columns()].to_numpy(float)
        return Truth(
            dx=predictions["dx"].map(CLASS_NUMBERS).to_numpy(int),
            diagnosis=predictions["diagnosis"].map(CLASS_NUMBERS).to_numpy(int),
            largest=probabilities.argmax(axis=1),
            probabilities=probabilities,
            malignant=predictions["dx"].isin(MALIGNANT).to_numpy(),
            lesions=pd.factorize(predictions["lesion_id"])[0],
            threshold=threshold,
        )

    @property
    def p_malignant(self) -> np.ndarray:
        """Float (N,)."""
        return np.asarray(self.probabilities[:, MALIGNANT_NUMBERS].sum(axis=1))


def probability_columns() -> list[str]:
    """`p_akiec` .. `p_vasc`."""
    return [f"p_{name}" for name in CLASSES]


def lesion_weights(lesions: np.ndarray, bootstraps: int, seed: int) -> np.ndarray:
    """How often each image is drawn when lesions are drawn with replacement: float (bootstraps, N)."""
    count = int(lesions.max()) + 1
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=bootstraps)
    return draws[:, lesions].astype(float)


def confusion_matrices(dx: np.ndarray, diagnosis: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted counts, (R, 7, 7): true class by diagnosis."""
    size = len(CLASSES)
    cell = np.eye(size * size)[dx * size + diagnosis]  # (N, 49)
    return np.asarray((weights @ cell).reshape(-1, size, size))


def auroc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve for each row of weights, ties counted half (Mann-Whitney).

    Args:
        positive: bool (N,).
        scores: float (N,).
        weights: float (R, N).

    Returns:
        float (R,); NaN where only one class has weight.
    """
    negatives, positives = _cumulative(positive, scores, weights)
    gained = np.diff(positives, axis=1, prepend=0)
    below = negatives - np.diff(negatives, axis=1, prepend=0) / 2
    return _ratio((gained * below).sum(axis=1), positives[:, -1] * negatives[:, -1])


def average_precision(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the precision-recall curve as scikit-learn defines it: float (R,)."""
    negatives, positives = _cumulative(positive, -scores, weights)
    drawn = positives + negatives
    precision = np.divide(positives, drawn, out=np.zeros_like(drawn), where=drawn > 0)
    return _ratio((precision * np.diff(positives, axis=1, prepend=0)).sum(axis=1), positives[:, -1])


def _cumulative(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight of the negatives and of the positives at or below each distinct score, rising: two (R, V) arrays."""
    _, rank = np.unique(scores, return_inverse=True)
    order = np.argsort(rank, kind="stable")
    starts = np.flatnonzero(np.diff(rank[order], prepend=-1))
    ordered = weights[:, order]
    each = [np.add.reduceat(ordered * chosen[order], starts, axis=1) for chosen in (~positive, positive)]
    return np.cumsum(each[0], axis=1), np.cumsum(each[1], axis=1)


def specificity_at(sensitivity: float) -> Callable[[Truth, np.ndarray], np.ndarray]:
    """Specificity at the highest threshold that reaches a sensitivity, read off the curve of the same images."""

    def metric(truth: Truth, weights: np.ndarray) -> np.ndarray:
        alarms, found = _cumulative(truth.malignant, -truth.p_malignant, weights)
        reached = (found >= sensitivity * found[:, -1:] - 1e-9).argmax(axis=1)
        false = _ratio(alarms[np.arange(len(alarms)), reached], alarms[:, -1])
        return np.where(found[:, -1] > 0, 1 - false, np.nan)

    return metric


def calibration_error(truth: Truth, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error of `p_malignant` over 15 bins of equal count (Nixon et al. 2019)."""
    order = np.argsort(truth.p_malignant, kind="stable")
    bins = np.array_split(order, CALIBRATION_BINS)
    total = weights.sum(axis=1)
    error: np.ndarray = np.zeros(len(weights))
    for members in bins:
        gap = weights[:, members] @ (truth.p_malignant[members] - truth.malignant[members])
        error += np.abs(gap) / total
    return error


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    quotient: np.ndarray = np.divide(
        numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=denominator > 0
    )
    return quotient


def _estimate(values: np.ndarray) -> Estimate:
    value, resampled = values[0], values[1:][~np.isnan(values[1:])]
    if np.isnan(value):
        return Estimate(None, None, None)
    if not len(resampled):
        return Estimate(float(value), None, None)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def _accuracy(matrices: np.ndarray) -> np.ndarray:
    return _ratio(np.trace(matrices, axis1=1, axis2=2), matrices.sum(axis=(1, 2)))


def _recall(matrices: np.ndarray) -> np.ndarray:
    return _ratio(np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=2))


def _precision(matrices: np.ndarray) -> np.ndarray:
    """0, as scikit-learn's default, for a class that exists but was never diagnosed."""
    hits, diagnosed, support = np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=1), matrices.sum(axis=2)
    return np.where((diagnosed == 0) & (support > 0), 0.0, _ratio(hits, diagnosed))


def _f1(matrices: np.ndarray) -> np.ndarray:
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    return _ratio(2 * hits, matrices.sum(axis=1) + matrices.sum(axis=2))


def _class_auroc(truth: Truth, weights: np.ndarray) -> np.ndarray:
    """One class against the rest, (R, 7)."""
    columns = [auroc(truth.dx == number, truth.probabilities[:, number], weights) for number in range(len(CLASSES))]
    return np.stack(columns, axis=1)


def _balanced(truth: Truth, weights: np.ndarray) -> np.ndarray:
    return confusion_matrices(truth.dx, truth.diagnosis, weights)


def _displayed(truth: Truth, weights: np.ndarray) -> np.ndarray:
    return confusion_matrices(truth.dx, truth.largest, weights)


def _macro(values: np.ndarray) -> np.ndarray:
    """Mean over the classes where it is defined: float (R,)."""
    return _ratio(np.nansum(values, axis=1), (~np.isnan(values)).sum(axis=1))


def _share(chosen: np.ndarray, among: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _ratio(weights @ (chosen & among), weights @ among)


Metric = Callable[[Truth, np.ndarray], np.ndarray]

OVERALL: Mapping[str, Metric] = {
    "balanced_accuracy": lambda truth, weights: _macro(_recall(_balanced(truth, weights))),
    "macro_auroc": lambda truth, weights: _macro(_class_auroc(truth, weights)),
    "malignant_auroc": lambda truth, weights: auroc(truth.malignant, truth.p_malignant, weights),
    "malignant_average_precision": lambda truth, weights: average_precision(
        truth.malignant, truth.p_malignant, weights
    ),
    "sensitivity": lambda truth, weights: _share(truth.p_malignant >= truth.threshold, truth.malignant, weights),
    "specificity": lambda truth, weights: _share(truth.p_malignant < truth.threshold, ~truth.malignant, weights),
    **{f"specificity_at_{round(100 * level)}": specificity_at(level) for level in MATCHED_SENSITIVITIES},
    "accuracy": lambda truth, weights: _accuracy(_balanced(truth, weights)),
    "macro_precision": lambda truth, weights: _macro(_precision(_balanced(truth, weights))),
    "macro_recall": lambda truth, weights: _macro(_recall(_balanced(truth, weights))),
    "macro_f1": lambda truth, weights: _macro(_f1(_balanced(truth, weights))),
    "accuracy_displayed": lambda truth, weights: _accuracy(_displayed(truth, weights)),
    "balanced_accuracy_displayed": lambda truth, weights: _macro(_recall(_displayed(truth, weights))),
    "malignant_calibration_error": calibration_error,
    "malignant_brier": lambda truth, weights: _ratio(
        weights @ (truth.p_malignant - truth.malignant) ** 2, weights.sum(axis=1)
    ),
}
"""Metrics of the whole table: each maps (truth, weights (R, N)) to values (R,)."""

PER_CLASS: Mapping[str, Metric] = {
    "precision": lambda truth, weights: _precision(_balanced(truth, weights)),
    "recall": lambda truth, weights: _recall(_balanced(truth, weights)),
    "f1": lambda truth, weights: _f1(_balanced(truth, weights)),
    "auroc": _class_auroc,
}
"""Metrics of each class: each maps (truth, weights (R, N)) to values (R, 7)."""
