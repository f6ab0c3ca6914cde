"""Files that are either whole or absent: atomic writes, JSON and dataclasses from it, one writer at a time."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin, get_type_hints

from skinnet.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

CHUNK_BYTES = 1 << 20
LOCK = ".lock"
"""Held by the process that writes into a folder."""
T = TypeVar("T")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with naming(path):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add a file to a system error that names none: a full disk does not say what it has no room for."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file, which is made if need be; a process that dies lets go of it.

    Args:
        wait: until no other process holds it.

    Raises:
        DataError: if another process holds it, unless `wait`.
    """
    from filelock import FileLock, Timeout  # slow to import, and a photo's way does without

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise DataError(f"Another skinnet is at work in {path.parent}: wait until it is done, or stop it.") from error
    try:
        yield
    finally:
        lock.release()


def remove_leftovers(folder: Path, *, deep: bool = True) -> None:
    """Remove the temporary files, at any depth unless told so, of a run that was killed while it wrote."""
    pattern = ".*.[0-9]*.tmp"  # of `atomic_path`, and not any file that a user may have there
    for path in folder.rglob(pattern) if deep else folder.glob(pattern):
        path.unlink(missing_ok=True)


def digest(path: Path, algorithm: str = "sha256") -> str:
    """The checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON atomically; a not-a-number is an error, since JSON has none."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path, *, advice: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        DataError: if it is missing or damaged; its message ends with `advice`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is missing or damaged: {advice}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} is damaged: {advice}.")
    return content


def write_table(table: pd.DataFrame, path: Path, **options: Any) -> None:
    """Write a CSV file atomically, without row names; `options` are those of pandas."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", **options)


def read_table(path: Path, *, advice: str, needs: Sequence[str] = (), **options: Any) -> pd.DataFrame:
    """Read a CSV file of skinnet's own; `options` are those of pandas.

    Raises:
        DataError: if it is not CSV, or lacks a column that it `needs`; its message ends with `advice`.
    """
    import pandas as pd  # slow to import, and acquire does without

    try:
        table: pd.DataFrame = pd.read_csv(path, **options)
    except ValueError as error:  # pandas' own errors are ValueErrors too
        raise DataError(f"{path} is damaged: {advice}.") from error
    if missing := [name for name in needs if name not in table]:
        raise DataError(f"{path} lacks the column {missing[0]}: {advice}.")
    return table


def structured(kind: type[T], content: Any) -> T:
    """Build a dataclass from JSON: the way back from `dataclasses.asdict`.

    Dataclasses inside it, lists, tuples and dictionaries are built too. Keys without a field are passed over.

    Raises:
        KeyError: if a key is missing.
        TypeError, ValueError: if a value has another type, or is not a finite number.
    """
    if not isinstance(content, dict):
        raise TypeError(f"{kind.__name__} is not an object")
    hints = _hints(cast(Any, kind))
    return kind(
        **{field.name: _value(hints[field.name], content[field.name], field.name) for field in fields(cast(Any, kind))}
    )


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, content: Any, name: str) -> Any:
    """`content` as the type that `hint` asks for."""
    if hint is Any:
        return content
    if isinstance(hint, types.UnionType):
        chosen = next(kind for kind in get_args(hint) if kind is not types.NoneType)
        return None if content is None else _value(chosen, content, name)
    if is_dataclass(hint):
        return structured(cast(type, hint), content)
    if get_origin(hint) in (list, tuple):
        return _sequence(hint, content, name)
    if get_origin(hint) is dict:
        if not isinstance(content, dict):
            raise TypeError(f"{name} is not an object")
        return {key: _value(get_args(hint)[1], each, name) for key, each in content.items()}
    return _plain(hint, content, name)


def _sequence(hint: Any, content: Any, name: str) -> Any:
    if not isinstance(content, list | tuple):
        raise TypeError(f"{name} is not a list")
    kinds = get_args(hint)
    if get_origin(hint) is list or kinds[1:] == (...,):
        kinds = (kinds[0],) * len(content)
    if len(kinds) != len(content):
        raise ValueError(f"{name} has {len(content)} values, not {len(kinds)}")
    values = [_value(kind, each, name) for kind, each in zip(kinds, content, strict=True)]
    return values if get_origin(hint) is list else tuple(values)


def _plain(hint: type, content: Any, name: str) -> Any:
    """A text, number or truth value."""
    if hint is float and type(content) is int:
        content = float(content) if abs(content) < sys.maxsize else math.inf
    if hint in (str, int, float, bool) and type(content) is not hint:
        raise TypeError(f"{name} is {type(content).__name__}, not {hint.__name__}")
    if hint is float and not math.isfinite(content):
        raise ValueError(f"{name} is not finite")
    return content
