"""Run every benchmark of speed and keep its table in docs/performance.md: make bench

    python benchmarks/bench.py [NAME ...]

A benchmark is a module of this folder with a function `rows()`; its table stands in the page below a comment with its
name. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

import torch

from benchmarks.timing import table
from skinnet.device import describe
from skinnet.files import write_text

PAGE = PROJECT / "docs" / "performance.md"
NAMES = ("verdict", "folder", "app", "start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES, help=f"of {', '.join(NAMES)} (default: all)")
    for name in parser.parse_args().names:
        printed = table(import_module(f"benchmarks.{name}").rows())
        machine = f"{datetime.now(UTC):%Y-%m-%d}, {describe(torch.device('cpu'))}, torch {torch.__version__}."
        print(f"{name}: {machine}\n{printed}\n", flush=True)
        kept = f"<!-- {name} -->\n{machine}\n\n{printed}\n<!-- end -->"
        page = PAGE.read_text(encoding="utf-8")
        write_text(PAGE, re.sub(rf"<!-- {name} -->.*?<!-- end -->", lambda _: kept, page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
