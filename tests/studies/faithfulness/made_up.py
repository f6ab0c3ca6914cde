"""Measurements made up for the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from skinnet.explain.heatmaps import OFFERED
from skinnet.labels import CLASSES
from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.photo_rows import CROPPED, WHOLE
from skinnet.studies.faithfulness.summary import MEASURES

LESIONS = 12


def made_up(leads: dict[str, float], likeness: dict[str, float]) -> Measured:
    """Every method leads the blob by so much in each diagnosis, give or take."""
    rng = np.random.default_rng(0)
    rows, curves = [], []
    for method in OFFERED:
        for dx in CLASSES:
            for lesion in range(LESIONS):
                about: dict[str, Any] = {"image_id": f"{dx}{lesion}", "lesion": f"L{dx}{lesion}", "dx": dx}
                about |= {"method": method, "offset": lesion / LESIONS, "diagnosis": dx}
                values = dict.fromkeys(MEASURES, -0.5) | {"likeness": likeness.get(method, 0.1)}
                values["energy_over_matched"] = leads.get(method, -0.1) + rng.normal(scale=0.01)
                rows += [about | {"framing": framing} | values for framing in (WHOLE, CROPPED)]
                curves.append(about | {"insertion": 0.6, "deletion": 0.2})
    for rival, insertion, deletion in (("blob", 0.5, 0.3), ("random", 0.4, 0.5)):
        curves += [each | {"method": rival, "insertion": insertion, "deletion": deletion} for each in curves[:84]]
    pairs = pd.DataFrame({"first": ["a"] * 3 + ["a"] * 3, "second": ["b"] * 3 + ["c"] * 3})
    pairs["correlation"] = [0.9995, 1, 0.2, 0.9, 0.9, 1]
    cascade = [
        {"layers": layers, "method": method, "photo": photo, "similarity": 0.9 if method == "eigencam" else 0.1}
        for layers in (1, 2)
        for method in OFFERED
        for photo in range(4)
    ]
    return Measured("val", pd.DataFrame(rows), pd.DataFrame(curves), pairs, pd.DataFrame(cascade))


def one(summary: pd.DataFrame, **where: str) -> pd.Series:
    chosen = np.logical_and.reduce([summary[name] == value for name, value in where.items()])
    assert chosen.sum() == 1
    return summary[chosen].iloc[0]
