"""The rows of a batch on disk while it runs, so that one that was stopped or killed goes on where it was.

    with SavedRows.open(Path("table.csv.part"), checkpoint=folder, resume=True) as saved:
        if not saved.find(picture):
            saved.add(picture, predict_picture(classifier, picture))

The file holds a JSON line that names the checkpoint, then one for each picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from skinnet.checkpoint import CONFIG, CONFORMAL, GATE
from skinnet.errors import DataError
from skinnet.files import digest, naming
from skinnet.inference.pictures import Picture

Stamp = list[int]
"""Bytes and time of a file: where they differ, it is another one."""


@dataclass(frozen=True)
class SavedRows:
    """Rows by the names of their pictures, and the open file that keeps them."""

    file: TextIO
    rows: dict[str, tuple[Stamp, dict[str, Any]]]

    @staticmethod
    @contextmanager
    def open(path: Path, *, checkpoint: Path, resume: bool) -> Iterator[SavedRows]:
        """Open the file; without `resume` it begins anew.

        Raises:
            DataError: if its rows come from another checkpoint.
        """
        names = [name for name in (CONFIG, GATE, CONFORMAL) if (checkpoint / name).is_file()]
        settings = {name: digest(checkpoint / name) for name in names}
        lines = _lines(path) if resume else []
        if lines and lines[0] != settings:
            raise DataError(f"{path} comes from another checkpoint: delete it, or leave --resume away.")
        rows = {str(name): (stamp, row) for name, stamp, row in lines[1:]}
        path.parent.mkdir(parents=True, exist_ok=True)
        with naming(path), path.open("a" if lines else "w", encoding="utf-8", newline="\n") as file:
            saved = SavedRows(file, rows)
            file.write("\n" if lines else "")  # ends a line that was cut off by a kill
            if not lines:
                saved._write(settings)
            yield saved

    def find(self, picture: Picture) -> dict[str, Any] | None:
        """The row of a picture that was classified and has not changed; None otherwise."""
        stamp, row = self.rows.get(picture.name, ([], {}))
        return row if row and not row["error"] and stamp == _stamp(picture) else None

    def add(self, picture: Picture, row: dict[str, Any]) -> None:
        """Save a row at once."""
        self._write([picture.name, _stamp(picture), row])

    def _write(self, content: Any) -> None:
        self.file.write(json.dumps(content) + "\n")
        self.file.flush()


def _stamp(picture: Picture) -> Stamp:
    try:
        status = picture.file.stat() if picture.file else None
    except (OSError, ValueError):
        status = None
    return [status.st_size, status.st_mtime_ns] if status else []


def _lines(path: Path) -> list[Any]:
    """Read the lines that are whole."""
    lines = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):  # cut off by a kill
                lines.append(json.loads(line))
        if not all(isinstance(row, dict) and "error" in row for _, _, row in lines[1:]):
            raise ValueError
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} is damaged: delete it, or leave --resume away.") from error
    return lines
