"""The data of the operating-point explorer (`js/explorer.js`): every test lesion's score and whether it was malignant.

value = explorer(sets)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skinnet.checkpoint import VERDICT
from skinnet.evaluation.thresholds import PREVALENCES
from skinnet.reporting.results.measured import DataSet

DECIMALS = 7
"""Of the scores, which were published with six."""
MOST_LESIONS = 50_000
"""More would not redraw within a tenth of a second."""


def explorer(sets: Sequence[DataSet]) -> dict[str, Any] | None:
    """Collect the scores of all data sets, highest first, and the thresholds and prevalences that have a button.

    Returns:
        None where there is no threshold to explore.
    """
    if not all(data.has_both and data.lesions.n <= MOST_LESIONS for data in sets):
        return None
    points = sorted(sets[0].lesions.operating_points, key=lambda point: point.name != VERDICT)
    return {
        "sets": [_scores(data) for data in sets],
        "thresholds": [{"threshold": each.threshold, "target": each.target} for each in points],
        "prevalences": [{"name": name, "share": share} for name, share in PREVALENCES.items()],
    }


def _scores(data: DataSet) -> dict[str, Any]:
    scores = data.cases.p_malignant
    order = np.argsort(-scores, kind="stable")
    return {
        "title": data.title,
        "scores": scores[order].round(DECIMALS).tolist(),
        "malignant": data.cases.malignant[order].astype(int).tolist(),
    }
