"""The options of the three commands that train: one for each setting of a recipe."""

from __future__ import annotations

import argparse
import dataclasses

from skinnet.cli.options import add_root, out_folder
from skinnet.models.registry import LITE0
from skinnet.training.config import SHIPPED, TrainConfig, recipe_for


def add_recipe(parser: argparse.ArgumentParser, *, out: str) -> None:
    """Add --root, --out and an option for each setting; the defaults are those of the network's recipe.

    Args:
        out: the help text of --out.
    """
    add_root(parser)
    parser.add_argument("--out", type=out_folder, required=True, metavar="DIR", help=out)
    for setting in dataclasses.fields(TrainConfig):
        meaning = setting.metadata["meaning"].replace("%", "%%")
        parser.add_argument(
            f"--{setting.name.replace('_', '-')}", type=type(setting.default), default=argparse.SUPPRESS,
            help=f"{meaning} (default: {_default(setting.name)})",
        )  # fmt: skip


def _default(setting: str) -> str:
    """The default in words: one, or one for each shipped network."""
    values = {name: getattr(recipe, setting) for name, recipe in SHIPPED.items()}
    if setting == "network" or len(set(values.values())) == 1:
        return str(next(iter(values.values())))
    return ", ".join(f"{value} for {name}" for name, value in values.items())


def recipe_of(options: argparse.Namespace) -> TrainConfig:
    """The recipe of the network that the options name, with their settings."""
    names = {field.name for field in dataclasses.fields(TrainConfig)}
    given = {name: value for name, value in vars(options).items() if name in names}
    return dataclasses.replace(recipe_for(given.get("network", LITE0)), **given)
