from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from skinnet.data.download.download import Download
from skinnet.data.download.publishers import read_sums, resolve
from skinnet.data.download.sources import HAM10000, ISIC2017, ISIC2018_TEST, PAD_UFES_20
from skinnet.errors import AcquireError
from tests.conftest import write_sums
from tests.servers import Server

ServerFor = Callable[[Path], Server]


def test_dataverse_files_are_found_by_name(server_for: ServerFor, tmp_path: Path, session: requests.Session) -> None:
    """The answer has the shape of Harvard Dataverse's: numeric ids, MD5, tables renamed to .tab."""
    files = [
        {"dataFile": {"id": number, "filename": remote.name.replace(".csv", ".tab"), "md5": "ab", "filesize": 9}}
        for number, remote in enumerate(HAM10000.files, 3172500)
    ]
    server = server_for(tmp_path)
    answer = {"data": {"latestVersion": {"files": files}}}
    server.routes["/api/datasets/:persistentId/"] = lambda path: (200, json.dumps(answer).encode())
    source = dataclasses.replace(HAM10000, listing=f"{server.address}/api/datasets/:persistentId/?persistentId=doi:1")
    found = resolve(source, mirror=None, session=session)
    access = f"{server.address}/api/access/datafile"
    assert found[0] == Download("HAM10000_metadata.csv", f"{access}/3172500?format=original", None, None)
    assert found[2] == Download("HAM10000_images_part_1.zip", f"{access}/3172502", "md5:ab", 9)
    assert server.paths() == ["/api/datasets/:persistentId/?persistentId=doi:1"]
    files.pop()
    with pytest.raises(AcquireError, match=r"no longer has a file HAM10000_images_part_2\.zip: name a copy"):
        resolve(source, mirror=None, session=session)
    server.routes["/api/datasets/:persistentId/"] = lambda path: (200, b"<html>maintenance</html>")
    with pytest.raises(AcquireError, match="sent a web page: maintenance"):
        resolve(source, mirror=None, session=session)
    for other in (b"[]", b'{"data": {}}'):
        server.routes["/api/datasets/:persistentId/"] = lambda path, other=other: (200, other)
        with pytest.raises(AcquireError, match="answered something else than a list of files: try later"):
            resolve(source, mirror=None, session=session)


def test_mendeley_files_are_found_by_name(server_for: ServerFor, tmp_path: Path, session: requests.Session) -> None:
    """The answer has the shape of Mendeley Data's: all files of a version, whatever their folder."""
    files = [
        {
            "filename": remote.name,
            "size": 9,
            "content_details": {"sha256_hash": "CD", "download_url": f"https://host/{remote.name}", "size": 9},
        }
        for remote in reversed(PAD_UFES_20.files)
    ]
    server = server_for(tmp_path)
    server.routes["/api"] = lambda path: (200, json.dumps({"files": files}).encode())
    source = dataclasses.replace(PAD_UFES_20, listing=f"{server.address}/api?version=1")
    found = resolve(source, mirror=None, session=session)
    assert [item.name for item in found] == ["metadata.csv", *(f"imgs_part_{part}.zip" for part in (1, 2, 3))]
    assert found[0] == Download("metadata.csv", "https://host/metadata.csv", "sha256:CD", 9)


def test_fixed_addresses_are_asked_of_nobody(session: requests.Session) -> None:
    first, second = resolve(ISIC2018_TEST, mirror=None, session=session)
    assert first.url == "https://isic-challenge-data.s3.amazonaws.com/2018/ISIC2018_Task3_Test_Input.zip"
    assert second.url == "https://isic-challenge-data.s3.amazonaws.com/2018/ISIC2018_Task3_Test_GroundTruth.zip"


def test_isic_2017_is_at_the_challenges_addresses(session: requests.Session) -> None:
    found = [item.url for item in resolve(ISIC2017, mirror=None, session=session)]
    address = "https://isic-challenge-data.s3.amazonaws.com/2017/ISIC-2017_"
    assert {url.removeprefix(address) for url in found} == {
        "Training_Data.zip", "Training_Part3_GroundTruth.csv",
        "Validation_Data.zip", "Validation_Part3_GroundTruth.csv",
        "Test_v2_Data.zip", "Test_v2_Part3_GroundTruth.csv",
    }  # fmt: skip


def test_a_mirror_lists_files_as_sha256sum_writes_them(tmp_path: Path, session: requests.Session) -> None:
    first, second = "0a" * 32, "1b" * 32
    (tmp_path / "SHA256SUMS").write_text(f"{first}  ./images/a b.jpg\n{second} *b.csv\n\n1b1b  cut.csv\n")
    found = read_sums(tmp_path.as_uri(), session)
    assert {name: item.checksum for name, item in found.items()} == {
        "images/a b.jpg": f"sha256:{first}",
        "b.csv": f"sha256:{second}",
    }
    assert found["images/a b.jpg"].url == f"{tmp_path.as_uri()}/images/a%20b.jpg"


def test_a_mirror_without_checksums_or_files_is_refused(
    tmp_path: Path, server_for: ServerFor, session: requests.Session
) -> None:
    for mirror in (str(tmp_path), server_for(tmp_path).address):
        with pytest.raises(AcquireError, match=r"has no HAM10000_metadata\.csv, or|No SHA256SUMS on the mirror"):
            resolve(HAM10000, mirror=mirror, session=session)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(AcquireError, match="No SHA256SUMS on the mirror"):
        resolve(HAM10000, mirror=str(tmp_path / "loop"), session=session)
    (tmp_path / "loop").unlink()
    write_sums(tmp_path)
    with pytest.raises(AcquireError, match=r"does not list it: the mirror is incomplete"):
        resolve(HAM10000, mirror=str(tmp_path), session=session)


def test_a_folder_and_a_server_name_the_same_files(
    drawn_mirror: Path, server_for: ServerFor, session: requests.Session
) -> None:
    places = [str(drawn_mirror), drawn_mirror.as_uri() + "/", server_for(drawn_mirror).address]
    found = [resolve(HAM10000, mirror=place, session=session) for place in places]
    assert len({tuple((item.name, item.checksum) for item in items) for items in found}) == 1
    metadata = hashlib.sha256((drawn_mirror / "HAM10000_metadata.csv").read_bytes()).hexdigest()
    assert found[0][0].checksum == f"sha256:{metadata}"
