from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from skinnet.files import structured
from skinnet.inference.calibration import Calibration, Decision
from skinnet.labels import CLASSES
from skinnet.training.fit_calibration import fit_decision, fit_temperature, sampling_shift

COUNTS = np.array([228, 358, 769, 81, 780, 4693, 100])


def draw(temperature: float, power: float, number: int = 60_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that is over-confident by `temperature` and was trained on class-balanced draws, with
    diagnoses that come in the true shares."""
    rng = np.random.default_rng(0)
    evidence = rng.normal(scale=1.5, size=(number, 7))  # log odds under the drawn shares
    under_true = evidence + sampling_shift(COUNTS, sampling_power=power)
    probabilities = np.exp(under_true) / np.exp(under_true).sum(axis=1, keepdims=True)
    dx = (probabilities.cumsum(axis=1) > rng.random((number, 1))).argmax(axis=1)
    return evidence * temperature, dx


@pytest.mark.parametrize(("temperature", "power"), [(2.0, 0.5), (0.7, 0.5), (1.5, 0.0)])
def test_a_known_temperature_is_recovered(temperature: float, power: float) -> None:
    logits, dx = draw(temperature, power)
    calibration = fit_temperature(logits, dx, prior_shift=sampling_shift(COUNTS, sampling_power=power))
    assert calibration.temperature == pytest.approx(temperature, rel=0.03)
    probabilities = calibration.probabilities(logits)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert probabilities.mean(axis=0) == pytest.approx(np.bincount(dx, minlength=7) / len(dx), abs=0.01)


def test_plain_sampling_needs_no_shift() -> None:
    assert sampling_shift(COUNTS, sampling_power=0.0) == pytest.approx(0)
    assert sampling_shift(COUNTS, sampling_power=1.0) == pytest.approx(np.log(7 * COUNTS / COUNTS.sum()))


def test_the_shift_undoes_the_drawing_of_sources_too() -> None:
    """Draw as training does, and compare the classes' shares in the draws with those that the shift assumes."""
    rng = np.random.default_rng(0)
    counts = np.array([[300, 500, 900, 100, 1000, 5000, 150], [0, 0, 300, 0, 400, 1200, 0]])
    classes = np.concatenate([np.repeat(np.arange(7), row) for row in counts])
    sources = np.repeat([0, 1], counts.sum(axis=1))
    weights = counts.sum(axis=0)[classes] ** -0.5 * counts.sum(axis=1)[sources] ** -0.7
    drawn = rng.choice(classes, 400_000, p=weights / weights.sum())
    expected = counts.sum(axis=0) / counts.sum() * np.exp(-sampling_shift(counts, sampling_power=0.5, source_power=0.7))
    assert np.bincount(drawn) / len(drawn) == pytest.approx(expected / expected.sum(), rel=0.03)
    assert sampling_shift(counts, sampling_power=0.5) == pytest.approx(
        sampling_shift(counts.sum(axis=0), sampling_power=0.5)
    )


def test_the_balanced_rule_gives_rare_classes_a_say() -> None:
    rng = np.random.default_rng(1)
    dx = rng.choice(7, size=5000, p=COUNTS / COUNTS.sum())
    logits = rng.normal(size=(5000, 7)) + 2.0 * np.eye(7)[dx]
    probabilities = Calibration(1.0, tuple(np.log(COUNTS / COUNTS.sum()))).probabilities(logits)
    decision = fit_decision(probabilities, dx, class_counts=COUNTS)

    def balanced_accuracy(chosen: np.ndarray) -> float:
        return float(np.mean([(chosen[dx == number] == number).mean() for number in range(7)]))

    diagnoses = np.array([CLASSES.index(name) for name in decision.diagnoses(probabilities)])
    assert decision.class_weights[3] > decision.class_weights[5] > 0
    assert balanced_accuracy(diagnoses) > balanced_accuracy(probabilities.argmax(axis=1)) + 0.1


def test_the_threshold_finds_95_percent_of_the_malignant() -> None:
    rng = np.random.default_rng(2)
    dx = rng.integers(0, 7, 2000)
    probabilities = rng.dirichlet(np.ones(7), 2000)
    decision = fit_decision(probabilities, dx, class_counts=COUNTS)
    malignant = np.isin(dx, [0, 1, 4])
    scores = probabilities[malignant][:, [0, 1, 4]].sum(axis=1)
    assert 0.95 <= (scores >= decision.malignant_threshold).mean() < 0.952
    by_name = {point.name: point for point in decision.operating_points}
    assert by_name["95"].threshold == decision.malignant_threshold
    assert 0.975 <= (scores >= by_name["97.5"].threshold).mean() < 0.977
    rounded = probabilities.round(6)[malignant][:, [0, 1, 4]].sum(axis=1)
    assert ((rounded >= decision.malignant_threshold) == (scores >= decision.malignant_threshold)).all()


def test_with_lesion_ids_the_rules_are_fitted_on_the_means_of_lesions() -> None:
    rng = np.random.default_rng(3)
    dx = np.repeat(rng.integers(0, 7, 500), 2)
    probabilities = rng.dirichlet(np.ones(7), 1000)
    lesions = np.repeat([f"L{number}" for number in range(500)], 2)
    fitted = fit_decision(probabilities, dx, class_counts=COUNTS, lesions=lesions)
    means = probabilities.reshape(500, 2, 7).mean(axis=1)
    scores = means[np.isin(dx[::2], [0, 1, 4])][:, [0, 1, 4]].sum(axis=1)
    assert 0.95 <= (scores >= fitted.malignant_threshold).mean() < 0.955


def test_with_lesion_ids_the_means_of_lesions_are_calibrated() -> None:
    """Two noisy photos of a lesion: each is rightly unsure, so their mean is too unsure, and must be sharpened."""
    rng = np.random.default_rng(4)
    dx = np.repeat(rng.integers(0, 7, 4000), 2)
    logits = 2 * np.eye(7)[dx] + rng.normal(size=(8000, 7)) * np.sqrt(2)  # the log odds of these photos are logits
    lesions = np.repeat(np.arange(4000), 2)

    def loss(temperature: float) -> float:
        means = Calibration(temperature, (0.0,) * 7).probabilities(logits).reshape(-1, 2, 7).mean(axis=1)
        return float(-np.log(means[np.arange(4000), dx[::2]]).mean())

    by_image = fit_temperature(logits, dx, prior_shift=np.zeros(7)).temperature
    by_lesion = fit_temperature(logits, dx, prior_shift=np.zeros(7), lesions=lesions).temperature
    assert by_image == pytest.approx(1, abs=0.05)
    assert by_lesion < 0.9
    assert loss(by_lesion) < min(loss(by_lesion * 0.95), loss(by_lesion * 1.05), loss(by_image))


def test_a_decision_survives_a_config_file() -> None:
    rng = np.random.default_rng(4)
    decision = fit_decision(rng.dirichlet(np.ones(7), 300), rng.integers(0, 7, 300), class_counts=COUNTS)
    assert structured(Decision, json.loads(json.dumps(asdict(decision)))) == decision
    with pytest.raises(ValueError, match="not one operating point is named 95"):
        structured(Decision, {"class_weights": [1] * 7, "operating_points": []})
