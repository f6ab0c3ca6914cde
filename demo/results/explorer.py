"""The data of the operating-point explorer (`js/explorer.js`): every test lesion's score and whether it was malignant.

value = explorer(sets, site.config)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from demo.results.measured import DataSet
from skinnet.checkpoint import VERDICT, Config
from skinnet.evaluation.thresholds import PREVALENCES

DECIMALS = 7
"""Of the scores, which were published with six."""


def explorer(sets: Sequence[DataSet], config: Config) -> dict[str, Any]:
    """Collect the scores of all data sets, highest first, and the thresholds and prevalences that have a button."""
    points = sorted(config.operating_points, key=lambda point: point.name != VERDICT)
    return {
        "sets": [_scores(data) for data in sets],
        "thresholds": [{"threshold": each.threshold, "target": each.sensitivity} for each in points],
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
