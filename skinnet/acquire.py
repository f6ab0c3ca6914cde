"""Fetch HAM10000: download with resume, verify, unpack.

    acquire(HAM10000, root=Path("data"))                            # from Harvard Dataverse, 2.8 GB
    acquire(HAM10000, root=Path("data"), mirror="http://host/ham")  # from a copy with a SHA256SUMS file

Everything lands in `root/ham10000`: `downloads/` (the archives), `images/`, `masks/` and the metadata. A call
that was stopped goes on where it was; a call that has nothing to do says so at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import stat
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from tqdm import tqdm

from skinnet.errors import AcquireError, DataError
from skinnet.files import CHUNK_BYTES, atomic_path, read_json, write_json

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = (10, 60)
ATTEMPTS = 5
MAX_WAIT_SECONDS = 60
RECEIVED_BYTES = 1 << 16
"""At most this much is lost where a connection breaks."""
RETRIED_STATUSES = (429, 500, 502, 503, 504)
MAX_MEMBERS = 200_000
MAX_UNPACKED_BYTES = 50 * 10**9
MAX_RATIO = 200
RECORD = "acquired.json"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a source: `unpack_to` names the folder for an archive's images, None for a file kept as it is."""

    name: str
    unpack_to: str | None = None


@dataclass(frozen=True)
class Source:
    """A data set: where it is, what it is called, on what terms it may be used."""

    name: str
    title: str
    doi: str
    licence: str
    citation: str
    files: tuple[RemoteFile, ...]


HAM10000 = Source(
    name="ham10000",
    title="HAM10000: 10,015 dermatoscopic images of common pigmented skin lesions",
    doi="doi:10.7910/DVN/DBW86T",
    licence="CC BY-NC 4.0",
    citation="Tschandl P, Rosendahl C, Kittler H. Scientific Data 5:180161 (2018).",
    files=(
        RemoteFile("HAM10000_metadata.csv"),
        RemoteFile("HAM10000_segmentations_lesion_tschandl.zip", "masks"),
        RemoteFile("HAM10000_images_part_1.zip", "images"),
        RemoteFile("HAM10000_images_part_2.zip", "images"),
    ),
)
SOURCES = {source.name: source for source in (HAM10000,)}
DATAVERSE = "https://dataverse.harvard.edu"


@dataclass(frozen=True)
class Download:
    """Where to get a file and what to check it against.

    Attributes:
        url: an http(s) or file address.
        checksum: "sha256:..." or "md5:...", or None where the publisher gives none for these bytes.
    """

    name: str
    url: str
    checksum: str | None


def acquire(source: Source, *, root: Path, mirror: str | None = None, dataverse: str = DATAVERSE) -> Path:
    """Fetch a source into `root / source.name`.

    Args:
        mirror: a folder, a `file://` or an `http(s)://` address that holds the files and a SHA256SUMS list.
        dataverse: address of the Dataverse to ask where no mirror is given.

    Returns:
        The folder.

    Raises:
        AcquireError: if a file cannot be had, fails its check, or is no sound archive.
    """
    folder = root / source.name
    record = _read_record(folder)
    lacking = [remote for remote in source.files if not _is_here(remote, folder, record, source)]
    if not lacking:
        log.info("%s is complete in %s: nothing to do.", source.name, folder)
        return folder
    downloads = from_mirror(source, mirror) if mirror else from_dataverse(source, dataverse)
    for download, remote in zip(downloads, source.files, strict=True):
        if remote in lacking:
            path = _place(folder, remote)
            fetch(download, path)
            unpacked = unpack(path, folder / remote.unpack_to) if remote.unpack_to else 0
            record[remote.name] = {**asdict(download), "bytes": path.stat().st_size, "pictures": unpacked}
            write_json(folder / RECORD, record)
    log.info("%s is complete in %s. Licence: %s. %s", source.name, folder, source.licence, source.citation)
    return folder


def _place(folder: Path, remote: RemoteFile) -> Path:
    return folder / "downloads" / remote.name if remote.unpack_to else folder / remote.name


def _read_record(folder: Path) -> dict[str, dict[str, Any]]:
    with contextlib.suppress(DataError):  # absent or damaged: what it would say is found out again
        return read_json(folder / RECORD, mend="")
    return {}


