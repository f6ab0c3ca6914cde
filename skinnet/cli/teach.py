"""python -m skinnet teach: write a trained network's probabilities as soft labels for another."""

from __future__ import annotations

import argparse
from pathlib import Path

from skinnet.cli.options import DONE, Commands, add_command, add_root


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "teach", teach, "Write soft labels: a trained network's probabilities for train and val.",
        "They come from the best network of a run. The test split takes no part.",
    )  # fmt: skip
    add_root(parser)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="table to write")
    parser.add_argument("--one-view", action="store_true", help="predict without mirrored views: four times as fast")


def teach(options: argparse.Namespace) -> int:
    from skinnet.training.write_soft_labels import write_soft_labels

    table = write_soft_labels(options.run, root=options.root, out=options.out, one_view=options.one_view)
    print(f"Written: {options.out}, {len(table):,} images. Learn from it with train --soft-labels {options.out}")
    return DONE
