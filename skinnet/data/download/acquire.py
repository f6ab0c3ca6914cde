"""Fetch a data set: download with resume, verify, unpack, record.

    acquire(HAM10000, root=Path("data"))                            # from its publisher
    acquire(HAM10000, root=Path("data"), mirror="http://host/ham")  # from a copy with a SHA256SUMS file
    acquire_isic(Search(query="diagnosis_3:Nevus", limit=100), root=Path("data"))
    acquire_folder(root=Path("data"), name="clinic", images=..., csv=..., columns=..., diagnoses=...)

Everything lands in `root/NAME`, and last of all `acquired.json`, which says what was acquired, from where and on what
terms. A call that was stopped goes on where it was; a call that has nothing to do says so at once. What is unfinished,
and the archives, lie in `root/NAME/downloads`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import requests

from skinnet.data.download.archives import is_unpacked, unpack
from skinnet.data.download.download import Download, check_space, fetch
from skinnet.data.download.http import new_session
from skinnet.data.download.isic_archive import API, Search, find, licences_of, renewed, write_beside
from skinnet.data.download.local_folder import folder_record
from skinnet.data.download.manifest import named_folder, read_manifest, write_manifest
from skinnet.data.download.parallel import fetch_all
from skinnet.data.download.publishers import mirror_address, read_sums, resolve
from skinnet.data.download.sources import RemoteFile, Source
from skinnet.data.download.unpacked import UNPACKED, copy_unpacked, local_files
from skinnet.errors import AcquireError
from skinnet.files import LOCK, digest, exclusive, remove_leftovers

log = logging.getLogger(__name__)

ISIC_MIRRORED = re.compile(r"metadata\.csv|attribution\.txt|(images/ISIC_\d+\.jpg)|(licences/[\w.-]+\.txt)")
"""What is taken from a copy of an acquired search."""


def acquire(source: Source, *, root: Path, mirror: str | None = None) -> Path:
    """Fetch a source into `root / source.name`.

    Args:
        mirror: a folder, a `file://` or an `http(s)://` address that holds the files and a SHA256SUMS list; a folder
            needs no list, and may hold the archives unpacked.

    Returns:
        The folder.

    Raises:
        AcquireError: if a file cannot be had, fails its check, or is no sound archive.
    """
    folder = root / source.name
    record = read_manifest(folder)
    files = record.get("files", {})
    if record.get("variant") == UNPACKED:
        if _all_there(folder, files):
            log.info("%s is complete in %s: nothing to do.", source.name, folder)
            return folder
        files = {}
    local = local_files(source, mirror) if mirror else None
    if local and any(path.is_dir() for path in local.values()):
        return _acquire_unpacked(source, local, folder)
    expected = [remote for remote in source.files if not (files and remote.packed and remote.name not in files)]
    lost = [remote for remote in expected if not _has_size(_place(folder, remote), files.get(remote.name))]
    archives = [(_place(folder, file), folder / file.unpack_to, file.suffix) for file in source.files if file.unpack_to]
    if not lost and all(is_unpacked(archive, target, suffix=suffix) for archive, target, suffix in archives):
        log.info("%s is complete in %s: nothing to do.", source.name, folder)
        return folder
    with exclusive(folder / "downloads" / LOCK):
        remove_leftovers(folder)
        if lost:
            files |= _download(source, lost, folder, mirror)
        for archive, target, suffix in archives:
            unpack(archive, target, suffix=suffix)
    files = {remote.name: files[remote.name] for remote in source.files if remote.name in files}
    write_manifest(
        folder, source.name, licence=source.licence, citation=source.citation, files=files,
        variant=variant_of(source, {name: file["sha256"] for name, file in files.items()}),
    )  # fmt: skip
    return folder


def _acquire_unpacked(source: Source, local: Mapping[str, Path], folder: Path) -> Path:
    with exclusive(folder / "downloads" / LOCK):
        remove_leftovers(folder)
        files = copy_unpacked(source, local, folder)
    terms = {"licence": source.licence, "citation": source.citation}
    write_manifest(folder, source.name, **terms, files=files, variant=UNPACKED)
    return folder


def _place(folder: Path, remote: RemoteFile) -> Path:
    return folder / "downloads" / remote.name if remote.unpack_to else folder / remote.name


def _has_size(path: Path, file: Mapping[str, Any] | None) -> bool:
    return file is not None and path.is_file() and path.stat().st_size == file["bytes"]


def _download(source: Source, lost: list[RemoteFile], folder: Path, mirror: str | None) -> dict[str, Any]:
    """Download missing files; return their entries for the manifest."""
    files = {}
    with new_session() as session:
        downloads = {item.name: item for item in resolve(source, mirror=mirror, session=session)}
        lost = [remote for remote in lost if remote.name in downloads]  # what is packed comes with its archive
        coming = sum(_missing_bytes(downloads[remote.name], _place(folder, remote), folder) for remote in lost)
        check_space(folder, coming, source.name)
        for remote in lost:
            item, path = downloads[remote.name], _place(folder, remote)
            fetch(item, path, session=session, parts=folder / "downloads")
            algorithm, _, checksum = (item.checksum or "").partition(":")
            sha256 = checksum if algorithm == "sha256" else digest(path)
            size = path.stat().st_size
            files[item.name] = {"url": item.url, "checksum": item.checksum, "bytes": size, "sha256": sha256}
    return files


def _missing_bytes(item: Download, path: Path, folder: Path) -> int:
    """Count the bytes still to download, as far as the publisher tells."""
    places = (path, folder / "downloads" / f"{item.name}.part")
    here = max(place.stat().st_size if place.exists() else 0 for place in places)
    return max(0, (item.bytes or 0) - here)


def variant_of(source: Source, sha256: Mapping[str, str]) -> str:
    """Name the known variant that the files of a source are, or "unknown"."""
    for variant, sums in source.variants.items():
        if all(sha256.get(name) == expected for name, expected in sums.items()):
            return variant
    return "unknown"


def acquire_isic(
    search: Search, *, root: Path, name: str = "isic", mirror: str | None = None, skip_failed: bool = False
) -> Path:
    """Fetch the results of a search of the ISIC Archive into `root / name`.

    Args:
        mirror: an `http(s)://` address that answers like the archive's API; or a folder or `file://` address that
            holds what an earlier call left, with a SHA256SUMS list: that is copied whole, so it takes no search.
        skip_failed: finish without the pictures that cannot be had; `failures.csv` names them.

    Returns:
        The folder.

    Raises:
        AcquireError: if the search is refused or finds nothing, or some pictures cannot be had.
    """
    folder = named_folder(root, name, "isic")
    address = mirror_address(mirror) if mirror else API
    if address.startswith("file:") and search != Search():
        raise AcquireError("A folder is copied whole: leave out --query, --collections, --limit and --licence.")
    asked = {"address": address, "search": json.loads(json.dumps(asdict(search)))}
    record = read_manifest(folder)
    if {key: record.get(key) for key in asked} == asked and _all_there(folder, record["files"]):
        log.info("%s is complete in %s: nothing to do.", name, folder)
        return folder
    with exclusive(folder / "downloads" / LOCK), new_session() as session:
        remove_leftovers(folder)
        if address.startswith("file:"):
            licence, names = _copy_isic(address, folder, session)
        else:
            licence, names = _search_isic(address, search, folder, session, skip_failed=skip_failed)
    files = {name: {"bytes": (folder / name).stat().st_size} for name in names}
    write_manifest(
        folder, "isic", name=name, licence=licence, files=files,
        citation="The ISIC Archive; whom to credit stands in attribution.txt.", **asked,
    )  # fmt: skip
    return folder


def _all_there(folder: Path, files: Mapping[str, Any]) -> bool:
    return all(_has_size(folder / name, file) for name, file in files.items())


def _search_isic(
    api: str, search: Search, folder: Path, session: requests.Session, *, skip_failed: bool
) -> tuple[str, list[str]]:
    """Search and fetch the pictures; return their licences and the names of all files."""
    pictures = find(search, api=api, session=session)
    downloads = [picture.download() for picture in pictures]
    images = folder / "images"
    absent = [item.bytes or 0 for item in downloads if not (images / item.name).exists()]
    check_space(folder, sum(absent), folder.name)

    def renew(item: Download, own_session: requests.Session) -> Download:
        return renewed(item, search=search, api=api, session=own_session)

    downloads = fetch_all(downloads, images, folder=folder, renew=renew, skip_failed=skip_failed)
    here = {item.name for item in downloads}
    pictures = [picture for picture in pictures if picture.download().name in here]
    write_beside(pictures, folder)
    licences = licences_of(pictures)
    beside = ["metadata.csv", "attribution.txt", *(f"licences/{licence}.txt" for licence in licences)]
    return ", ".join(licences), beside + [f"images/{item.name}" for item in downloads]


def _copy_isic(address: str, folder: Path, session: requests.Session) -> tuple[str, list[str]]:
    """Copy an acquired search from a folder; return its licences and the names of all files."""
    listed = {name: item for name, item in read_sums(address, session).items() if ISIC_MIRRORED.fullmatch(name)}
    if "metadata.csv" not in listed:
        raise AcquireError(f"{address} lists no metadata.csv: it is no copy of an acquired search of the archive.")
    for name, item in sorted(listed.items()):
        fetch(item, folder / name, session=session, parts=folder / "downloads", bar=False)
    licences = sorted(Path(name).stem for name in listed if name.startswith("licences/"))
    return ", ".join(licences), sorted(listed)


def acquire_folder(
    *, root: Path, name: str, images: Path, csv: Path, columns: Mapping[str, str], diagnoses: Mapping[str, str]
) -> Path:
    """Record a local folder of pictures as `root / name`; nothing is copied. Arguments: see `local_folder`.

    Returns:
        The folder with the record.

    Raises:
        AcquireError: if pictures, table or columns are missing, or the name is taken.
    """
    folder = named_folder(root, name, "folder")
    found = folder_record(images=images, csv=csv, columns=columns, diagnoses=diagnoses)
    write_manifest(folder, "folder", name=name, licence="not stated", citation="", files={}, **found)
    return folder
