"""Metrics per lesion of images that were changed, and their difference from the intact images in the same draws.

    cases = score_lesions(classifier, table, logits)
    metrics = lesion_metrics(classifier, cases, draws=2000, seed=0)  # {"malignant_auroc": (2001,), ...}
    columns = metric_columns(metrics, intact)                        # {"malignant_auroc": .93, ..., "..._change": -.02}

Robustness and the study of hidden lesions share them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from skinnet.data.index import lesion_names
from skinnet.evaluation.bootstrap import bootstrap_weights, estimate, from_columns, to_columns
from skinnet.evaluation.classification import confusion_matrices, overall_values
from skinnet.evaluation.ranking import rank
from skinnet.evaluation.scored_cases import ScoredCases, by_lesion
from skinnet.evaluation.thresholds import threshold_values
from skinnet.inference.classifier import Classifier
from skinnet.labels import probability_columns
from skinnet.reporting.table import Table


def score_lesions(classifier: Classifier, table: pd.DataFrame, logits: np.ndarray) -> ScoredCases:
    """Calibrated probabilities by lesion, the means over its images.

    Args:
        table: rows of an index.
        logits: float (N, 7), one row for each of the table.
    """
    probabilities = pd.DataFrame(classifier.calibration.probabilities(logits), columns=probability_columns())
    return by_lesion(probabilities.assign(lesion_id=lesion_names(table).to_numpy(), dx=table["dx"].to_numpy()))


def lesion_metrics(classifier: Classifier, cases: ScoredCases, *, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Each metric for all lesions and for each bootstrap draw of them: (1 + draws,)."""
    weights = bootstrap_weights(cases, draws=draws, seed=seed)
    chosen = cases.balanced(classifier.decision.class_weights)
    verdict = threshold_values(cases, weights, classifier.decision.malignant_threshold)
    return {
        "balanced_accuracy": overall_values(confusion_matrices(cases.dx, chosen, weights))["balanced_accuracy"],
        "malignant_auroc": rank(cases.malignant, cases.p_malignant, weights).auroc(),
        "sensitivity": verdict["sensitivity"],
        "false_alarms": 1 - verdict["specificity"],
    }


def metric_columns(changed: dict[str, np.ndarray], intact: dict[str, np.ndarray]) -> dict[str, object]:
    """Columns of a row: each metric and its change from the intact image, with the ends of their 95 % intervals.

    Args:
        changed, intact: `lesion_metrics` of the same lesions, so that the draws are paired.
    """
    columns: dict[str, object] = {}
    for name, values in changed.items():
        columns |= to_columns({name: estimate(values), f"{name}_change": estimate(values - intact[name])})
    return columns


def counts(table: pd.DataFrame) -> dict[str, object]:
    """Columns of a row: the split of its images, and how many images and lesions there are."""
    splits = " ".join(sorted(table["split"].unique()))
    return {"split": splits, "images": len(table), "lesions": lesion_names(table).nunique()}


def cell(row: pd.Series, metric: str, *, intact: bool) -> str:
    """Format the metric itself for an intact image, its change otherwise."""
    return str(from_columns(row, metric)) if intact else from_columns(row, f"{metric}_change").signed()


def with_counts(table: Table, measured: pd.DataFrame) -> Table:
    """Add the split and the counts of the first row to the title of a table."""
    first = measured.iloc[0]
    n = f"n = {first['images']:,} images of {first['lesions']:,} lesions"
    return replace(table, title=f"{table.title} ({first['split']} split, {n})")
