"""A table of predictions as arrays, in the two units of every metric.

    cases = by_lesion(predictions)   # one row a lesion: the mean of its images' probabilities
    cases = by_image(predictions)

A table of predictions has a row for each image and the columns `lesion_id, dx, p_akiec .. p_vasc`. Optional are
`image_id` and facts about the patient and the lesion (`dx_type, age, sex, site, clinic`), which make the subgroups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from skinnet.errors import DataError, shortlist
from skinnet.inference.calibration import balanced_numbers, malignant_probability
from skinnet.labels import CLASS_NUMBERS, CLASSES, MALIGNANT_NUMBERS, probability_columns

MELANOMA = CLASS_NUMBERS["mel"]
FACTS = ("lesion_id", "dx_type", "age", "sex", "site", "clinic")
"""Columns that are carried along if the table has them."""


@dataclass(frozen=True)
class ScoredCases:
    """Predicted probabilities beside the true diagnoses; N counts lesions or images.

    Attributes:
        unit: "lesion" or "image".
        names: str (N,), lesion_id or image_id.
        dx: int (N,), the true diagnoses as positions in `CLASSES`.
        probabilities: float (N, 7).
        lesions: int (N,), the number of each row's lesion, from 0 on.
        images: int (N,), how many images each row stands for.
        facts: N rows; those of `FACTS` that the table had.
    """

    unit: str
    names: np.ndarray
    dx: np.ndarray
    probabilities: np.ndarray
    lesions: np.ndarray
    images: np.ndarray
    facts: pd.DataFrame

    @property
    def malignant(self) -> np.ndarray:
        """Whether each row is malignant or pre-malignant: bool (N,)."""
        return np.isin(self.dx, MALIGNANT_NUMBERS)

    @property
    def melanoma(self) -> np.ndarray:
        """Whether each row is a melanoma: bool (N,)."""
        return np.asarray(self.dx == MELANOMA)

    @property
    def p_malignant(self) -> np.ndarray:
        """The probability of a malignant or pre-malignant lesion: float (N,)."""
        return malignant_probability(self.probabilities)

    @property
    def displayed(self) -> np.ndarray:
        """The rule "as displayed": the class of the largest probability, int (N,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    def balanced(self, class_weights: tuple[float, ...]) -> np.ndarray:
        """The balanced rule: the class of the largest probability times its weight, int (N,)."""
        return balanced_numbers(self.probabilities, class_weights)

    def diagnoses(self, class_weights: tuple[float, ...] | None) -> dict[str, np.ndarray]:
        """The diagnoses by name of rule, int (N,) each; without class weights only those as displayed."""
        displayed = {"displayed": self.displayed}
        return displayed if class_weights is None else displayed | {"balanced": self.balanced(class_weights)}

    def only(self, chosen: np.ndarray) -> ScoredCases:
        """Select rows by bool (N,); lesions keep their numbers."""
        arrays = {name: getattr(self, name)[chosen] for name in ("names", "dx", "probabilities", "lesions", "images")}
        return replace(self, **arrays, facts=self.facts[chosen].reset_index(drop=True))


def by_image(predictions: pd.DataFrame) -> ScoredCases:
    """Arrange a table of predictions by image.

    Raises:
        DataError: if the table is empty, lacks a column, or has empty fields or unknown classes.
    """
    _check(predictions)
    table = predictions.reset_index(drop=True)
    return ScoredCases(
        unit="image",
        names=(table["image_id"] if "image_id" in table else table.index.to_series() + 1).astype(str).to_numpy(),
        dx=table["dx"].map(CLASS_NUMBERS).to_numpy(int),
        probabilities=table[probability_columns()].to_numpy(float),
        lesions=pd.factorize(table["lesion_id"])[0],
        images=np.ones(len(table), int),
        facts=table[[name for name in FACTS if name in table]],
    )


def by_lesion(predictions: pd.DataFrame) -> ScoredCases:
    """Arrange a table of predictions by lesion, in the order of their first images.

    A lesion's probabilities are the means over its images. A fact about it is the first one known from its images.

    Raises:
        DataError: as `by_image`, or if a lesion has two diagnoses.
    """
    images = by_image(predictions)
    rows = images.facts.assign(dx=images.dx).groupby(images.lesions)
    if (twice := rows["dx"].nunique() > 1).any():
        names = rows["lesion_id"].first()[twice].astype(str)
        raise DataError(f"Lesions with more than one diagnosis: {shortlist(names)}. Correct their rows or lesion ids.")
    facts = rows.first().drop(columns="dx")
    return ScoredCases(
        unit="lesion",
        names=facts["lesion_id"].astype(str).to_numpy(),
        dx=rows["dx"].first().to_numpy(int),
        probabilities=pd.DataFrame(images.probabilities).groupby(images.lesions).mean().to_numpy(),
        lesions=np.arange(len(facts)),
        images=rows.size().to_numpy(int),
        facts=facts,
    )


UNITS = {"lesion": by_lesion, "image": by_image}
"""How to arrange a table in each unit, the primary one first."""


def lesion_weights(lesions: np.ndarray) -> np.ndarray:
    """Weigh images so that those of one lesion sum to one: (N,) names of lesions -> float (N,)."""
    _, inverse, counts = np.unique(lesions, return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[inverse])


def _check(predictions: pd.DataFrame) -> None:
    needed = ["lesion_id", "dx", *probability_columns()]
    if missing := [column for column in needed if column not in predictions]:
        raise DataError(f"The predictions lack the column {missing[0]}.")
    if predictions.empty:
        raise DataError("The predictions have no rows: is the split the right one?")
    if not predictions["dx"].isin(CLASSES).all() or predictions[needed].isna().any(axis=None):
        raise DataError("The predictions have empty fields or unknown classes: predict again.")
    probabilities = predictions[probability_columns()]
    numbers = all(map(is_numeric_dtype, probabilities.dtypes))
    if not numbers or probabilities.lt(0).any(axis=None) or probabilities.gt(1).any(axis=None):
        raise DataError("The predictions have something else than probabilities from 0 to 1: predict again.")
