"""python -m skinnet train: train a network."""

from __future__ import annotations

import argparse

from skinnet.cli.options import DONE, Commands, add_command
from skinnet.cli.recipe import add_recipe, recipe_of


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "train", train, "Train a network.",
        "Without options it repeats the recipe of a network of the shipped committee; --network names the other. The "
        "state is saved every minute; --resume continues an interrupted run.",
    )  # fmt: skip
    add_recipe(parser, out="folder of this run, such as runs/first")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")


def train(options: argparse.Namespace) -> int:
    from skinnet.training.train import train

    train(recipe_of(options), root=options.root, out=options.out, resume=options.resume)
    print(f"Done. Publish it with: python -m skinnet release --run {options.out} --root {options.root}")
    return DONE
