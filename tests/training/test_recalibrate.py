from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from skinnet.checkpoint import FittedOn, load_config
from skinnet.errors import DataError
from skinnet.inference.calibration import Calibration
from skinnet.labels import CLASSES, probability_columns
from skinnet.training.recalibrate import compose, recalibrate

ILL = np.array([1, 1, 0, 0, 1, 0, 0])


def clinic(temperature: float, shift: float, number: int = 8000) -> pd.DataFrame:
    """Cases whose right probabilities are the given ones to the power 1 / temperature, (pre)malignant ones shifted."""
    rng = np.random.default_rng(0)
    given = softmax(rng.normal(scale=2, size=(number, 7)), axis=1)
    right = softmax(np.log(given) / temperature + shift * ILL, axis=1)
    dx = (right.cumsum(axis=1) > rng.random((number, 1))).argmax(axis=1)
    table = pd.DataFrame(given, columns=probability_columns())
    return table.assign(dx=np.array(CLASSES)[dx], image_id=range(number), lesion_id=range(number))


@pytest.mark.parametrize(("temperature", "shift"), [(1.0, 0.0), (1.6, -1.2), (0.8, 0.7)])
def test_a_known_temperature_and_shift_are_recovered(temperature: float, shift: float) -> None:
    table = clinic(temperature, shift)
    found = recalibrate(table)
    assert found.calibration.temperature == pytest.approx(temperature, rel=0.05)
    assert found.calibration.prior_shift == pytest.approx(tuple(shift * ILL), abs=0.1)
    new = found.apply(table)
    score, ill = new[["p_akiec", "p_bcc", "p_mel"]].sum(axis=1), table["dx"].isin(["akiec", "bcc", "mel"])
    assert score.mean() == pytest.approx(ill.mean(), abs=0.01)
    assert (score[ill] >= found.decision.malignant_threshold).mean() == pytest.approx(0.95, abs=0.001)
    assert found.malignant == ill.sum()


def test_what_is_written_are_the_keys_of_a_config() -> None:
    saved = recalibrate(clinic(1.2, 0.1, number=500)).as_json()
    assert set(saved) == {"lesions", "malignant", "temperature", "prior_shift", "class_weights", "operating_points"}
    assert saved["lesions"] == 500


def test_too_few_lesions_are_refused() -> None:
    table = clinic(1.0, 0.0, number=500)
    with pytest.raises(DataError, match="benign lesions are too few to refit on"):
        recalibrate(table[table["dx"] == "nv"])


def test_two_calibrations_make_one() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(50, 7))
    first = Calibration(1.3, tuple(rng.normal(size=7)))
    then = Calibration(0.7, tuple(rng.normal(size=7)))
    twice = then.probabilities(np.log(first.probabilities(logits)))
    assert compose(first, then).probabilities(logits) == pytest.approx(twice)


def test_a_checkpoint_s_config_gets_the_new_values_and_keeps_the_others(shipped: Path) -> None:
    found = recalibrate(clinic(1.6, -0.5, number=500))
    before = replace(load_config(shipped), temperature=2.0, prior_shift=(0.1,) * 7)
    config = found.for_checkpoint(before)
    assert config.rules_from == FittedOn("recalibration.json", found.lesions, found.malignant)
    assert config.network == before.network
    assert config.temperature == pytest.approx(2.0 * found.calibration.temperature)
    assert config.operating_points[0].threshold == found.decision.malignant_threshold
