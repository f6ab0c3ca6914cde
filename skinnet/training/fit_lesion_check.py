"""Fit the gate's check for a lesion: a logistic regression on the features that the gate takes anyway.

    weights = fit_lesion_check(with_lesion, without_lesion)  # float32 (D + 1,), for `Gate.lesion_scores`

Whole photos show a lesion, their lesion-free corners do not. Both corners and equal crops around the lesion are given
enlarged and mirrored, so that neither enlargement nor a mirror's seam tells the two apart.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

STRENGTH = 0.1
"""Inverse of the penalty, `C` of scikit-learn."""


def fit_lesion_check(with_lesion: np.ndarray, without_lesion: np.ndarray) -> np.ndarray:
    """Fit weights of the features (D,) and a constant, float32 (D + 1,); scores above 0 mean a lesion.

    Args:
        with_lesion, without_lesion: float32 (N, D) and (M, D). Both sides have the same weight, whatever N and M.
    """
    features = np.concatenate([with_lesion, without_lesion])
    labels = np.repeat([1, 0], [len(with_lesion), len(without_lesion)])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000))
    scaler, regression = (step for _, step in model.fit(features, labels).steps)
    weights = regression.coef_[0] / scaler.scale_
    return np.append(weights, regression.intercept_[0] - scaler.mean_ @ weights).astype(np.float32)
