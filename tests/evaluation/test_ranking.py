from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from skinnet.evaluation.bootstrap import draw_weights
from skinnet.evaluation.ranking import rank, ranking_values
from skinnet.evaluation.scored_cases import ScoredCases, by_image
from skinnet.labels import MALIGNANT


@pytest.fixture
def cases(predictions: pd.DataFrame) -> ScoredCases:
    return by_image(predictions)


def test_weights_count_like_repeated_images(cases: ScoredCases) -> None:
    scores = cases.p_malignant.round(2)  # with ties
    weights = draw_weights(cases, draws=3, seed=1)
    ranking = rank(cases.malignant, scores, weights)
    for row, area, precision, found in zip(
        weights, ranking.auroc(), ranking.average_precision(), ranking.specificity_at(0.95), strict=True
    ):
        again = np.repeat(np.arange(len(scores)), row.astype(int))
        assert area == pytest.approx(oracle.roc_auc_score(cases.malignant[again], scores[again]))
        assert precision == pytest.approx(oracle.average_precision_score(cases.malignant[again], scores[again]))
        false, true, _ = oracle.roc_curve(cases.malignant[again], scores[again], drop_intermediate=False)
        assert found == pytest.approx(1 - false[true >= 0.95 - 1e-9].min())


def test_a_ranking_of_one_class_is_undefined(cases: ScoredCases) -> None:
    ones = np.ones((1, len(cases.dx)))
    nobody = rank(np.zeros(len(cases.dx), bool), cases.p_malignant, ones)
    everybody = rank(np.ones(len(cases.dx), bool), cases.p_malignant, ones)
    assert np.isnan(nobody.auroc()[0])
    assert np.isnan(everybody.auroc()[0])
    assert np.isnan(nobody.average_precision()[0])
    assert np.isnan(nobody.specificity_at(0.9)[0])
    assert np.isnan(everybody.specificity_at(0.9)[0])


def test_metrics_of_the_scores_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    cases = by_image(predictions)
    overall, columns = ranking_values(cases, np.ones((1, len(cases.dx))))
    areas = [oracle.roc_auc_score(cases.dx == n, cases.probabilities[:, n]) for n in range(7)]
    precisions = [oracle.average_precision_score(cases.dx == n, cases.probabilities[:, n]) for n in range(7)]
    assert columns["auroc"][0] == pytest.approx(areas)
    assert columns["average_precision"][0] == pytest.approx(precisions)
    malignant = predictions["dx"].isin(MALIGNANT)
    assert overall["macro_auroc"][0] == pytest.approx(np.mean(areas))
    assert overall["melanoma_average_precision"][0] == pytest.approx(precisions[4])
    assert overall["malignant_auroc"][0] == pytest.approx(oracle.roc_auc_score(malignant, cases.p_malignant))
