"""The command line: python -m skinnet COMMAND. Each command has --help.

Exit codes: 0 done; 1 an error, told in one line; 2 wrong use; 3 some pictures could not be judged; 130 stopped.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from skinnet import __version__
from skinnet.cli import data, evaluation, photos, training
from skinnet.errors import SkinnetError
from skinnet.labels import DISCLAIMER

STOPPED = 130


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(
        prog="skinnet",
        description="Detect skin cancer in dermatoscopic photos: from raw data to a judged picture.",
        epilog=f"The usual order: acquire, prepare, train, release, predict. {DISCLAIMER}",
    )
    main.add_argument("--version", action="version", version=f"skinnet {__version__}")
    commands = main.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (data, training, evaluation, photos):
        group.add(commands)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    quiet = getattr(options, "quiet", False)
    logging.getLogger("skinnet").setLevel(logging.ERROR if quiet else logging.INFO)
    try:
        code: int = options.command(options)
        return code
    except SkinnetError as error:
        print(f"skinnet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("skinnet: stopped. acquire, prepare and train --resume go on where they were.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"skinnet: {error.filename or 'The system says'}: {error.strerror or error}", file=sys.stderr)
        return 1


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
