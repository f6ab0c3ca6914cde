from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinnet.errors import DataError
from skinnet.evaluation.scored_cases import by_image, by_lesion, lesion_weights
from skinnet.labels import probability_columns


def test_a_lesion_has_the_mean_of_its_images(predictions: pd.DataFrame) -> None:
    lesions = by_lesion(predictions)
    expected = predictions.groupby("lesion_id", sort=False)[probability_columns()].mean()
    assert list(lesions.names) == list(expected.index)
    assert lesions.probabilities == pytest.approx(expected.to_numpy())
    assert lesions.images.sum() == len(predictions)
    assert by_image(predictions).p_malignant == pytest.approx(predictions[["p_akiec", "p_bcc", "p_mel"]].sum(axis=1))


def test_a_fact_of_a_lesion_is_the_first_known_one(predictions: pd.DataFrame) -> None:
    twice = predictions[predictions["lesion_id"].duplicated(keep=False)]["lesion_id"].iloc[0]
    rows = predictions[predictions["lesion_id"] == twice].head(2)
    assert by_lesion(rows.assign(sex=[None, "female"])).facts["sex"].tolist() == ["female"]


def test_a_lesion_with_two_diagnoses_is_refused(predictions: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="Lesions with more than one diagnosis: A"):
        by_lesion(predictions[:2].assign(lesion_id="A", dx=["nv", "mel"]))


def test_tables_that_do_not_fit_are_refused(predictions: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="lack the column p_mel"):
        by_image(predictions.drop(columns="p_mel"))
    with pytest.raises(DataError, match="have empty fields or unknown classes"):
        by_image(predictions.assign(dx=None))
    with pytest.raises(DataError, match="have no rows"):
        by_image(predictions[:0])


def test_images_of_one_lesion_share_its_weight() -> None:
    weights = lesion_weights(np.array(["a", "b", "a", "a"]))
    assert weights == pytest.approx([1 / 3, 1, 1 / 3, 1 / 3])


@pytest.mark.parametrize("value", ["high", -0.1, 1.5, np.inf])
def test_what_is_no_probability_is_refused(value: object, predictions: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="something else than probabilities from 0 to 1"):
        by_image(predictions.assign(p_mel=value))
