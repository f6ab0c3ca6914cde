"""The command line: python -m skinnet COMMAND. Each command has --help.

Exit codes: 0 done; 1 an error, explained in one line; 2 wrong use; 3 some pictures could not be read, or the gate
refused the picture to explain; 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence

from skinnet import __version__
from skinnet.cli.options import DONE, FAILED, STOPPED
from skinnet.cli.registry import add_commands
from skinnet.cores import limit_threads
from skinnet.errors import SkinnetError, printable
from skinnet.labels import DISCLAIMER


def parser() -> argparse.ArgumentParser:
    """Build the parser with all commands and their options."""
    main = argparse.ArgumentParser(
        prog="skinnet",
        description="Detect skin cancer in dermatoscopic photos: from raw data to a classified picture.",
        epilog=f"The usual order: acquire, prepare, train, release, predict. {DISCLAIMER}",
    )
    main.add_argument("--version", action="version", version=f"skinnet {__version__}")
    add_commands(main.add_subparsers(title="commands", metavar="COMMAND", required=True))
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a console's code page lacks is written as an escape
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    quiet = getattr(options, "quiet", False)
    logging.getLogger("skinnet").setLevel(logging.ERROR if quiet else logging.INFO)
    warnings.filterwarnings("ignore", module="PIL")  # of damaged pictures, which get their own sentence
    try:
        code: int = options.command(options)
        return code
    except SkinnetError as error:
        print(f"skinnet: {printable(str(error))}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("skinnet: interrupted. Run acquire, prepare or train --resume again to continue.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        where = printable(str(error.filename or "System error"))
        print(f"skinnet: {where}: {error.strerror or error}", file=sys.stderr)
        return FAILED


def run() -> None:
    """Entry point of the console script."""
    limit_threads()
    sys.exit(main())


if __name__ == "__main__":
    run()
