"""Find the pictures that paths lead to: files, folders and ZIP archives.

    with ExitStack() as archives:
        pictures = find_pictures(["photos", "more.zip"], archives, passed_over=Counter())

Whatever cannot be read becomes a picture whose `read` says why, so that nothing is lost and nothing stops the others.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from skinnet.data.download.archives import safe_members
from skinnet.errors import AcquireError, PhotoError
from skinnet.images.source import DICOM_MARK, MAX_FILE_BYTES, has_picture_suffix, is_dicom, open_regular, unreadable

LEFTOVERS = ("thumbs.db", ".ds_store", "desktop.ini")
"""Files that operating systems leave in folders, in lower case; macOS also leaves `__MACOSX` and `._name`."""
METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES"}
"""Compression methods of ZIP archives that Python's zipfile lacks, by number."""
UTF8_NAME = 0x800
"""The flag of an entry whose name is UTF-8; other names are read as code page 437."""


@dataclass(frozen=True)
class Picture:
    """A picture that was found.

    Attributes:
        name: its path, or that of its archive and its name there.
        read: gets its bytes or its path, or raises PhotoError.
        file: on disk, the picture itself or its archive; None where there is none.
    """

    name: str
    read: Callable[[], bytes | Path]
    file: Path | None


def find_pictures(paths: Iterable[str | Path], archives: ExitStack, *, passed_over: Counter[str]) -> list[Picture]:
    """Find the pictures that `paths` lead to, in their order; `passed_over` counts the other files by kind."""
    return [picture for path in paths for picture in pictures_at(path, archives, passed_over=passed_over)]


def pictures_at(path: str | Path, archives: ExitStack, *, passed_over: Counter[str] | None = None) -> Iterator[Picture]:
    """Find the pictures that a path leads to.

    Args:
        path: a picture (of any name), a folder (searched for pictures and archives) or a ZIP archive.
        archives: what holds archives open until it is left.
        passed_over: counts the files that are no pictures, by kind.
    """
    passed_over = Counter() if passed_over is None else passed_over
    name = str(path)
    if not name:
        yield _refused(name, "The name of the file is empty.")
        return
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # reading it will say why
        mode = 0
    if stat.S_ISDIR(mode):
        yield from _in_folder(path, archives, passed_over)
    elif stat.S_ISREG(mode) and path.suffix.lower() == ".zip":
        yield from _in_archive(path, archives, passed_over)
    else:
        yield Picture(name, partial(Path, path), path)


def _in_folder(folder: Path, archives: ExitStack, passed_over: Counter[str]) -> Iterator[Picture]:
    errors: list[OSError] = []
    found: list[Path] = []
    for where, folders, files in os.walk(folder, onerror=errors.append):
        passed_over["linked folder"] += sum(Path(where, name).is_symlink() for name in folders)
        folders[:] = [name for name in folders if name != "__MACOSX"]
        found += [Path(where, name) for name in files if not _is_leftover(name)]
    refused = {Path(error.filename): unreadable(error) for error in errors}
    for path in sorted([*found, *refused]):
        if path in refused:
            yield _refused(str(path), refused[path].replace("The file", "The folder", 1))
        elif has_picture_suffix(path) or (not path.suffix and _is_dicom_file(path)):
            yield Picture(str(path), partial(Path, path), path)
        elif path.suffix.lower() == ".zip" and path.is_file():
            yield from _in_archive(path, archives, passed_over)
        else:
            passed_over[_kind(path.name)] += 1


def _is_leftover(name: str) -> bool:
    return name.startswith("._") or name.lower() in LEFTOVERS


def _is_dicom_file(path: Path) -> bool:
    """DICOM files often have no suffix."""
    try:
        with open_regular(path) as file:
            return is_dicom(file.read(DICOM_MARK.stop))
    except (OSError, PhotoError):
        return False


def _kind(name: str) -> str:
    return PurePosixPath(name).suffix.lower() or "without a suffix"


def _in_archive(path: Path, archives: ExitStack, passed_over: Counter[str]) -> Iterator[Picture]:
    try:
        archive = archives.enter_context(zipfile.ZipFile(path))
        members = safe_members(archive)
    except AcquireError as error:
        yield _refused(str(path), f"The archive cannot be read: {error}", path)
        return
    except OSError as error:
        yield _refused(str(path), unreadable(error).replace("The file", "The archive", 1), path)
        return
    except Exception:  # zipfile raises anything on damaged archives, and one must not stop the others
        yield _refused(str(path), "The archive cannot be read: it is damaged, or no ZIP archive.", path)
        return
    for member in members:
        name = _member_name(member)
        if _is_leftover(PurePosixPath(name).name):
            continue
        if has_picture_suffix(name):
            yield Picture(f"{path}/{name}", partial(_unpacked, archive, member), path)
        else:
            passed_over[f"{_kind(name)} in an archive"] += 1


def _member_name(member: zipfile.ZipInfo) -> str:
    """The name of an entry; many programs write UTF-8 without saying so."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(MAX_FILE_BYTES + 1)
    except NotImplementedError as error:
        method = METHODS.get(member.compress_type, f"method {member.compress_type}")
        raise PhotoError(
            f"The picture is packed by {method}, which skinnet cannot unpack: unpack the archive and name the folder."
        ) from error
    except Exception as error:  # see above
        raise PhotoError("The picture is damaged inside its archive.") from error


def _refused(name: str, reason: str, file: Path | None = None) -> Picture:
    return Picture(name, partial(_refuse, reason), file)


def _refuse(reason: str) -> bytes:
    raise PhotoError(reason)
