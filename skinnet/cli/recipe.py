"""The options of the three commands that train: one for each setting of a recipe."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from skinnet.cli.options import add_root
from skinnet.training.config import TrainConfig


def add_recipe(parser: argparse.ArgumentParser, recipe: TrainConfig, *, out: str) -> None:
    """Add --root, --out and an option for each setting.

    Args:
        recipe: holds the defaults.
        out: the help text of --out.
    """
    add_root(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=out)
    for setting in dataclasses.fields(TrainConfig):
        meaning, default = setting.metadata["meaning"].replace("%", "%%"), getattr(recipe, setting.name)
        parser.add_argument(
            f"--{setting.name.replace('_', '-')}", type=type(default), default=default,
            help=f"{meaning} (default: {'none' if default == '' else default})",
        )  # fmt: skip


def recipe_of(options: argparse.Namespace) -> TrainConfig:
    """The recipe that the options give."""
    return TrainConfig(**{field.name: getattr(options, field.name) for field in dataclasses.fields(TrainConfig)})
