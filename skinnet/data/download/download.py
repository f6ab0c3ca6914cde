"""Download a file: resume, retry where that may help, verify.

    with new_session() as session:
        fetch(Download("a.zip", "https://host/a.zip", "sha256:..."), Path("a.zip"), session=session)

The part received so far stays in `a.zip.part`, beside the headers that identify its version
(`a.zip.part.json`), so that a file which changed on the server is not glued together from two versions.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm

from skinnet.data.download.http import TRANSIENT, RetryError, Version, open_url
from skinnet.errors import AcquireError, DataError
from skinnet.files import digest, read_json, write_json
from skinnet.progress import progress

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""This many in a row that bring nothing end a download."""
MISMATCHES = 3
BACKOFF_SECONDS = 1.0
MAX_WAIT_SECONDS = 300.0
SPARE_BYTES = 10_000_000

Pause = Callable[[float], object]


@dataclass(frozen=True)
class Download:
    """The address of a file and its checksum.

    Attributes:
        url: an http(s) or file address.
        checksum: "sha256:..." or "md5:...", or None where the publisher gives none for these bytes.
        bytes: its size, or None where the publisher does not say.
    """

    name: str
    url: str
    checksum: str | None = None
    bytes: int | None = None


def fetch(
    download: Download,
    path: Path,
    *,
    session: requests.Session,
    parts: Path | None = None,
    bar: bool = True,
    pause: Pause = time.sleep,
) -> None:
    """Download to `path` and verify; a file that is there and matches stays.

    Args:
        parts: folder of the unfinished file (default: that of `path`).
        bar: whether to show the bytes come in.
        pause: waits that many seconds; may raise to stop.

    Raises:
        AcquireError: if the file cannot be had after some attempts, or is not what its checksum says.
    """
    if path.exists() and _is_whole(path, download):
        return
    part = (parts or path.parent) / f"{path.name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    patience = Patience(download.name, pause)
    with progress(None, download.name, hide=not bar, unit="B", unit_scale=True) as shown:
        while True:
            before = _size(part)
            try:
                _append(download, part, session, shown)
                _verify(download, part)
                break
            except TRANSIENT as error:
                shown.clear()
                patience.lose(error, progressed=_size(part) > before)
    part.replace(path)
    _version_path(part).unlink(missing_ok=True)


def read_all(url: str, *, session: requests.Session, pause: Pause = time.sleep) -> bytes:
    """Read a small file, with the same retries as a download."""
    patience = Patience(url, pause)
    while True:
        try:
            with open_url(url, session=session) as body:
                content = b"".join(body.chunks)
                if body.total is not None and len(content) != body.total:
                    raise RetryError(f"only {len(content):,} of {body.total:,} bytes came")
                return content
        except TRANSIENT as error:
            patience.lose(error)


class _MismatchError(RetryError):
    """All bytes arrived, but they do not match the checksum."""


class Patience:
    """A count of failed attempts with growing pauses; progress resets it."""

    def __init__(self, name: str, pause: Pause) -> None:
        self.name = name
        self.pause = pause
        self.failed = 0
        self.mismatches = 0

    def lose(self, error: Exception, *, progressed: bool = False) -> None:
        """Wait before the next attempt.

        Raises:
            AcquireError: if there should be none.
        """
        self.failed = 1 if progressed else self.failed + 1
        self.mismatches += isinstance(error, _MismatchError)
        if self.mismatches == MISMATCHES:
            raise AcquireError(f"{self.name}: {error}, {MISMATCHES} times: name a good copy with --mirror.") from error
        if self.failed == ATTEMPTS:
            reason = f"{self.name}: {_reason(error)}, {ATTEMPTS} times"
            raise AcquireError(f"{reason}. What is here is kept: run the command again.") from error
        seconds = error.seconds if isinstance(error, RetryError) else None
        wait = BACKOFF_SECONDS * 2 ** (self.failed - 1) if seconds is None else seconds
        if wait > MAX_WAIT_SECONDS:
            raise AcquireError(f"{self.name}: the server is busy: run the command again in {wait / 60:.0f} minutes.")
        log.warning("%s: %s; trying again in %.0f s.", self.name, _reason(error), wait)
        self.pause(wait)


def _reason(error: Exception) -> str:
    if isinstance(error, RetryError):
        return str(error)
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate was refused"
    return "the connection broke"


def _append(download: Download, part: Path, session: requests.Session, bar: tqdm[Any]) -> None:
    """Append the missing rest to `part`."""
    version = _read_version(part)
    offset = _size(part) if version != Version() or download.checksum else 0
    if offset and offset == download.bytes:
        return
    with open_url(download.url, session=session, offset=offset, version=version) as body:
        if download.bytes is not None and body.total not in (None, download.bytes):
            raise RetryError(f"the server offers {body.total:,} bytes instead of {download.bytes:,}")
        total = download.bytes or body.total
        check_space(part.parent, (total or 0) - body.start, download.name)
        with part.open("r+b" if part.exists() else "wb") as file:
            file.truncate(body.start)
            file.seek(body.start)
            if body.start == 0:
                write_json(_version_path(part), asdict(body.version))
            bar.total, bar.initial, bar.n, bar.last_print_n = total, body.start, body.start, body.start
            for chunk in body.chunks:
                file.write(chunk)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())  # the rename that follows must not outlive the bytes
    if total is not None and _size(part) < total:
        raise RetryError(f"only {_size(part):,} of {total:,} bytes came")


def check_space(folder: Path, needed: int, name: str) -> None:
    """Raise AcquireError if `needed` bytes for `name` do not fit on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        raise AcquireError(
            f"Not enough space in {folder}: {name} needs {needed / 1e9:.2f} GB and {free / 1e9:.2f} GB are free: "
            "free some, or name another disk with --root."
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _version_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_version(part: Path) -> Version:
    with contextlib.suppress(DataError, TypeError):  # absent or damaged: as if there were none
        return Version(**read_json(_version_path(part), advice=""))
    return Version()


def _is_whole(path: Path, download: Download) -> bool:
    if download.bytes is not None and _size(path) != download.bytes:
        return False
    return matches(path, download.checksum) if download.checksum else download.bytes is not None


def _verify(download: Download, part: Path) -> None:
    if not _is_whole(part, Download(download.name, download.url, download.checksum, download.bytes or _size(part))):
        part.unlink()
        raise _MismatchError("what came does not match the published checksum")


def matches(path: Path, checksum: str) -> bool:
    """Tell whether a file has a checksum such as "md5:..."."""
    algorithm, _, expected = checksum.partition(":")
    return digest(path, algorithm) == expected.lower()
