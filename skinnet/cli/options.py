"""What commands share: options, their types, the default checkpoint and exit codes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from skinnet.errors import CheckpointError, DataError
from skinnet.images.source import has_picture_suffix

SHIPPED_CHECKPOINT: Final = Path("checkpoints", "committee")
"""The trained network in this repository; wheels do not contain it."""

DONE: Final = 0
FAILED: Final = 1
WRONG_USE: Final = 2
NOT_CLASSIFIED: Final = 3
STOPPED: Final = 130

Commands = Any  # argparse keeps the type of its sub-parsers private
Command = Callable[[argparse.Namespace], int]
"""Takes the options, returns the exit code."""


def add_command(
    commands: Commands, name: str, command: Command, summary: str, details: str = ""
) -> argparse.ArgumentParser:
    """Add a command that calls `command` with its options."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=f"{summary} {details}")
    parser.set_defaults(command=command)
    parser.add_argument(
        "--quiet", action="store_true", default=argparse.SUPPRESS, help="no bars and no notes, only results and errors"
    )
    return parser


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add --root."""
    parser.add_argument("--root", type=out_folder, default=Path("data"), help="folder of the data sets (default: data)")


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add --checkpoint; `checkpoint_folder` reads it."""
    parser.add_argument(
        "--checkpoint", type=Path, metavar="DIR",
        help="folder of the trained network (default: the one shipped with skinnet)",
    )  # fmt: skip


def default_checkpoint() -> Path:
    """The shipped checkpoint of the checkout that skinnet is imported from, else of the working directory."""
    checkout = Path(__file__).parents[2]
    return checkout / SHIPPED_CHECKPOINT if (checkout / SHIPPED_CHECKPOINT).is_dir() else SHIPPED_CHECKPOINT


def checkpoint_folder(options: argparse.Namespace) -> Path:
    """The folder that --checkpoint names, by default the shipped one.

    Raises:
        CheckpointError: if none was named and there is no shipped one.
    """
    if options.checkpoint is not None:
        return Path(options.checkpoint)
    folder = default_checkpoint()
    if not folder.is_dir():
        raise CheckpointError(f"No trained network in {folder}: name its folder with --checkpoint.")
    return folder


def positive(text: str) -> int:
    """A whole number above 0, for `type=`."""
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def word(text: str) -> str:
    """A text that is not empty, for `type=`."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def out_folder(text: str) -> Path:
    """A folder to write, which may not be there yet, for `type=`."""
    path = Path(word(text))
    if (path.exists() or path.is_symlink()) and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    return path


def out_file(text: str) -> Path:
    """A file to write, which may not be there yet, for `type=`; devices and links are not replaced."""
    path = Path(word(text))
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise argparse.ArgumentTypeError(f"{text!r} is a link, a folder or a device: name a file")
        folder = next(parent for parent in path.absolute().parents if parent.exists())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise argparse.ArgumentTypeError(f"{text[:80]!r} cannot be written: {reason}") from error
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: {str(folder)!r} is no folder to write to")
    return path


def png_file(text: str) -> Path:
    """A picture to write, for `type=`: a list of files behind --out must not cost the first of them."""
    path = out_file(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{text!r} must end in .png")
    return path


def table_file(text: str) -> Path:
    """A table to write, for `type=`: a list of pictures behind --out must not cost the first of them."""
    path = out_file(text)
    if has_picture_suffix(path) or path.suffix.lower() == ".zip":
        raise argparse.ArgumentTypeError(f"{text!r} has the name of a picture or an archive: name a table")
    return path


def spare(inputs: Iterable[str], out: Path) -> None:
    """Check that the file to write is none of those to read.

    Raises:
        DataError: if it is.
    """
    for name in inputs:
        with suppress(OSError, ValueError):  # of a name that cannot be read either
            if Path(name).samefile(out):
                raise DataError(f"--out {out} would replace a picture that is to be read: name another file.")


def share(text: str) -> float:
    """A number between 0 and 1, for `type=`."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return number


def pair(text: str) -> tuple[str, str]:
    """Two words around an equals sign, for `type=`."""
    first, found, second = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} has no '='")
    return first, second
