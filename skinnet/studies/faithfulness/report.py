"""Write the files of the faithfulness study: faithfulness.csv, .json, .png, .svg and the printable table.

    report = write_report(measured, folder=Path("checkpoints/mine/faithfulness"))

The CSV has a row for each method, group of photos, diagnosis and measure: value, low, high, lesions, photos. The JSON
also holds the settings, which methods give the same maps, the default method that the results suggest, and whether each
method beats the blobs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from skinnet.explain.heatmaps import DEFAULT_METHOD, OFFERED
from skinnet.files import write_json, write_table
from skinnet.images.lesion_masks import CROP
from skinnet.reporting.plots.style import save
from skinnet.studies.faithfulness import curves, localisation
from skinnet.studies.faithfulness.measure import Measured
from skinnet.studies.faithfulness.plot import draw
from skinnet.studies.faithfulness.randomisation import shuffle_weights
from skinnet.studies.faithfulness.summary import BOOTSTRAPS, agreement, best_method, goal, randomisation, summarise
from skinnet.studies.faithfulness.tables import NAME, REPORT, VALUES, write_tables


def write_report(measured: Measured, *, folder: Path, checkpoint: str = "") -> dict[str, Any]:
    """Write all files into a folder; return the content of the JSON."""
    summary, randomised = summarise(measured), randomisation(measured.cascade)
    report = {
        "split": measured.split,
        "checkpoint": checkpoint,
        "photos": int(measured.maps["image_id"].nunique()),
        "lesions": int(measured.maps["lesion"].nunique()),
        "settings": settings(),
        "default": DEFAULT_METHOD,
        "best": best_method(summary, randomised),
        "goal": {method: goal(summary, method) for method in OFFERED},
        "agreement": agreement(measured.agreement),
        "randomisation": randomised,
        "summary": [_without_nan(dict(row)) for row in summary.to_dict("records")],
    }
    write_table(summary, folder / VALUES, float_format="%.4f")
    write_json(folder / REPORT, report)
    save(draw(summary, measured), folder, NAME)
    write_tables(folder)
    return report


def settings() -> dict[str, float | int | str]:
    """The settings that the results depend on."""
    return {
        "gaussian_width": localisation.GAUSSIAN_WIDTH,
        "outline_width": localisation.OUTLINE_WIDTH,
        "iou_cut": localisation.HALF,
        "crop": CROP,
        "curve_steps": curves.STEPS,
        "blur": curves.BLUR,
        "bootstraps": BOOTSTRAPS,
        "target_layer": "last feature layer",
        "shuffling": shuffle_weights.__name__,
    }


def _without_nan(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}
