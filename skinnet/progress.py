"""One bar for long work: `with progress(items, "unpacking", unit="file") as bar`.

The bar shows where the log of skinnet shows: not with `--quiet`, and not in a program that set up no logging. In a log
file, work of more than a minute writes a line a minute.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

LINE_SECONDS = 60.0


class _Lines:
    """What a bar writes to for a log file: each state becomes a line, and nothing is overwritten."""

    def write(self, text: str) -> None:
        if line := text.strip():
            sys.stderr.write(f"{line}\n")

    def flush(self) -> None:
        sys.stderr.flush()


def progress(items: Iterable[Any] | None, title: str, *, hide: bool = False, **options: Any) -> tqdm[Any]:
    """A tqdm bar with rate and time left, hidden if told so; `options` are those of tqdm."""
    silent = not logging.getLogger("skinnet").isEnabledFor(logging.INFO)
    if not sys.stderr.isatty():
        options |= {"file": _Lines(), "ascii": True, "delay": LINE_SECONDS}
        options |= {"mininterval": LINE_SECONDS, "maxinterval": LINE_SECONDS}
    return tqdm(items, title, disable=hide or silent, **options)
