from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from skinnet.evaluation.classification import rule_metrics
from skinnet.evaluation.ranking import ranking_values
from skinnet.evaluation.scored_cases import by_image
from skinnet.labels import CLASSES, MALIGNANT_NUMBERS

WEIGHTS = (1.5, 1.0, 1.0, 2.0, 1.0, 0.7, 1.0)


@pytest.mark.parametrize("rule", ["displayed", "balanced"])
def test_metrics_of_a_rule_agree_with_scikit_learn(predictions: pd.DataFrame, rule: str) -> None:
    cases = by_image(predictions)
    chosen = cases.displayed if rule == "displayed" else cases.balanced(WEIGHTS)
    measured = rule_metrics(cases.dx, chosen, np.ones((1, len(cases.dx))))
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(cases.dx, chosen, zero_division=0)
    specificity = [oracle.recall_score(cases.dx != number, chosen != number) for number in range(7)]
    malignant = [np.isin(values, MALIGNANT_NUMBERS) for values in (cases.dx, chosen)]
    expected = {
        "accuracy": oracle.accuracy_score(cases.dx, chosen),
        "balanced_accuracy": oracle.balanced_accuracy_score(cases.dx, chosen),
        "macro_precision": precision.mean(),
        "macro_recall": recall.mean(),
        "macro_specificity": np.mean(specificity),
        "macro_f1": f1.mean(),
        "malignant_sensitivity": oracle.recall_score(*malignant),
        "malignant_specificity": oracle.recall_score(~malignant[0], ~malignant[1]),
        "melanoma_sensitivity": malignant[1][cases.dx == 4].mean(),
    }
    assert {name: estimate.value for name, estimate in measured.overall.items()} == pytest.approx(expected)
    for number, name in enumerate(CLASSES):
        got = [measured.per_class[name][metric].value for metric in ("precision", "recall", "specificity", "f1")]
        assert got == pytest.approx([precision[number], recall[number], specificity[number], f1[number]])
    assert measured.confusion == oracle.confusion_matrix(cases.dx, chosen).tolist()


def test_a_class_without_images_is_left_out_of_the_mean(predictions: pd.DataFrame) -> None:
    cases = by_image(predictions[predictions["dx"] == "nv"])
    ones = np.ones((1, len(cases.dx)))
    overall, _ = ranking_values(cases, ones)
    measured = rule_metrics(cases.dx, cases.displayed, ones)
    assert np.isnan(overall["malignant_auroc"][0])
    assert np.isnan(overall["macro_auroc"][0])
    assert measured.per_class["mel"]["recall"].value is None
    assert measured.overall["malignant_sensitivity"].value is None
    assert measured.overall["balanced_accuracy"].value == measured.per_class["nv"]["recall"].value
