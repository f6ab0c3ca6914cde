"""python -m skinnet release: publish a training run as a checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, add_root, default_checkpoint, pair
from skinnet.errors import SkinnetError


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "release", release, "Rebuild everything that is published from training runs.",
        "Writes calibration, thresholds, predictions, metrics, figures, model card, and with --readme the README's "
        "results. Replaces the checkpoint that --checkpoint names, and removes the measurements of the network "
        "before. Without --run, it rebuilds only the last four, from the checkpoint's predictions.",
    )  # fmt: skip
    parser.add_argument(
        "--run", type=Path, nargs="+", metavar="DIR", help="folder of a training run; of several, a committee"
    )
    add_root(parser)
    add_checkpoint(parser)
    parser.add_argument(
        "--out-of-fold", type=Path, nargs="+", default=[], metavar="CSV",
        help="for each run, the table of cross-validate to fit calibration and thresholds on (default: validation)",
    )  # fmt: skip
    parser.add_argument(
        "--without", action="append", default=[], type=_evaluation, metavar="SOURCE=DIR",
        help="the evaluation, on that data set's test split, of a network that was trained without it: its figures "
        "stand beside the others",
    )  # fmt: skip
    parser.add_argument("--readme", type=Path, help="README whose results to rewrite")


def _evaluation(given: str) -> tuple[str, Path]:
    name, folder = pair(given)
    if not (name and folder):
        raise argparse.ArgumentTypeError(f"'{given}' is not SOURCE=DIR")
    return name, Path(folder)


def release(options: argparse.Namespace) -> int:
    from skinnet.reporting.publish import publish
    from skinnet.reporting.release import release
    from skinnet.reporting.without import keep_without

    checkpoint = options.checkpoint or default_checkpoint()
    if options.run is None:
        if options.out_of_fold:
            raise SkinnetError("--out-of-fold needs --run: rules are fitted when a run is released.")
        if options.without:
            keep_without(checkpoint, dict(options.without))
        publish(checkpoint, readme=options.readme)
    elif options.without:
        raise SkinnetError("--without belongs to a checkpoint that is published: leave out --run.")
    else:
        release(
            options.run,
            root=options.root,
            out=checkpoint,
            out_of_fold=options.out_of_fold,
            readme=options.readme,
        )
    print(f"Published in {checkpoint}.")
    return DONE