def _is_here(remote: RemoteFile, folder: Path, record: dict[str, dict[str, Any]], source: Source) -> bool:
    """Whether an earlier call fetched and verified a file, and all its pictures are still unpacked."""
    path = _place(folder, remote)
    if remote.name not in record or not path.exists() or path.stat().st_size != record[remote.name].get("bytes"):
        return False
    if remote.unpack_to is None:
        return True
    siblings = [other.name for other in source.files if other.unpack_to == remote.unpack_to and other.name in record]
    expected = sum(record[name].get("pictures", 0) for name in siblings)
    unpacked = folder / remote.unpack_to
    return unpacked.is_dir() and sum(1 for entry in os.scandir(unpacked) if entry.name[0] != ".") >= expected


def from_mirror(source: Source, mirror: str) -> list[Download]:
    """The files of a source on a mirror, with the checksums of its SHA256SUMS.

    Raises:
        AcquireError: if the mirror or its list lacks a file.
    """
    base = mirror.rstrip("/") if "://" in mirror else Path(mirror).resolve().as_uri()
    try:
        listing = _read_all(f"{base}/SHA256SUMS").decode()
    except (AcquireError, UnicodeDecodeError) as error:
        raise AcquireError(
            f"No SHA256SUMS on the mirror ({error}): make it there with sha256sum * > SHA256SUMS"
        ) from error
    sums = {line.split()[1].lstrip("*"): line.split()[0] for line in listing.splitlines() if len(line.split()) == 2}
    if missing := [remote.name for remote in source.files if remote.name not in sums]:
        raise AcquireError(f"{base}/SHA256SUMS does not list {missing[0]}: the mirror is incomplete.")
    return [Download(remote.name, f"{base}/{remote.name}", f"sha256:{sums[remote.name]}") for remote in source.files]


def from_dataverse(source: Source, dataverse: str) -> list[Download]:
    """Ask a Dataverse for the files of a source by name: its numeric ids change with each version.

    Tables are asked for as they were deposited (`format=original`); the published MD5 is that of Dataverse's
    own rendering, so they are not checked by it.

    Raises:
        AcquireError: if the server does not know the data set or a file of it.
    """
    address = f"{dataverse}/api/datasets/:persistentId/?persistentId={source.doi}"
    try:
        files = json.loads(_read_all(address))["data"]["latestVersion"]["files"]
        published = {Path(entry["dataFile"]["filename"]).stem: entry["dataFile"] for entry in files}
    except (ValueError, KeyError, TypeError) as error:
        raise AcquireError(f"{dataverse} answered something else than a list of files for {source.doi}.") from error
    downloads = []
    for remote in source.files:
        entry = published.get(Path(remote.name).stem)
        if entry is None:
            raise AcquireError(f"{source.doi} no longer has a file {remote.name}: see {dataverse} for what it holds.")
        url = f"{dataverse}/api/access/datafile/{entry['id']}"
        if entry["filename"].endswith(".tab"):
            downloads.append(Download(remote.name, f"{url}?format=original", None))
        else:
            downloads.append(Download(remote.name, url, f"md5:{entry['md5']}" if entry.get("md5") else None))
    return downloads


def fetch(download: Download, path: Path) -> None:
    """Download to `path`, going on from `path.part` if an earlier call was stopped, and verify.

    A file that is there and matches its checksum is kept.

    Raises:
        AcquireError: if the file cannot be had after some attempts, or its checksum differs.
    """
    if path.exists() and download.checksum and _matches(path, download.checksum):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _append(download, part)
            break
        except TRANSIENT as error:
            _wait_or_give_up(download.name, attempt, error)
    if download.checksum and not _matches(part, download.checksum):
        part.unlink()
        raise AcquireError(
            f"{download.name} does not match its published checksum: it was removed, run the command again."
        )
    part.replace(path)


def _wait_or_give_up(name: str, attempt: int, error: Exception) -> None:
    if attempt == ATTEMPTS:
        raise AcquireError(
            f"{name}: {_reason(error)}, {ATTEMPTS} times. What is here is kept: run the command again."
        ) from error
    asked = error.seconds if isinstance(error, _RetryError) else None
    wait = min(asked if asked is not None else 2.0 ** (attempt - 1), MAX_WAIT_SECONDS)
    log.warning("%s: %s; trying again in %.0f s.", name, _reason(error), wait)
    time.sleep(wait)


