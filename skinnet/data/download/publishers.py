"""Find the addresses, sizes and checksums of the files of a source.

    downloads = resolve(HAM10000, mirror=None, session=session)  # one a file of the source, in its order

Each publisher is asked by file name, since its numeric ids change with each version of a data set.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from skinnet.data.download.download import Download, read_all
from skinnet.data.download.sources import RemoteFile, Source
from skinnet.data.download.unpacked import SUMS, local_files
from skinnet.errors import AcquireError

SUM_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64}) [ *](\./)?(?P<name>.+)")


def resolve(source: Source, *, mirror: str | None, session: requests.Session) -> list[Download]:
    """Where to get each file of a source; without those that are inside an archive of it.

    Args:
        mirror: a folder, a `file://` or an `http(s)://` address that holds the files and a SHA256SUMS list, which a
            folder may lack; None to ask the publisher.

    Raises:
        AcquireError: if the publisher or the mirror does not know a file.
    """
    if mirror:
        return _from_mirror(source, mirror_address(mirror), session)
    if source.publisher == "fixed":
        return [Download(remote.name, remote.url) for remote in source.files if not remote.packed]
    listing = read_all(source.listing, session=session)
    try:
        known = _dataverse(source, listing) if source.publisher == "dataverse" else _mendeley(listing)
    except (ValueError, KeyError, TypeError) as error:
        raise AcquireError(
            f"{source.listing} answered something else than a list of files: try later, or take the files with a "
            "browser and name their folder with --mirror."
        ) from error
    return [_find(remote, known, source) for remote in source.files]


def _find(remote: RemoteFile, known: dict[str, Download], source: Source) -> Download:
    if remote.name not in known:
        raise AcquireError(f"{source.listing} no longer has a file {remote.name}: name a copy with --mirror.")
    return known[remote.name]


def mirror_address(mirror: str) -> str:
    """Turn a mirror, which may be a folder, into an address."""
    return mirror.rstrip("/") if "://" in mirror else Path(os.path.realpath(mirror)).as_uri()


def read_sums(address: str, session: requests.Session) -> dict[str, Download]:
    """Read the files that a mirror lists in its SHA256SUMS, by path.

    Raises:
        AcquireError: if it has no such list.
    """
    try:
        lines = read_all(f"{address}/{SUMS}", session=session).decode().splitlines()
    except (AcquireError, UnicodeDecodeError) as error:
        raise AcquireError(f"No {SUMS} on the mirror ({error}): make it there with sha256sum * > {SUMS}") from error
    sums = {found["name"]: found["sha256"] for line in lines if (found := SUM_LINE.fullmatch(line))}
    return {name: Download(name, f"{address}/{quote(name)}", f"sha256:{sha256}") for name, sha256 in sums.items()}


def _from_mirror(source: Source, address: str, session: requests.Session) -> list[Download]:
    local = local_files(source, address)
    if local is None:
        listed = read_sums(address, session)
    else:
        listed = {name: Download(name, path.as_uri(), bytes=path.stat().st_size) for name, path in local.items()}
    if missing := [remote.name for remote in source.files if remote.name not in listed and not remote.packed]:
        raise AcquireError(f"{address} has no {missing[0]}, or its {SUMS} does not list it: the mirror is incomplete.")
    return [listed[remote.name] for remote in source.files if remote.name in listed]


def _dataverse(source: Source, listing: bytes) -> dict[str, Download]:
    """The files in a Dataverse's answer, by name.

    A table is asked for as it was deposited (`format=original`); size and MD5 are those of Dataverse's own
    rendering, so they say nothing of it.
    """
    site = urlsplit(source.listing)
    access = f"{site.scheme}://{site.netloc}/api/access/datafile"
    wanted = {Path(remote.name).stem: remote.name for remote in source.files}
    known = {}
    for entry in json.loads(listing)["data"]["latestVersion"]["files"]:
        file: dict[str, Any] = entry["dataFile"]
        stem, suffix = Path(file["filename"]).stem, Path(file["filename"]).suffix
        name = wanted.get(stem, file["filename"])
        if suffix == ".tab":
            known[name] = Download(name, f"{access}/{file['id']}?format=original")
        else:
            checksum = f"md5:{file['md5']}" if file.get("md5") else None
            known[name] = Download(name, f"{access}/{file['id']}", checksum, file.get("filesize"))
    return known


def _mendeley(listing: bytes) -> dict[str, Download]:
    """The files in Mendeley Data's answer, by name."""
    known = {}
    for entry in json.loads(listing)["files"]:
        details = entry["content_details"]
        name, checksum = entry["filename"], f"sha256:{details['sha256_hash']}"
        known[name] = Download(name, details["download_url"], checksum, details.get("size"))
    return known
