"""How much a network loses on damaged photos, and on photos with the artefacts of dermoscopy.

    measured = measure_robustness(classifier, index, images)
    tables = write_robustness(measured, Path("checkpoints/committee"))

Each image is classified intact, then damaged, then cut to the shapes that other cameras give. The result is the
change, in the same lesions, of the balanced accuracy, of the (pre)malignant AUROC, and of the share of benign lesions
that the verdict calls suspicious.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from skinnet.data.dataset import Images, equal_shapes
from skinnet.device import keep_freed_memory
from skinnet.evaluation.bootstrap import DRAWS
from skinnet.files import read_table, write_table
from skinnet.images import artefacts, corruptions
from skinnet.images.artefacts import ARTEFACTS
from skinnet.images.corruptions import CORRUPTIONS
from skinnet.images.photo import input_size
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASSES
from skinnet.progress import progress
from skinnet.reporting.study_tables import write_study
from skinnet.reporting.table import Table
from skinnet.studies.lesion_metrics import cell, counts, lesion_metrics, metric_columns, score_lesions, with_counts
from skinnet.studies.logits_cache import LogitsCache

ROBUSTNESS = "robustness.csv"
STRENGTHS = (3,)
"""Those of the five that are measured: the middle one."""
SHAPES = {"1:1": 1, "5:4": 5 / 4, "3:2": 3 / 2, "16:9": 16 / 9, "3:4": 3 / 4}
"""Aspects, width over height, that photos are cut to."""
BATCH = 32
ARTEFACT_SEED = 0
RERUN = "run python -m skinnet robustness again"

Damage = Callable[[Tensor], Tensor]
"""uint8 (B, 3, H, W) -> the same."""


def damages() -> Iterator[tuple[str, int, Damage]]:
    """Name, strength and function of each kind of damage; artefacts and cuts have one strength."""
    for name, corruption in CORRUPTIONS.items():
        for strength in STRENGTHS:
            yield name, strength, partial(corruption.apply, strength=strength)
    for name, draw in ARTEFACTS.items():
        yield name, 1, partial(_draw_artefact, draw=draw)
    for name, aspect in SHAPES.items():
        yield f"cut to {name}", 1, partial(_cut, aspect=aspect)


def damage_settings() -> dict[str, object]:
    """All settings of `damages`, for the key of the cache; noise and artefacts also depend on the batch size."""
    return {
        "corruptions": {name: corruption.amounts for name, corruption in CORRUPTIONS.items()},
        "corruptions_version": corruptions.VERSION,
        "noise_seed": corruptions.NOISE_SEED,
        "artefacts": list(ARTEFACTS),
        "artefacts_version": artefacts.VERSION,
        "artefact_seed": ARTEFACT_SEED,
        "batch": BATCH,
    }


def _draw_artefact(images: Tensor, draw: Callable[[Tensor, torch.Generator], Tensor]) -> Tensor:
    marked = draw(images.float() / 255, torch.Generator().manual_seed(ARTEFACT_SEED))
    return (marked * 255).clamp(0, 255).round().to(torch.uint8)


def _cut(images: Tensor, aspect: float) -> Tensor:
    """Cut the largest part of an aspect out of the middle, and enlarge it to the area before."""
    height, width = images.shape[-2:]
    middle = transforms.center_crop(images, [min(height, round(width / aspect)), min(width, round(height * aspect))])
    new_width, new_height = input_size((middle.shape[-1], middle.shape[-2]), frame=(height, width))
    return torch.as_tensor(transforms.resize(middle, [new_height, new_width], antialias=True))


def measure_robustness(
    classifier: Classifier,
    table: pd.DataFrame,
    images: Images,
    *,
    cache: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Classify every image of a table intact and after each kind of damage.

    Args:
        table: rows of an index; their labels are positions in `images`.
        cache: folder for the logits, so that an interrupted measurement continues; None caches nothing.
        draws: bootstrap draws of the lesions, the same for all kinds.

    Returns:
        A row for each damage and strength, the first for none: `damage, strength, split, images, lesions`, the metrics
        per lesion and their changes from the intact image, with the ends of their 95 % intervals.
    """
    keep_freed_memory()
    cached, intact, rows = LogitsCache(cache, classifier, table, images, settings=damage_settings()), None, []
    kinds: list[tuple[str, int, Damage | None]] = [("none", 0, None), *damages()]
    for name, strength, damage in progress(kinds, "damaging", unit="kind"):
        compute = partial(damaged_logits, classifier, table, images, damage)
        cases = score_lesions(classifier, table, cached.logits(f"{name}-{strength}", compute))
        metrics = lesion_metrics(classifier, cases, draws=draws, seed=seed)
        intact = intact or metrics
        rows.append({"damage": name, "strength": strength} | counts(table) | metric_columns(metrics, intact))
    return pd.DataFrame(rows)


def damaged_logits(
    classifier: Classifier, table: pd.DataFrame, images: Images, damage: Damage | None = None
) -> np.ndarray:
    """Logits of each image of a table, after damage if any: float (N, 7)."""
    logits = np.zeros((len(table), len(CLASSES)))
    for items in equal_shapes(images, table.index.to_numpy(), batch_size=BATCH):
        pixels = np.stack([images[position] for position in table.index[items]])
        if damage is not None:
            damaged = damage(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous())
            pixels = damaged.permute(0, 2, 3, 1).contiguous().numpy()
        logits[items] = classifier.logits(pixels)
    return logits


def write_robustness(measured: pd.DataFrame, folder: Path) -> list[Table]:
    """Write `robustness.csv`, four decimals, and its printable table."""
    write_table(measured, folder / ROBUSTNESS, float_format="%.4f")
    return write_tables(folder)


def write_tables(folder: Path) -> list[Table]:
    """Write the printable table of the `robustness.csv` in a folder.

    Raises:
        DataError: if that file is damaged.
    """
    tables = [robustness_table(read_table(folder / ROBUSTNESS, advice=RERUN))]
    write_study(folder, "robustness", order=10, files=[ROBUSTNESS], tables=tables)
    return tables


def robustness_table(measured: pd.DataFrame) -> Table:
    """The metrics of intact images in one view, then their changes, strength after strength for each damage."""
    names = ("balanced_accuracy", "malignant_auroc", "false_alarms")
    rows = [
        [row["damage"], str(row["strength"] or ""), *(cell(row, name, intact=not row["strength"]) for name in names)]
        for _, row in measured.iterrows()
    ]
    header = ["damage", "strength", "balanced accuracy", "(pre)malignant AUROC", "benign lesions flagged"]
    title = "Robustness per lesion, one view: values, then changes (95 % interval)"
    return with_counts(Table("robustness", title, header, rows), measured)
