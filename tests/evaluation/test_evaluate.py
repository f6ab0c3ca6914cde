from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd
import pytest

from skinnet.evaluation.evaluate import Metrics, evaluate, image_metrics
from skinnet.files import structured
from skinnet.inference.calibration import Decision, OperatingPoint

DECISION = Decision((1.5, 1.0, 1.0, 2.0, 1.0, 0.7, 1.0), (OperatingPoint("95", 0.95, 0.3),))


def test_both_units_and_rules_are_evaluated(predictions: pd.DataFrame) -> None:
    metrics = evaluate(predictions, decision=DECISION, draws=20)
    assert list(metrics) == ["lesion", "image"]
    lesions, images = metrics["lesion"], metrics["image"]
    assert (images.images, lesions.images) == (400, 400)
    assert images.lesions == lesions.lesions == lesions.n == predictions["lesion_id"].nunique()
    assert images.n == sum(images.support.values()) == 400
    right = (predictions[[f"p_{name}" for name in images.support]].to_numpy().argmax(axis=1)) == [
        list(images.support).index(dx) for dx in predictions["dx"]
    ]
    assert images.rules["displayed"].overall["accuracy"].value == pytest.approx(right.mean())
    hits = (predictions["diagnosis"] == predictions["dx"]).mean()  # made with the weights of DECISION
    assert images.rules["balanced"].overall["accuracy"].value == pytest.approx(hits)
    means = predictions.groupby("lesion_id")[["p_akiec", "p_bcc", "p_mel"]].mean().sum(axis=1)
    ill = predictions.groupby("lesion_id")["dx"].first().isin(["akiec", "bcc", "mel"])
    assert lesions.overall["sensitivity"].value == pytest.approx((means[ill] >= 0.3).mean())
    assert lesions.verdict.estimates["sensitivity"] == lesions.overall["sensitivity"]  # type: ignore[union-attr]


def test_every_interval_holds_its_value(predictions: pd.DataFrame) -> None:
    metrics = evaluate(predictions, decision=DECISION, draws=200)["lesion"]
    for estimate in [*metrics.overall.values(), *metrics.rules["balanced"].overall.values()]:
        assert estimate.low < estimate.value < estimate.high  # type: ignore[operator]


def test_without_rules_what_needs_them_is_undefined(predictions: pd.DataFrame) -> None:
    metrics = evaluate(predictions, decision=None, draws=0)["lesion"]
    assert list(metrics.rules) == ["displayed"]
    assert metrics.operating_points == []
    assert metrics.verdict is None
    assert metrics.overall["sensitivity"].value is None
    assert metrics.overall["malignant_auroc"].value is not None


def test_a_reader_sets_the_prevalence(predictions: pd.DataFrame) -> None:
    metrics = evaluate(predictions, decision=DECISION, prevalence=0.05, draws=0)["lesion"]
    shares = {here.name: here.prevalence for here in metrics.operating_points[0].prevalences}
    assert shares["the reader's"] == 0.05
    assert shares["skin clinic"] == 0.1
    assert metrics.decision_curve is not None
    assert metrics.decision_curve.prevalence == 0.05


def test_metrics_survive_a_file(predictions: pd.DataFrame) -> None:
    for table in (predictions.assign(sex="female"), predictions[predictions["dx"] == "nv"]):
        for metrics in evaluate(table, decision=DECISION, draws=5).values():
            text = json.dumps(asdict(metrics), allow_nan=False)
            assert structured(Metrics, json.loads(text)) == metrics


def test_training_chooses_by_the_same_metrics(predictions: pd.DataFrame) -> None:
    metrics = evaluate(predictions, decision=None, draws=0)["image"]
    measured = image_metrics(predictions)
    for name in ("macro_auroc", "malignant_auroc"):
        assert measured[name] == metrics.overall[name].value
    for name in ("accuracy", "balanced_accuracy"):
        assert measured[name] == metrics.rules["displayed"].overall[name].value


def test_two_thousand_draws_take_seconds(predictions: pd.DataFrame) -> None:
    several = [predictions.assign(lesion_id=predictions["lesion_id"] + str(copy)) for copy in range(5)]
    begin = time.process_time()
    evaluate(pd.concat(several), decision=DECISION, draws=2000)
    assert time.process_time() - begin < 10  # 5 on an idle core; the 2,004 images of the test split are as many


def leaves(content: Any) -> Iterator[object]:
    if isinstance(content, dict | list):
        for each in content.values() if isinstance(content, dict) else content:
            yield from leaves(each)
    else:
        yield content


def test_blocks_change_no_value(predictions: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    table = predictions.assign(sex=["male", "female"] * 200, age=50)
    whole = [asdict(each) for each in evaluate(table, decision=DECISION, draws=50).values()]
    for module in ("bootstrap", "calibration_metrics"):
        monkeypatch.setattr(f"skinnet.evaluation.{module}.BLOCK", 1700)  # four rows of weights
    blocks = [asdict(each) for each in evaluate(table, decision=DECISION, draws=50).values()]
    for found, expected in zip(leaves(blocks), leaves(whole), strict=True):
        assert found == (pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected)
