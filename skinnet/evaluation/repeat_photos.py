"""How much the score differs between photos of one lesion: the yardstick for a change over time.

    scatter = repeat_scatter(predictions[predictions["split"] == "test"])
    scatter.log_odds    # 95 of 100 pairs of photos of one lesion differ by at most this much

The photos of such a pair may differ in magnification, light and date, so the scatter includes some true change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from skinnet.evaluation.scored_cases import by_image

SHARE = 95
"""Percent of the pairs that lie within the range."""
CLIP = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their log odds are finite."""


@dataclass(frozen=True)
class Scatter:
    """The differences of the score between photos of one lesion.

    Attributes:
        pairs, lesions: how many pairs of photos, of how many lesions.
        log_odds: `SHARE` percent of the pairs differ by at most this much in the log odds of p_malignant; None without
            a pair.
    """

    pairs: int
    lesions: int
    log_odds: float | None


def repeat_scatter(predictions: pd.DataFrame) -> Scatter:
    """Measure the scatter on every pair of photos of one lesion.

    Args:
        predictions: see `scored_cases`; all its lesions count, those with one photo give no pair.

    Raises:
        DataError: if the table is empty, lacks a column, or has empty fields or unknown classes.
    """
    cases = by_image(predictions)
    odds = logit(cases.p_malignant.clip(CLIP, 1 - CLIP))
    photos = pd.DataFrame({"photo": range(len(odds)), "lesion": cases.lesions, "odds": odds})
    pairs = photos.merge(photos, on="lesion").query("photo_x < photo_y")
    differences = (pairs["odds_x"] - pairs["odds_y"]).abs()
    widest = float(np.percentile(differences, SHARE)) if len(pairs) else None
    return Scatter(len(pairs), pairs["lesion"].nunique(), widest)
