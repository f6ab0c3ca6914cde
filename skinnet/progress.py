"""One bar for long work: `with progress(items, "unpacking", unit="file") as bar`.

The bar shows where the log of skinnet shows: not with `--quiet`, and not in a program that set up no logging.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress(items: Iterable[Any] | None, title: str, *, hide: bool = False, **options: Any) -> tqdm[Any]:
    """A tqdm bar with rate and time left, hidden if told so; `options` are those of tqdm."""
    silent = not logging.getLogger("skinnet").isEnabledFor(logging.INFO)
    return tqdm(items, title, disable=hide or silent, **options)
