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
TEXTS = {
    "locale": "en-GB",
    "percent": "{number} %",
    "range": "{low} to {high}",
    "undefined": "n/a",
    "undefined_here": "undefined here",
    "no_interval": "interval n/a",
    "sentence": "Of 1,000 lesions, {sick} are malignant or pre-malignant. "
    "The network flags {found} of them and {misses}. It also flags {alarms} of the {benign} benign ones.",
    "misses": "misses {missed}",
    "misses_few": "misses fewer than one",
    "sensitivity": "of the malignant are flagged",
    "specificity": "of the benign are left alone",
    "ppv": "of the flagged are malignant",
    "npv": "of the others are benign",
    "flaggedPerFound": "flagged for each malignant one found",
    "of_sensitivity": "sensitivity, {interval}",
    "of_specificity": "specificity, {interval}",
    "of_ppv": "PPV, {interval}",
    "of_npv": "NPV, {interval}",
    "of_flaggedPerFound": "{interval}",
    "roc_across": "benign lesions flagged, %",
    "roc_up": "malignant lesions flagged, %",
    "roc_alt": "ROC curve of {title}. At the threshold of {threshold}, {malignant} of the malignant and {benign} "
    "of the benign lesions are flagged.",
    "spread_alt": "Scores of {title}: malignant lesions score higher than benign ones, and the two overlap.",
    "threshold": "threshold",
    "malignant": "malignant",
    "benign": "benign",
    "score": "score",
    "set": "{title} ({sick} of {all})",
    "own_threshold": "{threshold}, the verdict's own",
    "fitted_threshold": "{threshold}, fitted to find {target}",
    "own_share": "As in this test",
    "share": "{place}, {share}",
}
"""What the script says, with its placeholders in braces."""


def explorer(sets: Sequence[DataSet]) -> dict[str, Any] | None:
    """Collect the texts, the scores of all data sets, highest first, and what has a button: thresholds, prevalences.

    Returns:
        None where there is no threshold to explore.
    """
    if not all(data.has_both and data.lesions.n <= MOST_LESIONS for data in sets):
        return None
    points = sorted(sets[0].lesions.operating_points, key=lambda point: point.name != VERDICT)
    return {
        "texts": TEXTS,
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
