"""Measure whether age, sex and site improve on a checkpoint's logits, on its validation predictions.

    python benchmarks/age_sex_site.py

A logistic regression is fitted on the logits, on age, sex and site, and on both, and evaluated on held-out lesions
(five folds, five times). It needs no images, only a checkpoint's predictions.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))  # the project's folder, wherever this is run from

from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import by_image
from skinnet.inference.predictions import LOGIT_COLUMNS, load_predictions
from skinnet.labels import probability_columns

CHECKPOINT = PROJECT / "checkpoints" / "committee"
METRICS = ("macro_auroc", "malignant_auroc", "melanoma_auroc")
FOLDS = 5
REPEATS = 5
MEAN_AGE = 50.0
SPREAD = 20.0


def patient_features(rows: pd.DataFrame) -> np.ndarray:
    """Age and its square, sex and site one-hot: float (N, D)."""
    age = (rows["age"].fillna(MEAN_AGE).to_numpy() - MEAN_AGE) / SPREAD
    one_hot = [pd.get_dummies(rows[name].fillna("unknown")).to_numpy(float) for name in ("sex", "site")]
    return np.column_stack([age, age**2, *one_hot])


def cross_validated(rows: pd.DataFrame, inputs: np.ndarray, *, seed: int) -> list[float]:
    """The metrics of one round of cross-validation."""
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    model = LogisticRegression(C=0.1, max_iter=2000)
    probabilities = cross_val_predict(
        model, inputs, rows["dx"], groups=rows["lesion_id"], cv=folds, method="predict_proba"
    )
    cases = by_image(rows.assign(**dict(zip(probability_columns(), probabilities.T, strict=True))))
    overall, _ = ranking_values(cases, np.ones((1, len(rows))))
    return [float(overall[name][0]) for name in METRICS]


def main() -> None:
    table = load_predictions(CHECKPOINT / "predictions.csv")
    rows = table[table["split"] == "val"].reset_index(drop=True)
    logits, patient = rows[LOGIT_COLUMNS].to_numpy(), patient_features(rows)
    print(f"Validation, n = {len(rows)} images of {rows['lesion_id'].nunique()} lesions")
    for name, inputs in {"logits": logits, "age, sex, site": patient, "both": np.hstack([logits, patient])}.items():
        values = np.mean([cross_validated(rows, inputs, seed=seed) for seed in range(REPEATS)], axis=0)
        print(name, *(f"{metric} {value:.3f}" for metric, value in zip(METRICS, values, strict=True)))


if __name__ == "__main__":
    main()
