"""The folder for visitors' files: it goes with the process, and the next start removes what a killed one left.

with private_folder() as folder:
    sweep(folder, older_than=KEPT_SECONDS)  # now and then

Call `stop_on_signals` first, so that a closed terminal or a stopped container ends the process in the ordinary way.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from skinnet.errors import DataError
from skinnet.files import exclusive

PREFIX = "skinnet-"
LOCK = "in-use.lock"
KEPT_SECONDS = 600
"""Visitors' files are deleted this long after they were last written."""
STOPPING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""Windows knows only the first two."""


def stop_on_signals() -> None:
    """Exit on any signal that stops a program, once: the next ones do not interrupt the cleaning up.

    Signals that are ignored, as by nohup, stay so.
    """
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    handled = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]

    def stop(*_: Any) -> None:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)
        sys.exit()

    for number in handled:
        signal.signal(number, stop)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a temporary folder of this process, and remove those whose process has died."""
    remove_orphans()
    temporary = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
    with temporary as name, exclusive(Path(name) / LOCK):
        yield Path(name)


def remove_orphans() -> None:
    """Remove this user's folders of processes that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = folder / LOCK
        with suppress(OSError, DataError):
            if folder.is_symlink() or not lock.is_file() or not _is_ours(folder):
                continue
            with exclusive(lock):
                pass
            shutil.rmtree(folder)


def _is_ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def sweep(folder: Path, *, older_than: float) -> None:
    """Delete the files in a folder that were last written so many seconds ago, and folders that are then empty."""
    limit = time.time() - older_than
    for path in sorted(folder.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):  # a folder that is not empty, or a file that another thread has deleted
            if path.name == LOCK or path.lstat().st_mtime > limit:
                continue
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
