"""The clinic's own check as JSON for the page, in the wording of the Results tab."""

from __future__ import annotations

from typing import Any

from demo.translated import translated_data
from demo.words import Words
from skinnet.evaluation.evaluate import Metrics
from skinnet.evaluation.thresholds import PointMetrics
from skinnet.labels import MALIGNANT
from skinnet.reporting.metric_names import CALIBRATION_NAMES, OVERALL_NAMES
from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.results.figures import readable
from skinnet.reporting.table import Table
from skinnet.studies.clinic_check import ClinicCheck, counts_by_diagnosis, exact_where_all_agree

FEW = 20
"""Below so many lesions of a kind, a share says little."""
SHARES = {"sensitivity": True, "specificity": False}
"""Metrics of a threshold, and whether they are shares of the (pre)malignant lesions."""
UNITS = {"lesion": "check.per_lesion", "image": "check.per_image"}


def check_page(check: ClinicCheck, words: Words) -> dict[str, Any]:
    """Sentences and tables for the page: `sentences`, `tables`, folded `details`, and `truths` by place."""
    metrics = check.metrics
    if metrics["lesion"].n == metrics["image"].n:  # then both units say the same
        metrics = {"lesion": metrics["lesion"]}
    details = [table for table in all_tables(metrics, reference=False) if table.rows] if check.by_diagnosis else []
    return {
        "sentences": [*_whom(check, words), *_refitted(check, words), *_cautions(check, words)],
        "tables": [_json(table) for table in (_main_table(metrics, words), _counts_table(check, words))],
        "truths": [
            [place, {"text": _named(dx, check, words), "malignant": int(dx in MALIGNANT)}]
            for place, dx in zip(check.photos["place"].tolist(), check.photos["dx"], strict=True)
        ],
        "details": [translated_data(_json(readable(table)), words) for table in details],
    }


def _json(table: Table) -> dict[str, Any]:
    return {"title": table.title, "header": list(table.header), "rows": [list(row) for row in table.rows]}


def _main_table(metrics: dict[str, Metrics], words: Words) -> Table:
    cells = {OVERALL_NAMES[name]: [_share(unit, name) for unit in metrics.values()] for name in SHARES}
    cells[OVERALL_NAMES["malignant_auroc"]] = [str(unit.overall["malignant_auroc"]) for unit in metrics.values()]
    cells[CALIBRATION_NAMES["intercept"]] = [str(unit.calibration.intercept) for unit in metrics.values()]
    rows = [[words.sentence(cell) for cell in (name, *values)] for name, values in cells.items()]
    header = [words("check.metric"), *(words(UNITS[unit.unit], n=unit.n) for unit in metrics.values())]
    return Table("clinic_check", words("check.title"), header, rows)


def _share(metrics: Metrics, name: str, point: PointMetrics | None = None) -> str:
    """A metric at a threshold, by default the verdict's, with the count that it is a share of."""
    malignant = _malignant(metrics)
    count = malignant if SHARES[name] else metrics.n - malignant
    estimate = point.estimates[name] if point else metrics.overall[name]
    return f"{exact_where_all_agree(estimate, count)}, n = {count}"


def _malignant(metrics: Metrics) -> int:
    return sum(metrics.support[dx] for dx in MALIGNANT)


def _counts_table(check: ClinicCheck, words: Words) -> Table:
    rows = [
        [_named(dx, check, words), str(sum(columns)), *map(str, columns)]
        for dx, columns in counts_by_diagnosis(check).items()
    ]
    header = [words(f"check.{name}") for name in ("diagnosis", "photos", "above", "below", "without")]
    return Table("clinic_counts", words("check.by_diagnosis"), header, rows)


def _named(dx: str, check: ClinicCheck, words: Words) -> str:
    """A diagnosis as the reader gave it: its name, or malignant or not."""
    return words.diagnosis(dx) if check.by_diagnosis else words(f"check.{'malignant' if dx in MALIGNANT else 'benign'}")


def _whom(check: ClinicCheck, words: Words) -> list[str]:
    lesions, image = check.metrics["lesion"], check.metrics["image"]
    withheld = check.photos[check.photos["gate"] != "ok"]
    photos = words("check.count_photos", count=image.n)
    sentences = [words("check.having", photos=photos, lesions=words("check.count_lesions", count=lesions.n))]
    if len(withheld):
        malignant = int(withheld["dx"].isin(MALIGNANT).sum())
        photos = words("check.count_photos", count=len(withheld))
        sentences.append(words("check.left_out", photos=photos, malignant=malignant))
    if check.without_truth or check.without_photo:
        photos = words("check.count_photos", count=check.without_truth)
        rows = words("check.count_rows", count=check.without_photo)
        sentences.append(words("check.unmatched", photos=photos, rows=rows))
    return sentences


def _refitted(check: ClinicCheck, words: Words) -> list[str]:
    point = check.refitted
    if point is None:
        return [words("check.no_threshold")]
    lesions = check.metrics["lesion"]
    reached = "; ".join(f"{words(f'check.{name}')} {words.sentence(_share(lesions, name, point))}" for name in SHARES)
    return [
        words(
            "check.refitted",
            target=words.number(100 * point.target, "g"),
            lesions=words("check.count_lesions", count=lesions.n),
            refitted=words.number(point.threshold, ".4f"),
            shipped=words.number(lesions.threshold, ".4f"),
            reached=reached,
        )
    ]


def _cautions(check: ClinicCheck, words: Words) -> list[str]:
    lesions = check.metrics["lesion"]
    malignant = _malignant(lesions)
    sentences = [words("check.nothing_kept")]
    if min(malignant, lesions.n - malignant) < FEW:
        sentences.insert(0, words("check.few", few=FEW))
    return sentences
