from __future__ import annotations

from itertools import combinations
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.checkpoint import PREDICTIONS
from skinnet.evaluation.repeat_photos import Scatter, repeat_scatter
from skinnet.inference.predictions import load_predictions
from skinnet.labels import probability_columns


def photos(scores: dict[str, list[float]]) -> pd.DataFrame:
    """Photos of lesions with these scores, all of them melanoma's."""
    rows = [
        dict.fromkeys(probability_columns(), 0.0)
        | {"lesion_id": lesion, "dx": "mel", "p_mel": score, "p_nv": 1 - score}
        for lesion, all_scores in scores.items()
        for score in all_scores
    ]
    return pd.DataFrame(rows)


def test_the_scatter_is_that_of_the_pairs_of_one_lesion_in_log_odds() -> None:
    scatter = repeat_scatter(photos({"a": [0.5, 0.8], "b": [0.1, 0.1, 0.5], "c": [0.999]}))
    differences = [log(4), 0, log(9), log(9)]
    assert scatter == Scatter(4, 2, pytest.approx(np.percentile(differences, 95)))


def test_without_repeat_photos_there_is_no_scatter() -> None:
    assert repeat_scatter(photos({"a": [0.5], "b": [0.1]})) == Scatter(0, 0, None)


def test_the_shipped_predictions_give_what_a_plain_loop_over_their_lesions_gives(shipped: Path) -> None:
    predictions = load_predictions(shipped / PREDICTIONS)
    test = predictions[predictions["split"] == "test"]
    differences, lesions = [], 0
    for _, scores in test.groupby("lesion_id")["p_malignant"]:
        pairs = list(combinations(np.log(scores / (1 - scores)), 2))
        differences += [abs(first - second) for first, second in pairs]
        lesions += bool(pairs)
    scatter = repeat_scatter(test)
    assert (scatter.pairs, scatter.lesions) == (len(differences), lesions)
    assert scatter.log_odds == pytest.approx(np.percentile(differences, 95), abs=1e-3)
    assert scatter.pairs > 500
