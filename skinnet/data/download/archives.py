"""Unpack pictures from a ZIP archive, safely.

    unpack(Path("images.zip"), Path("images"), suffix=".jpg")

No entry can leave the folder, links and archives that would fill the disk are refused, and each file is whole or
absent.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skinnet.data.download.download import check_space
from skinnet.errors import AcquireError
from skinnet.files import CHUNK_BYTES, atomic_path
from skinnet.progress import progress

MAX_MEMBERS = 200_000
MAX_UNPACKED_BYTES = 50 * 10**9
MAX_RATIO = 200


def unpack(archive: Path, folder: Path, *, suffix: str | tuple[str, ...] = "") -> None:
    """Unpack the files with a suffix (default: all) into one folder, without the folders inside it.

    Folders inside the archive are dropped. Files already there in their full size are passed over.

    Raises:
        AcquireError: if the archive is damaged, encrypted, a bomb, or holds a link or two files of one name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(archive) as opened:
        lacking = _lacking(_targets(opened, suffix), folder)
        check_space(folder, sum(member.file_size for member in lacking.values()), archive.name)
        for name, member in progress(lacking.items(), f"unpacking {archive.name}", unit="file"):
            with atomic_path(folder / name) as temporary, opened.open(member) as packed, temporary.open("wb") as file:
                shutil.copyfileobj(packed, file, CHUNK_BYTES)


def is_unpacked(archive: Path, folder: Path, *, suffix: str | tuple[str, ...] = "") -> bool:
    """Tell whether every file of an archive lies in a folder in its full size."""
    with _opened(archive) as opened:
        return not _lacking(_targets(opened, suffix), folder)


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise AcquireError(
            f"{archive.name} is a damaged archive ({error}): delete {archive} and acquire again."
        ) from error


def _targets(archive: zipfile.ZipFile, suffix: str | tuple[str, ...]) -> dict[str, zipfile.ZipInfo]:
    """The entries with a suffix, by their name on disk."""
    members = [member for member in safe_members(archive) if member.filename.lower().endswith(suffix)]
    names = [_flat_name(member) for member in members]
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise AcquireError(f"{Path(archive.filename or '').name} holds two files named {twice}: refused.")
    return dict(zip(names, members, strict=True))


def _lacking(targets: dict[str, zipfile.ZipInfo], folder: Path) -> dict[str, zipfile.ZipInfo]:
    if not folder.is_dir():
        return targets
    with os.scandir(folder) as entries:
        sizes = {entry.name: entry.stat().st_size for entry in entries if entry.name in targets}
    return {name: member for name, member in targets.items() if sizes.get(name) != member.file_size}


def safe_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """List the files in an archive, without hidden ones, after checking that it is safe to read.

    Raises:
        AcquireError: if it is encrypted, holds a link, or would unpack to more than the limits.
    """
    name = Path(archive.filename or "archive").name
    members = [member for member in archive.infolist() if not member.is_dir() and not _is_hidden(member)]
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * _packed(archive, members):
        raise AcquireError(f"{name} would unpack to {len(members):,} files of {unpacked / 1e9:.1f} GB: refused.")
    for member in members:
        if member.flag_bits & 1:
            raise AcquireError(f"{name} is encrypted: unpack it yourself.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise AcquireError(f"{name} holds a link ({member.filename}): refused.")
    return members


def _flat_name(member: zipfile.ZipInfo) -> str:
    return member.filename.rpartition("/")[2]  # pathlib would take most of the time of a rerun


def _is_hidden(member: zipfile.ZipInfo) -> bool:
    return _flat_name(member).startswith(".") or "__MACOSX" in member.filename.split("/")


def _packed(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> int:
    """Packed bytes; never more than the archive has, so that entries which share bytes are not counted twice."""
    claimed = sum(member.compress_size for member in members)
    return max(1, min(claimed, Path(archive.filename).stat().st_size) if archive.filename else claimed)
