from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from skinnet.evaluation.classification import rule_metrics
from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import by_image
from skinnet.labels import CLASSES, MALIGNANT, MALIGNANT_NUMBERS

WEIGHTS = (1.5, 1.0, 1.0, 2.0, 1.0, 0.7, 1.0)


@pytest.mark.parametrize("rule", ["displayed", "balanced"])
def test_figures_of_a_rule_agree_with_scikit_learn(predictions: pd.DataFrame, rule: str) -> None:
    cases = by_image(predictions)
    chosen = cases.displayed if rule == "displayed" else cases.balanced(WEIGHTS)
    made = rule_metrics(cases.dx, chosen, np.ones((1, len(cases.dx))))
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(cases.dx, chosen, zero_division=0)
    specificity = [oracle.recall_score(cases.dx != number, chosen != number) for number in range(7)]
    ill = [np.isin(values, MALIGNANT_NUMBERS) for values in (cases.dx, chosen)]
    expected = {
        "accuracy": oracle.accuracy_score(cases.dx, chosen),
        "balanced_accuracy": oracle.balanced_accuracy_score(cases.dx, chosen),
        "macro_precision": precision.mean(),
        "macro_recall": recall.mean(),
        "macro_specificity": np.mean(specificity),
        "macro_f1": f1.mean(),
        "malignant_sensitivity": oracle.recall_score(*ill),
        "malignant_specificity": oracle.recall_score(~ill[0], ~ill[1]),
        "melanoma_sensitivity": ill[1][cases.dx == 4].mean(),
    }
    assert {name: estimate.value for name, estimate in made.overall.items()} == pytest.approx(expected)
    for number, name in enumerate(CLASSES):
        got = [made.per_class[name][metric].value for metric in ("precision", "recall", "specificity", "f1")]
        assert got == pytest.approx([precision[number], recall[number], specificity[number], f1[number]])
    assert made.confusion == oracle.confusion_matrix(cases.dx, chosen).tolist()


def test_figures_of_the_scores_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
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


def test_a_class_without_images_is_left_out_of_the_mean(predictions: pd.DataFrame) -> None:
    cases = by_image(predictions[predictions["dx"] == "nv"])
    ones = np.ones((1, len(cases.dx)))
    overall, _ = ranking_values(cases, ones)
    made = rule_metrics(cases.dx, cases.displayed, ones)
    assert np.isnan(overall["malignant_auroc"][0])
    assert np.isnan(overall["macro_auroc"][0])
    assert made.per_class["mel"]["recall"].value is None
    assert made.overall["malignant_sensitivity"].value is None
    assert made.overall["balanced_accuracy"].value == made.per_class["nv"]["recall"].value
