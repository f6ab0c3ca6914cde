"""Take a data set from a folder without checksums: as Kaggle offers HAM10000, or as a browser downloaded it.

    found = local_files(HAM10000, "kaggle")          # None where the mirror is no folder, or has a SHA256SUMS list
    files = copy_unpacked(HAM10000, found, Path("data/ham10000"))

Kaggle's HAM10000 has two folders in place of archives, HAM10000_images_part_1 and HAM10000_images_part_2.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from skinnet.data.download.archives import unpack
from skinnet.data.download.download import check_space
from skinnet.data.download.sources import RemoteFile, Source
from skinnet.errors import AcquireError
from skinnet.files import atomic_path
from skinnet.progress import progress

log = logging.getLogger(__name__)

SUMS = "SHA256SUMS"
UNPACKED = "an unpacked copy"
"""The variant of such a data set in its manifest."""


def local_files(source: Source, mirror: str) -> dict[str, Path] | None:
    """Find the files of a source in a folder and its subfolders, by name; None if the folder has checksums.

    For an archive it may be a folder of that name with its pictures; a table may end with .tab or .txt.
    """
    folder = Path(url2pathname(urlsplit(mirror).path) if mirror.startswith("file:") else mirror)
    if not folder.is_dir() or (folder / SUMS).exists():
        return None
    found = sorted((path for path in folder.rglob("*") if path.is_file() or path.is_dir()), reverse=True)
    here = {path.name.casefold(): path for path in found}  # the uppermost is last
    return {remote.name: here[name] for remote in source.files for name in reversed(_names(remote)) if name in here}


def _names(remote: RemoteFile) -> list[str]:
    """The names that a file may have on a user's disk, the best first."""
    name = remote.name.casefold()
    stem = name.rpartition(".")[0]
    return [name, stem] if remote.unpack_to else [name, f"{stem}.tab", f"{stem}.txt"]


def copy_unpacked(source: Source, found: Mapping[str, Path], folder: Path) -> dict[str, dict[str, int]]:
    """Copy pictures and tables into the folder of the data set; return their sizes by path inside it.

    Raises:
        AcquireError: if tables or pictures are missing.
    """
    copies: dict[str, Path] = {}
    for remote in source.files:
        path = found.get(remote.name)
        if path is not None and path.is_dir():
            pictures = (each for each in sorted(path.rglob("[!.]*")) if each.name.lower().endswith(remote.suffix))
            copies |= {f"{remote.unpack_to}/{each.name}": each for each in pictures if each.is_file()}
        elif path is not None and remote.unpack_to:
            unpack(path, folder / remote.unpack_to, suffix=remote.suffix)
        elif path is not None:
            copies[remote.name] = path
        elif remote.unpack_to in (None, "images") and not remote.packed:
            raise AcquireError(f"The mirror has no {remote.name}, neither packed nor unpacked: it is incomplete.")
        else:
            log.info("The mirror has no %s: acquired without.", remote.name)
    lacking = {name: path for name, path in copies.items() if not _is_copied(path, folder / name)}
    check_space(folder, sum(path.stat().st_size for path in lacking.values()), source.name)
    for name, path in progress(lacking.items(), f"copying {source.name}", unit="file"):
        with atomic_path(folder / name) as temporary:
            shutil.copyfile(path, temporary)
    return {name: {"bytes": (folder / name).stat().st_size} for name in copies}


def _is_copied(path: Path, copy: Path) -> bool:
    return copy.is_file() and copy.stat().st_size == path.stat().st_size