class _RetryError(Exception):
    """The server asks to come back later; `seconds` if it says when."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


TRANSIENT = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, _RetryError)
"""What may pass if one tries again."""


def _reason(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    return str(error) if isinstance(error, _RetryError) else "the connection broke"


def _append(download: Download, part: Path) -> None:
    """Add to `part` what it lacks."""
    body = _open(download.url, offset=part.stat().st_size if part.exists() else 0)
    if body.total is not None and shutil.disk_usage(part.parent).free < body.total - body.start:
        raise AcquireError(f"Not enough space in {part.parent}: {download.name} has {body.total / 1e9:.1f} GB.")
    bar = tqdm(desc=download.name, total=body.total, initial=body.start, unit="B", unit_scale=True)
    with part.open("r+b" if part.exists() else "wb") as file, bar:
        file.seek(body.start)
        file.truncate()
        for chunk in body.chunks:
            file.write(chunk)
            bar.update(len(chunk))
    if body.total is not None and part.stat().st_size != body.total:
        raise _RetryError(f"only {part.stat().st_size:,} of {body.total:,} bytes came")


@dataclass(frozen=True)
class _Body:
    """What a server sends: all `total` bytes of a file (None: not said) from byte `start` on."""

    total: int | None
    start: int
    chunks: Iterator[bytes]


def _open(url: str, *, offset: int) -> _Body:
    """Ask for a file from byte `offset` on; a server that cannot do that starts at 0."""
    if url.startswith("file:"):
        return _open_file(Path(url2pathname(urlsplit(url).path)), offset)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS)
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
        raise AcquireError(f"{url} is no http, https or file address.") from error
    if not response.ok:
        response.close()
    if response.status_code in RETRIED_STATUSES:
        after = response.headers.get("Retry-After", "")
        raise _RetryError(f"the server answered {response.status_code}", float(after) if after.isdigit() else None)
    if response.status_code == 416:  # nothing lies behind what is here: complete, or not this file's beginning
        return _open(url, offset=0)
    if not response.ok:
        raise AcquireError(f"{url}: the server answered {response.status_code} {response.reason}.")
    length = response.headers.get("Content-Length")
    start = offset if response.headers.get("Content-Range", "").startswith(f"bytes {offset}-") else 0
    if response.status_code == 206 and start != offset:
        response.close()
        raise _RetryError("the server sent another part than asked for")

    def chunks() -> Iterator[bytes]:
        with response:
            yield from response.iter_content(RECEIVED_BYTES)

    return _Body(start + int(length) if length else None, start, chunks())


def _open_file(path: Path, offset: int) -> _Body:
    if not path.is_file():
        raise AcquireError(f"There is no file {path}.")

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    total = path.stat().st_size
    start = offset if offset <= total else 0
    return _Body(total, start, chunks())


def _read_all(url: str) -> bytes:
    """The body of a small file, with the same attempts as a download."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return b"".join(_open(url, offset=0).chunks)
        except TRANSIENT as error:
            _wait_or_give_up(url, attempt, error)
    raise AssertionError("unreachable")


def _matches(path: Path, checksum: str) -> bool:
    algorithm, _, expected = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == expected


def unpack(archive: Path, folder: Path) -> int:
    """Unpack the pictures of a zip archive into one folder, under their own names alone.

    Folders inside the archive are dropped, so that no entry can leave `folder`. Entries are written whole or not at
    all, and those already there are passed over.

    Raises:
        AcquireError: if the archive is damaged, encrypted, a bomb, or holds a link or two files of one name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = safe_members(opened)
            _refuse_same_names(archive.name, members)
            for member in tqdm(members, f"unpacking {archive.name}", unit="file"):
                target = folder / PurePosixPath(member.filename).name
                if target.exists() and target.stat().st_size == member.file_size:
                    continue
                with atomic_path(target) as temporary, opened.open(member) as packed, temporary.open("wb") as file:
                    shutil.copyfileobj(packed, file, CHUNK_BYTES)
            return len(members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise AcquireError(
            f"{archive.name} is a damaged archive ({error}): delete {archive} and acquire again."
        ) from error


def _refuse_same_names(archive: str, members: list[zipfile.ZipInfo]) -> None:
    names = Counter(PurePosixPath(member.filename).name for member in members)
    name, count = names.most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise AcquireError(f"{archive} holds two files named {name}: refused.")


def safe_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in an archive, hidden ones left out, after checking that it is safe to read.

    Raises:
        AcquireError: if it is encrypted, holds a link, or would unpack to more than the limits.
    """
    name = Path(archive.filename or "archive").name
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not PurePosixPath(member.filename).name.startswith(".")
        and "__MACOSX" not in PurePosixPath(member.filename).parts
    ]
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * max(packed, 1):
        raise AcquireError(f"{name} would unpack to {len(members):,} files of {unpacked / 1e9:.1f} GB: refused.")
    for member in members:
        if member.flag_bits & 1:
            raise AcquireError(f"{name} is encrypted: unpack it yourself.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise AcquireError(f"{name} holds a link ({member.filename}): refused.")
    return members
