from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from skinnet.errors import DataError
from skinnet.evaluate import Truth, auroc, average_precision, evaluate, lesion_weights, probability_columns
from skinnet.labels import CLASSES, MALIGNANT


def test_overall_metrics_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    truth, diagnosis = predictions["dx"], predictions["diagnosis"]
    probabilities = predictions[probability_columns()].to_numpy()
    largest = np.array(CLASSES)[probabilities.argmax(axis=1)]
    malignant = truth.isin(MALIGNANT)
    score = predictions[[f"p_{name}" for name in MALIGNANT]].sum(axis=1)
    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(truth, diagnosis, average="macro")
    expected = {
        "accuracy": oracle.accuracy_score(truth, diagnosis),
        "balanced_accuracy": oracle.balanced_accuracy_score(truth, diagnosis),
        "macro_precision": precision,
        "macro_recall": recall,
        "macro_f1": f1,
        "malignant_auroc": oracle.roc_auc_score(malignant, score),
        "malignant_average_precision": oracle.average_precision_score(malignant, score),
        "malignant_brier": oracle.brier_score_loss(malignant, score.clip(0, 1)),
        "accuracy_displayed": oracle.accuracy_score(truth, largest),
        "balanced_accuracy_displayed": oracle.balanced_accuracy_score(truth, largest),
        "sensitivity": oracle.recall_score(malignant, score >= 0.3),
        "specificity": oracle.recall_score(~malignant, score < 0.3),
    }
    measured = evaluate(predictions, threshold=0.3, bootstraps=0).overall
    for name, value in expected.items():
        assert measured[name].value == pytest.approx(value, abs=1e-9), name
    macro = oracle.roc_auc_score(truth, shares, multi_class="ovr", labels=list(CLASSES))
    assert measured["macro_auroc"].value == pytest.approx(macro, abs=2e-3)  # the oracle wants exact sums of one


def test_class_metrics_and_confusion_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    measured = evaluate(predictions, threshold=0.3, bootstraps=0)
    precision, recall, f1, support = oracle.precision_recall_fscore_support(
        predictions["dx"], predictions["diagnosis"], labels=list(CLASSES)
    )
    for number, name in enumerate(CLASSES):
        values = measured.per_class[name]
        area = oracle.roc_auc_score(predictions["dx"] == name, predictions[f"p_{name}"])
        got = [values[metric].value for metric in ("precision", "recall", "f1", "auroc")]
        assert got == pytest.approx([precision[number], recall[number], f1[number], area], abs=1e-9)
        assert measured.support[name] == support[number]
    matrix = oracle.confusion_matrix(predictions["dx"], predictions["diagnosis"], labels=list(CLASSES))
    assert measured.confusion == matrix.tolist()


def test_weights_count_like_repeated_images(predictions: pd.DataFrame) -> None:
    truth = Truth.of(predictions, threshold=0.3)
    weights = lesion_weights(truth.lesions, 3, seed=1)
    for row in weights:
        again = np.repeat(np.arange(len(truth.dx)), row.astype(int))
        for ours, theirs in [(auroc, oracle.roc_auc_score), (average_precision, oracle.average_precision_score)]:
            expected = theirs(truth.malignant[again], truth.p_malignant[again])
            assert ours(truth.malignant, truth.p_malignant, row[None])[0] == pytest.approx(expected, abs=1e-9)


def test_a_bootstrap_draws_whole_lesions(predictions: pd.DataFrame) -> None:
    truth = Truth.of(predictions, threshold=0.3)
    weights = lesion_weights(truth.lesions, 50, seed=0)
    for lesion in range(truth.lesions.max() + 1):
        members = weights[:, truth.lesions == lesion]
        assert (members == members[:, :1]).all()


def test_intervals_hold_the_value_and_narrow_with_more_lesions(predictions: pd.DataFrame) -> None:
    few = evaluate(predictions[:100], threshold=0.3).overall["accuracy"]
    many = evaluate(predictions, threshold=0.3).overall["accuracy"]
    for estimate in (few, many):
        assert estimate.low is not None
        assert estimate.value is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
    assert many.high - many.low < 0.7 * (few.high - few.low)  # type: ignore[operator]
    standard_error = np.sqrt(many.value * (1 - many.value) / 400)  # type: ignore[operator]
    assert many.high - many.low == pytest.approx(2 * 1.96 * standard_error, rel=0.35)  # type: ignore[operator]


def test_specificity_at_a_sensitivity_is_read_off_the_curve(predictions: pd.DataFrame) -> None:
    truth = Truth.of(predictions, threshold=0.3)
    false, true, _ = oracle.roc_curve(truth.malignant, truth.p_malignant, drop_intermediate=False)
    measured = evaluate(predictions, threshold=0.3, bootstraps=0).overall["specificity_at_95"].value
    assert measured == pytest.approx(1 - false[true >= 0.95].min(), abs=1e-9)


def test_what_is_undefined_is_none(predictions: pd.DataFrame) -> None:
    only_moles = predictions[predictions["dx"] == "nv"]
    measured = evaluate(only_moles, threshold=0.3, bootstraps=20)
    assert measured.overall["malignant_auroc"].value is None
    assert measured.overall["sensitivity"].value is None
    assert measured.overall["specificity_at_95"].value is None
    assert measured.per_class["mel"]["recall"].value is None
    assert str(measured.overall["malignant_auroc"]) == "n/a"
    assert measured.overall["accuracy"].value is not None


def test_tables_that_do_not_fit_are_refused(predictions: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="lack the column p_mel"):
        evaluate(predictions.drop(columns="p_mel"), threshold=0.3)
    with pytest.raises(DataError, match="have empty fields or unknown classes"):
        evaluate(predictions.assign(diagnosis=None), threshold=0.3)
    with pytest.raises(DataError, match="have no rows"):
        evaluate(predictions[:0], threshold=0.3)
