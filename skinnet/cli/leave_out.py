"""python -m skinnet leave-out: train without a clinic or a diagnosis, and test on it."""

from __future__ import annotations

import argparse

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, checkpoint_folder
from skinnet.cli.recipe import add_recipe, recipe_of


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "leave-out", leave_out, "Train without a clinic or a diagnosis, and evaluate on the photos left out.",
        "Each name is one training. When run again after an interruption, it continues. The tables are written into "
        "the checkpoint.",
    )  # fmt: skip
    parser.add_argument("names", nargs="+", metavar="NAME", help="clinic, such as rosendahl, or diagnosis, such as df")
    add_recipe(parser, out="folder of the runs")
    add_checkpoint(parser)


def leave_out(options: argparse.Namespace) -> int:
    from skinnet.reporting.table import titled
    from skinnet.studies.leave_out.study import leave_out

    tables = leave_out(
        options.names,
        recipe_of(options),
        root=options.root,
        out=options.out,
        checkpoint=checkpoint_folder(options),
    )
    print(titled(tables))
    return DONE
