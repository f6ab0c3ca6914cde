"""Commands that train networks and publish one: train, cross-validate, leave-out, teach, release."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from skinnet.cli.options import Commands, add_checkpoint, add_command, add_root
from skinnet.errors import SkinnetError
from skinnet.training.config import SHIPPED, TrainConfig


def add(commands: Commands) -> None:
    """Add the commands of this module and their options."""
    _add_train(commands)
    _add_cross_validate(commands)
    _add_leave_out(commands)
    _add_teach(commands)
    _add_release(commands)


def train(options: argparse.Namespace) -> int:
    from skinnet.training.train import train

    train(_recipe(options), root=options.root, out=options.out, resume=options.resume)
    print(f"Done. Publish it with: python -m skinnet release --run {options.out} --root {options.root}")
    return 0


def cross_validate(options: argparse.Namespace) -> int:
    from skinnet.inference.calibration import OUT_OF_FOLD
    from skinnet.training.cross_validation import cross_validate

    table = cross_validate(_recipe(options), root=options.root, out=options.out)
    print(f"Written: {options.out / OUT_OF_FOLD}, what five networks say of {len(table):,} images they did not see.")
    return 0


def leave_out(options: argparse.Namespace) -> int:
    from skinnet.reporting.table import titled
    from skinnet.studies.leave_out import leave_out

    tables = leave_out(
        options.names, _recipe(options), root=options.root, out=options.out, checkpoint=options.checkpoint
    )
    print(titled(tables))
    return 0


def _recipe(options: argparse.Namespace) -> TrainConfig:
    return TrainConfig(**{field.name: getattr(options, field.name) for field in dataclasses.fields(TrainConfig)})


def teach(options: argparse.Namespace) -> int:
    from skinnet.reporting.release import teach

    table = teach(options.run, root=options.root, out=options.out, one_view=options.one_view)
    print(f"Written: {options.out}, {len(table):,} images. Learn from it with train --soft-labels {options.out}")
    return 0


def release(options: argparse.Namespace) -> int:
    from skinnet.reporting.release import publish, release

    if options.run is None:
        if options.out_of_fold is not None:
            raise SkinnetError("--out-of-fold is for --run: rules are fitted when a run is released.")
        publish(options.checkpoint, readme=options.readme)
    else:
        release(
            options.run, root=options.root, out=options.checkpoint, out_of_fold=options.out_of_fold,
            readme=options.readme,
        )  # fmt: skip
    print(f"Published in {options.checkpoint}.")
    return 0


def _add_train(commands: Commands) -> None:
    command = add_command(
        commands, "train", train, "Train a network.",
        "Without options it repeats the shipped recipe. The state is saved every minute: a run that was "
        "stopped goes on with --resume.",
    )  # fmt: skip
    _add_recipe(command, SHIPPED, out="folder of this run, such as runs/first")
    command.add_argument("--resume", action="store_true", help="go on with the run in --out")


def _add_cross_validate(commands: Commands) -> None:
    command = add_command(
        commands, "cross-validate", cross_validate, "Train five networks, each without a fifth, and judge that fifth.",
        "The test split takes no part. Without options it takes the plain recipe, which has no teacher; stopped and "
        "called again, it goes on.",
    )  # fmt: skip
    _add_recipe(command, TrainConfig(), out="folder of the five runs and the table out_of_fold.csv")


def _add_leave_out(commands: Commands) -> None:
    command = add_command(
        commands, "leave-out", leave_out, "Train without a clinic or a diagnosis, and judge the photos left out.",
        "Each name is a training; stopped and called again, it goes on. The tables are written into the checkpoint.",
    )  # fmt: skip
    command.add_argument("names", nargs="+", metavar="NAME", help="clinic, such as rosendahl, or diagnosis, such as df")
    _add_recipe(command, TrainConfig(), out="folder of the runs")
    add_checkpoint(command)


def _add_teach(commands: Commands) -> None:
    command = add_command(
        commands, "teach", teach, "Write what the best network of a run says of train and val, for another to learn.",
        "Nothing is said of the test split.",
    )  # fmt: skip
    add_root(command)
    command.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of a training run")
    command.add_argument("--out", type=Path, required=True, metavar="CSV", help="table to write")
    command.add_argument("--one-view", action="store_true", help="judge no mirrored views: four times as fast")


def _add_recipe(command: argparse.ArgumentParser, recipe: TrainConfig, *, out: str) -> None:
    """An option for each setting of a recipe, whose default is the recipe's."""
    add_root(command)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help=out)
    for setting in dataclasses.fields(TrainConfig):
        meaning, default = setting.metadata["meaning"].replace("%", "%%"), getattr(recipe, setting.name)
        command.add_argument(
            f"--{setting.name.replace('_', '-')}", type=type(default), default=default,
            help=f"{meaning} (default: {'none' if default == '' else default})",
        )  # fmt: skip


def _add_release(commands: Commands) -> None:
    command = add_command(
        commands, "release", release, "Rebuild everything that is published from one training run.",
        "Calibration, thresholds, predictions, metrics, figures, model card, and with --readme "
        "the README's numbers. Replaces the checkpoint that --checkpoint names, and removes what "
        "was measured of the one before. Without --run, the last four are made from the checkpoint's own predictions.",
    )  # fmt: skip
    command.add_argument("--run", type=Path, metavar="DIR", help="folder of a training run")
    add_root(command)
    add_checkpoint(command)
    command.add_argument(
        "--out-of-fold", type=Path, metavar="CSV",
        help="table of cross-validate to fit class weights and thresholds on (default: validation)",
    )  # fmt: skip
    command.add_argument("--readme", type=Path, help="README whose results to rewrite")
