"""What commands share: their defaults and options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DEFAULT_CHECKPOINT = Path(__file__).parent.parent.parent / "checkpoints" / "ham10000-lite0"
Commands = Any  # argparse keeps the type of its sub-parsers private


def add_command(commands: Commands, name: str, run: Any, summary: str, details: str = "") -> argparse.ArgumentParser:
    """Make a command that calls `run` with its options; what that returns is the exit code."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=f"{summary} {details}")
    command.set_defaults(command=run)
    command.add_argument(
        "--quiet", action="store_true", default=argparse.SUPPRESS, help="no bars and no notes, only results and errors"
    )
    return command


def add_root(command: argparse.ArgumentParser) -> None:
    """Add --root."""
    command.add_argument("--root", type=Path, default=Path("data"), help="folder of the data sets (default: data)")


def add_checkpoint(command: argparse.ArgumentParser) -> None:
    """Add --checkpoint."""
    command.add_argument(
        "--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="DIR",
        help="folder of the trained network (default: the one shipped with skinnet)",
    )  # fmt: skip


def positive(text: str) -> int:
    """A whole number above 0, for `type=`."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)
