"""How much worse a network judges photos that suffered, or that carry what a dermatoscope's photo may carry.

    table = robustness(classifier, index, images)
    save_robustness(table, Path("checkpoints/ham10000-lite0"))

Each image is judged in one view, whole and then damaged, and what counts is the change, in the same lesions: of the
balanced accuracy, of the (pre)malignant AUROC, and of the share of benign lesions that the verdict calls suspicious.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from skinnet.data.dataset import Images, equal_shapes
from skinnet.data.index import lesion_names
from skinnet.device import keep_freed_memory
from skinnet.evaluation.bootstrap import DRAWS, bootstrap_weights, estimate, from_columns, to_columns
from skinnet.evaluation.classification import confusion_matrices, overall_values
from skinnet.evaluation.ranking import rank
from skinnet.evaluation.scored_cases import ScoredCases, by_lesion
from skinnet.evaluation.thresholds import threshold_values
from skinnet.files import write_table
from skinnet.images.artefacts import ARTEFACTS
from skinnet.images.corruptions import CORRUPTIONS, STRENGTHS
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASSES, probability_columns
from skinnet.progress import progress
from skinnet.reporting.table import Table
from skinnet.studies.logits_cache import Kept

ROBUSTNESS = "robustness.csv"
BATCH = 32
ARTEFACT_SEED = 0

Damage = Callable[[Tensor], Tensor]
"""uint8 (B, 3, H, W) -> the same."""


def damages() -> Iterator[tuple[str, int, Damage]]:
    """Name, strength and function of everything that is tried; an artefact has one strength, drawn on every image."""
    for name, corruption in CORRUPTIONS.items():
        for strength in STRENGTHS:
            yield name, strength, partial(corruption.apply, strength=strength)
    for name, draw in ARTEFACTS.items():
        yield name, 1, partial(_drawn, draw=draw)


def _drawn(images: Tensor, draw: Callable[[Tensor, torch.Generator], Tensor]) -> Tensor:
    marked = draw(images.float() / 255, torch.Generator().manual_seed(ARTEFACT_SEED))
    return (marked * 255).clamp(0, 255).round().to(torch.uint8)


def robustness(
    classifier: Classifier,
    table: pd.DataFrame,
    images: Images,
    *,
    keep: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge every image of a table whole and after each kind of damage.

    Args:
        table: rows of an index; their labels are positions in `images`.
        keep: folder for what the network says, so that a run that was stopped goes on; None keeps nothing.
        draws: bootstrap draws of the lesions, the same for all kinds.

    Returns:
        A row for each damage and strength, the first for none: `damage, strength, split, images, lesions`, the figures
        per lesion and their changes from the whole image, with the ends of their 95 % intervals.
    """
    keep_freed_memory()
    kept, whole, rows = Kept(keep, classifier, table, images), None, []
    kinds: list[tuple[str, int, Damage | None]] = [("none", 0, None), *damages()]
    for name, strength, damage in progress(kinds, "damaging", unit="kind"):
        logits = kept.logits(f"{name}-{strength}", partial(judged, classifier, table, images, damage))
        found = figures(classifier, truth_of(classifier, table, logits), draws, seed)
        whole = whole or found
        rows.append(_row(name, strength, table) | changes(whole, found))
    return pd.DataFrame(rows)


def judged(classifier: Classifier, table: pd.DataFrame, images: Images, damage: Damage | None) -> np.ndarray:
    """Logits of one view of each image after damage, or of the image itself: float (N, 7)."""
    logits = np.zeros((len(table), len(CLASSES)))
    for items in equal_shapes(images, table.index.to_numpy(), batch_size=BATCH):
        pixels = np.stack([images[position] for position in table.index[items]])
        if damage is not None:
            changed = damage(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous())
            pixels = changed.permute(0, 2, 3, 1).contiguous().numpy()
        logits[items] = classifier.one_view(pixels)
    return logits


def truth_of(classifier: Classifier, table: pd.DataFrame, logits: np.ndarray) -> ScoredCases:
    """Calibrated probabilities by lesion, the means over its images.

    Args:
        table: rows of an index.
        logits: float (N, 7), one row for each of the table.
    """
    probabilities = pd.DataFrame(classifier.calibration.probabilities(logits), columns=probability_columns())
    return by_lesion(probabilities.assign(lesion_id=lesion_names(table).to_numpy(), dx=table["dx"].to_numpy()))


def figures(classifier: Classifier, truth: ScoredCases, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Each figure for the whole table and each bootstrap draw of its lesions: (1 + draws,)."""
    weights = bootstrap_weights(truth, draws=draws, seed=seed)
    chosen = truth.balanced(classifier.decision.class_weights)
    verdict = threshold_values(truth, weights, classifier.decision.malignant_threshold)
    return {
        "balanced_accuracy": overall_values(confusion_matrices(truth.dx, chosen, weights))["balanced_accuracy"],
        "malignant_auroc": rank(truth.malignant, truth.p_malignant, weights).auroc(),
        "sensitivity": verdict["sensitivity"],
        "false_alarms": 1 - verdict["specificity"],
    }


def changes(whole: dict[str, np.ndarray], damaged: dict[str, np.ndarray]) -> dict[str, object]:
    """Columns of a row: each figure and its change from the whole image, with the ends of their 95 % intervals.

    Args:
        whole, damaged: `figures` of the same lesions, so that the draws are paired.
    """
    columns: dict[str, object] = {}
    for figure, values in damaged.items():
        columns |= to_columns({figure: estimate(values), f"{figure}_change": estimate(values - whole[figure])})
    return columns


def _row(name: str, strength: int, table: pd.DataFrame) -> dict[str, object]:
    return {"damage": name, "strength": strength} | counts(table)


def counts(table: pd.DataFrame) -> dict[str, object]:
    """Columns of a row: of which split, and how many, its images are."""
    splits = " ".join(sorted(table["split"].unique()))
    return {"split": splits, "images": len(table), "lesions": lesion_names(table).nunique()}


def save_robustness(table: pd.DataFrame, folder: Path) -> None:
    """Write `robustness.csv`, four decimals."""
    write_table(table, folder / ROBUSTNESS, float_format="%.4f")


def robustness_table(table: pd.DataFrame) -> Table:
    """The figures of the whole images in one view, and their changes, strength after strength for each damage."""
    names = ("balanced_accuracy", "malignant_auroc", "false_alarms")
    rows = [
        [row["damage"], str(row["strength"] or ""), *(changed(row, name, whole=not row["strength"]) for name in names)]
        for _, row in table.iterrows()
    ]
    header = ["damage", "strength", "balanced accuracy", "(pre)malignant AUROC", "benign lesions flagged"]
    return Table("robustness", "Robustness per lesion, one view: figures, then changes (95 % interval)", header, rows)


def changed(row: pd.Series, figure: str, *, whole: bool) -> str:
    """A cell: the figure of the whole image itself, otherwise its change."""
    return str(from_columns(row, figure)) if whole else from_columns(row, f"{figure}_change").signed()
