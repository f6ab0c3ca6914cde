"""The clinic's own check as JSON for the page, in the wording of the Results tab."""

from __future__ import annotations

from typing import Any

from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.thresholds import PointMetrics
from skinnet.labels import FULL_NAMES, MALIGNANT, MALIGNANT_MEANING
from skinnet.reporting.metric_names import CALIBRATION_NAMES, OVERALL_NAMES
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.table import Table
from skinnet.studies.clinic_check import ClinicCheck, counts_by_diagnosis, exact_where_all_agree

FEW = 20
"""Below so many lesions of a kind, a share says little."""


def check_page(check: ClinicCheck) -> dict[str, Any]:
    """Sentences and tables for the page: JSON with `sentences`, `tables`, and folded `details`."""
    metrics = check.metrics
    if metrics["lesion"].n == metrics["image"].n:  # then both units say the same
        metrics = {"lesion": metrics["lesion"]}
    details = [table for table in all_tables(metrics, reference=False) if table.rows] if check.by_diagnosis else []
    return {
        "sentences": [*_whom(check), *_refitted(check), *_cautions(check)],
        "tables": [_json(table) for table in (_main_table(metrics), _counts_table(check))],
        "details": [_json(table) for table in details],
    }


def _json(table: Table) -> dict[str, Any]:
    return {"title": table.title, "header": list(table.header), "rows": [list(row) for row in table.rows]}


def _main_table(metrics: dict[str, Metrics]) -> Table:
    rows = [[OVERALL_NAMES[name], *(_share(unit, name) for unit in metrics.values())] for name in SHARES]
    rows.append(
        [OVERALL_NAMES["malignant_auroc"], *(str(unit.overall["malignant_auroc"]) for unit in metrics.values())]
    )
    large = [str(unit.calibration.intercept) for unit in metrics.values()]
    rows.append([CALIBRATION_NAMES["intercept"], *large])
    header = ["metric (95 % interval)", *(f"per {unit.unit}, n = {unit.n}" for unit in metrics.values())]
    return Table("clinic_check", "Your photos", header, rows)


SHARES = {"sensitivity": True, "specificity": False}
"""Metrics of a threshold, and whether they are shares of the (pre)malignant lesions."""


def _share(metrics: Metrics, name: str, point: PointMetrics | None = None) -> str:
    """A metric at a threshold, by default the verdict's, with the count that it is a share of."""
    malignant = _malignant(metrics)
    count = malignant if SHARES[name] else metrics.n - malignant
    estimate = point.estimates[name] if point else metrics.overall[name]
    return f"{exact_where_all_agree(estimate, count)}, n = {count}"


def _malignant(metrics: Metrics) -> int:
    return sum(metrics.support[dx] for dx in MALIGNANT)


def _counts_table(check: ClinicCheck) -> Table:
    counts = counts_by_diagnosis(check)
    titles = FULL_NAMES if check.by_diagnosis else {"mel": MALIGNANT_MEANING.capitalize(), "nv": "Benign"}
    rows = [[titles[dx], str(sum(columns)), *map(str, columns)] for dx, columns in counts.items()]
    header = ["your diagnosis", "photos", "at or above the threshold", "below", "without a verdict"]
    return Table("clinic_counts", "By diagnosis, per photo", header, rows)


def _whom(check: ClinicCheck) -> list[str]:
    lesions, image = check.metrics["lesion"], check.metrics["image"]
    withheld = check.photos[check.photos["gate"] != "ok"]
    having = f"{_counted(image.n, 'photo')} of {_counted(lesions.n, 'lesion')}"
    sentences = [f"Verdict and diagnosis are known for {having}."]
    if len(withheld):
        malignant = int(withheld["dx"].isin(MALIGNANT).sum())
        sentences.append(
            f"Left out, since they got no verdict: {_counted(len(withheld), 'photo')} with a diagnosis, "
            f"{malignant} of them {MALIGNANT_MEANING}."
        )
    if check.without_truth or check.without_photo:
        sentences.append(
            f"Not in the table: {_counted(check.without_truth, 'photo')}. "
            f"Without a photo here: {_counted(check.without_photo, 'row')} of the table."
        )
    return sentences


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _refitted(check: ClinicCheck) -> list[str]:
    point = check.refitted
    if point is None:
        return [f"No lesion is {MALIGNANT_MEANING}, so no threshold can be fitted."]
    lesions = check.metrics["lesion"]
    reached = "; ".join(f"{name} {_share(lesions, name, point)}" for name in SHARES)
    return [
        f"The threshold for {100 * point.target:g} % sensitivity, refitted to {_counted(lesions.n, 'lesion')}, is "
        f"{point.threshold:.4f}; the shipped one is {lesions.threshold:.4f}. At the refitted threshold: {reached}. "
        "These figures are optimistic, since the threshold was chosen on the same photos."
    ]


def _cautions(check: ClinicCheck) -> list[str]:
    lesions = check.metrics["lesion"]
    malignant = _malignant(lesions)
    sentences = ["Nothing is kept: neither the photos nor the table nor these figures."]
    if min(malignant, lesions.n - malignant) < FEW:
        sentences.insert(0, f"With fewer than {FEW} lesions of a kind there are too few to say: read the intervals.")
    return sentences
