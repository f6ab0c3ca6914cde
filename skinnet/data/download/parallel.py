"""Download many small files in parallel, and report each failure.

fetch_all(downloads, Path("data/isic/images"), folder=Path("data/isic"), renew=None)
"""

from __future__ import annotations

import csv
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import requests

from skinnet.data.download.download import Download, Pause, fetch
from skinnet.data.download.http import StatusError, new_session
from skinnet.errors import AcquireError
from skinnet.files import atomic_path
from skinnet.progress import progress

log = logging.getLogger(__name__)

WORKERS = 8
FAILURES = "failures.csv"
NAMED_FAILURES = 5
EXPIRED = 403
"""The status of an address that was signed for some hours only."""

Renew = Callable[[Download, requests.Session], Download]


class _StoppedError(Exception):
    """Another thread asked to stop."""


def fetch_all(
    downloads: list[Download], images: Path, *, folder: Path, renew: Renew, skip_failed: bool = False
) -> list[Download]:
    """Download into `images`; existing files stay, and a failure does not stop the others.

    Args:
        folder: gets `downloads/` with what is unfinished, and `failures.csv` if something failed.
        renew: asks for a new address where one has expired.

        skip_failed: finish without those that cannot be had.

    Returns:
        Those that are there.

    Raises:
        AcquireError: if some failed and may not be skipped, naming how many and the first.
    """
    failures: dict[str, tuple[str, str]] = {}
    with _workers() as (pool, session, pause):

        def get(download: Download) -> None:
            path, parts = images / download.name, folder / "downloads"
            fetch(download, path, session=session(), parts=parts, bar=False, pause=pause)

        def work(download: Download) -> None:
            try:
                get(download)
            except StatusError as error:
                if error.status != EXPIRED:
                    raise
                get(renew(download, session()))

        futures = {pool.submit(work, download): download for download in downloads}
        for future in progress(as_completed(futures), "pictures", total=len(futures), unit="picture"):
            if error := _failure(future):
                failures[futures[future].name] = (futures[future].url, error)
    _report(failures, len(downloads), folder, skip=skip_failed)
    return [download for download in downloads if download.name not in failures]


def _failure(future: Future[None]) -> str:
    try:
        future.result()
    except (AcquireError, OSError) as error:
        return str(error)
    return ""


@contextmanager
def _workers() -> Iterator[tuple[ThreadPoolExecutor, Callable[[], requests.Session], Pause]]:
    """A thread pool with a session for each thread, and a pause that ends when the pool is left early."""
    stop, own, sessions = threading.Event(), threading.local(), list[requests.Session]()

    def session() -> requests.Session:
        if not hasattr(own, "session"):
            own.session = new_session()
            sessions.append(own.session)
        return own.session  # type: ignore[no-any-return]

    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise _StoppedError

    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="download")
    try:
        yield pool, session, pause
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        for opened in sessions:
            opened.close()


def _report(failures: dict[str, tuple[str, str]], total: int, folder: Path, *, skip: bool) -> None:
    path = folder / FAILURES
    if not failures:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "url", "error"])
        writer.writerows([Path(name).stem, *failures[name]] for name in sorted(failures))
    first = ", ".join(Path(name).stem for name in sorted(failures)[:NAMED_FAILURES])
    told = f"{len(failures):,} of {total:,} pictures failed, such as {first}; all are in {path}."
    if not skip or len(failures) == total:
        raise AcquireError(f"{told} The others are kept: run the command again, or finish with --skip-failed.")
    log.warning("%s They are left out.", told)
