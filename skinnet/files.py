"""Files that are either whole or absent: atomic writes, JSON, one writer at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skinnet.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

CHUNK_BYTES = 1 << 20


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait until no other process is inside with the same lock file; a process that dies lets go of it.

    On Windows nothing waits.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files, at any depth, of a run that was killed while it wrote."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON atomically; a not-a-number is an error, since JSON has none."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path, *, mend: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        DataError: if it is missing or damaged, with `mend` as the advice.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is missing or damaged: {mend}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} is damaged: {mend}.")
    return content


def write_table(table: pd.DataFrame, path: Path, **options: Any) -> None:
    """Write a CSV file atomically, without row names; `options` are those of pandas."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", **options)


def read_table(path: Path, *, mend: str, **options: Any) -> pd.DataFrame:
    """Read a CSV file; `options` are those of pandas.

    Raises:
        DataError: if it is no CSV, with `mend` as the advice.
    """
    import pandas as pd  # slow to import, and acquire does without

    try:
        table: pd.DataFrame = pd.read_csv(path, **options)
    except ValueError as error:  # pandas' own errors are ValueErrors too
        raise DataError(f"{path} is damaged: {mend}.") from error
    return table
