"""python -m skinnet robustness: measure how damage to the photos changes the verdict."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, add_root, checkpoint_folder, out_folder

if TYPE_CHECKING:
    import pandas as pd

    from skinnet.data.dataset import Images
    from skinnet.inference.classifier import Classifier

log = logging.getLogger(__name__)


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "robustness", robustness, "Measure what blur, noise, other light, hair or ink do to the verdict.",
        "Classifies HAM10000's split in 60 ways, some thirty minutes on two cores, then with and without the lesion: "
        "docs/evaluation.md says how. When run again after an interruption, it continues with the next kind of damage.",
    )  # fmt: skip
    add_root(parser)
    add_checkpoint(parser)
    parser.add_argument("--split", choices=["val", "test"], default="test", help="(default: test)")
    parser.add_argument("--out", type=out_folder, metavar="DIR", help="(default: the checkpoint)")
    parser.add_argument(
        "--cache", type=Path, default=Path("runs/robustness"), metavar="DIR",
        help="where the network's outputs for each kind of damage are cached; may be deleted (default: "
        "runs/robustness)",
    )  # fmt: skip


def robustness(options: argparse.Namespace) -> int:
    from skinnet.data.index import load_cache, load_index
    from skinnet.inference.classifier import Classifier
    from skinnet.reporting.table import titled
    from skinnet.studies.robustness import ROBUSTNESS, measure_robustness, write_robustness

    table = load_index(options.root)
    images, chosen = load_cache(options.root, table), table[table["split"] == options.split]
    checkpoint = checkpoint_folder(options)
    classifier, folder = Classifier.load(checkpoint), options.out or checkpoint
    measured = measure_robustness(classifier, chosen, images, cache=options.cache)
    print(titled(write_robustness(measured, folder)))
    print(f"Written: {folder / ROBUSTNESS}")
    _hide_lesions(classifier, chosen, images, options, folder)
    return DONE


def _hide_lesions(
    classifier: Classifier, table: pd.DataFrame, images: Images, options: argparse.Namespace, folder: Path
) -> None:
    """Measure with and without the lesion, if all masks are there."""
    from skinnet.images.lesion_masks import REMEDY
    from skinnet.reporting.table import titled
    from skinnet.studies.lesion_hidden.study import (
        CONTROLS,
        count_missing_masks,
        measure_lesion_hidden,
        write_lesion_hidden,
    )

    if missing := count_missing_masks(table, options.root):
        log.warning(
            "No lesion mask for %d of %d images in %s: no controls. For them %s.",
            missing, len(table), options.root, REMEDY,
        )  # fmt: skip
        return
    measured = measure_lesion_hidden(classifier, table, images, root=options.root, cache=options.cache)
    print(f"\n{titled(write_lesion_hidden(measured, folder))}")
    print(f"Written: {folder / CONTROLS}")
