"""python -m skinnet cross-validate: train five networks, and predict each fold with the one that never saw it."""

from __future__ import annotations

import argparse

from skinnet.cli.options import DONE, Commands, add_command
from skinnet.cli.recipe import add_recipe, recipe_of


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "cross-validate", cross_validate,
        "Train five networks, each without a fifth of the lesions, and predict that fifth.",
        "The test split takes no part. Without options it uses the shipped recipe. When run "
        "again after an interruption, it continues.",
    )  # fmt: skip
    add_recipe(parser, out="folder of the five runs and the table out_of_fold.csv")


def cross_validate(options: argparse.Namespace) -> int:
    from skinnet.checkpoint import OUT_OF_FOLD
    from skinnet.training.cross_validation import cross_validate

    table = cross_validate(recipe_of(options), root=options.root, out=options.out)
    print(f"Written: {options.out / OUT_OF_FOLD}, the held-out predictions of {len(table):,} images.")
    return DONE
