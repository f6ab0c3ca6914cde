from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from skinnet import acquire as module
from skinnet.acquire import HAM10000, RECEIVED_BYTES, Download, acquire, fetch, from_dataverse, unpack
from skinnet.errors import AcquireError

from .conftest import Server, write_sums

ServerFor = Callable[[Path], Server]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which take no time here."""
    recorded: list[float] = []
    monkeypatch.setattr(module.time, "sleep", recorded.append)
    return recorded


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "acquired.json"
    }


def download_of(server: Server, folder: Path, size: int) -> Download:
    data = bytes(number % 251 for number in range(size))
    (folder / "file.bin").write_bytes(data)
    return Download("file.bin", f"{server.address}/file.bin", f"sha256:{hashlib.sha256(data).hexdigest()}")


def test_a_folder_and_a_server_give_the_same_bytes(drawn_mirror: Path, server_for: ServerFor, tmp_path: Path) -> None:
    from_folder = acquire(HAM10000, root=tmp_path / "a", mirror=str(drawn_mirror))
    from_server = acquire(HAM10000, root=tmp_path / "b", mirror=server_for(drawn_mirror).address)
    assert contents(from_folder) == contents(from_server)
    assert len(list((from_folder / "images").iterdir())) == 7 * 30
    assert len(list((from_folder / "masks").iterdir())) == 7 * 30


def test_a_finished_acquire_asks_nothing(drawn_mirror: Path, server_for: ServerFor, tmp_path: Path) -> None:
    server = server_for(drawn_mirror)
    acquire(HAM10000, root=tmp_path, mirror=server.address)
    asked = len(server.requests)
    acquire(HAM10000, root=tmp_path, mirror=server.address)
    assert len(server.requests) == asked


def test_a_lost_picture_is_unpacked_again_without_a_download(
    drawn_mirror: Path, server_for: ServerFor, tmp_path: Path
) -> None:
    server = server_for(drawn_mirror)
    folder = acquire(HAM10000, root=tmp_path, mirror=server.address)
    before = contents(folder)
    (folder / "images" / "DRAWN_0003.jpg").unlink()
    acquire(HAM10000, root=tmp_path, mirror=server.address)
    assert contents(folder) == before
    assert sum(path.endswith(".zip") for path, _ in server.requests) == 3


def test_a_broken_download_goes_on_where_it_was(server_for: ServerFor, tmp_path: Path, waits: list[float]) -> None:
    server = server_for(tmp_path)
    server.faults = lambda path, number: "drop" if number < 3 else ""
    fetch(download_of(server, tmp_path, 8 * RECEIVED_BYTES), tmp_path / "got" / "file.bin")
    offsets = [0, 4 * RECEIVED_BYTES, 6 * RECEIVED_BYTES]
    assert [asked for _, asked in server.requests] == ["", *(f"bytes={offset}-" for offset in offsets[1:])]
    assert (tmp_path / "got" / "file.bin").read_bytes() == (tmp_path / "file.bin").read_bytes()


def test_a_server_without_ranges_starts_again(server_for: ServerFor, tmp_path: Path, waits: list[float]) -> None:
    server = server_for(tmp_path)
    server.ranges = False
    server.faults = lambda path, number: "drop" if number == 1 else ""
    fetch(download_of(server, tmp_path, 1000), tmp_path / "got" / "file.bin")
    assert (tmp_path / "got" / "file.bin").read_bytes() == (tmp_path / "file.bin").read_bytes()


def test_a_part_that_is_already_whole_is_kept(server_for: ServerFor, tmp_path: Path) -> None:
    server = server_for(tmp_path)
    download = download_of(server, tmp_path, 1000)
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "file.bin.part").write_bytes((tmp_path / "file.bin").read_bytes())
    fetch(download, tmp_path / "got" / "file.bin")
    assert (tmp_path / "got" / "file.bin").read_bytes() == (tmp_path / "file.bin").read_bytes()


def test_a_busy_server_is_asked_again_when_it_says(server_for: ServerFor, tmp_path: Path, waits: list[float]) -> None:
    server = server_for(tmp_path)
    server.faults = lambda path, number: "503" if number < 3 else ""
    fetch(download_of(server, tmp_path, 10), tmp_path / "got" / "file.bin")
    assert waits == [7.0, 7.0]


def test_a_server_that_stays_down_is_an_error_that_keeps_the_part(
    server_for: ServerFor, tmp_path: Path, waits: list[float]
) -> None:
    server = server_for(tmp_path)
    server.faults = lambda path, number: "drop" if number == 1 else "500"
    with pytest.raises(AcquireError, match=r"the server answered 500, 5 times\. What is here is kept"):
        fetch(download_of(server, tmp_path, 2 * RECEIVED_BYTES), tmp_path / "got" / "file.bin")
    assert (tmp_path / "got" / "file.bin.part").stat().st_size == RECEIVED_BYTES


def test_a_missing_file_is_not_asked_for_twice(server_for: ServerFor, tmp_path: Path) -> None:
    server = server_for(tmp_path)
    with pytest.raises(AcquireError, match="the server answered 404"):
        fetch(Download("absent.zip", f"{server.address}/absent.zip", None), tmp_path / "got" / "absent.zip")
    assert len(server.requests) == 1


def test_wrong_bytes_are_removed(server_for: ServerFor, tmp_path: Path) -> None:
    download = download_of(server_for(tmp_path), tmp_path, 10)
    (tmp_path / "file.bin").write_bytes(b"something else")
    with pytest.raises(AcquireError, match="does not match its published checksum"):
        fetch(download, tmp_path / "got" / "file.bin")
    assert list((tmp_path / "got").iterdir()) == []


def test_a_mirror_without_checksums_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AcquireError, match="No SHA256SUMS on the mirror"):
        acquire(HAM10000, root=tmp_path / "data", mirror=str(tmp_path))


def test_an_incomplete_mirror_is_refused(tmp_path: Path) -> None:
    write_sums(tmp_path)
    with pytest.raises(AcquireError, match=r"does not list HAM10000_metadata\.csv"):
        acquire(HAM10000, root=tmp_path / "data", mirror=str(tmp_path))


def test_dataverse_files_are_found_by_name(drawn_mirror: Path, server_for: ServerFor, tmp_path: Path) -> None:
    """The answer has the shape of Harvard Dataverse's: numeric ids, MD5, tables renamed to .tab."""
    site = tmp_path / "site"
    listing = site / "api" / "datasets" / ":persistentId" / "index.html"
    listing.parent.mkdir(parents=True)
    (site / "api" / "access" / "datafile").mkdir(parents=True)
    files = []
    for number, remote in enumerate(HAM10000.files, 3172500):
        data = (drawn_mirror / remote.name).read_bytes()
        (site / "api" / "access" / "datafile" / str(number)).write_bytes(data)
        name = remote.name.replace(".csv", ".tab")
        files.append({"dataFile": {"id": number, "filename": name, "md5": hashlib.md5(data).hexdigest()}})
    listing.write_text(json.dumps({"data": {"latestVersion": {"files": files}}}))
    server = server_for(site)
    index = f"{server.address}/api/datasets/:persistentId/"

    def redirect(path: str) -> str:
        return path.replace(index, f"{index}index.html")

    original = module._open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_open", lambda url, *, offset: original(redirect(url), offset=offset))
        folder = acquire(HAM10000, root=tmp_path / "data", dataverse=server.address)
        assert (folder / "HAM10000_metadata.csv").read_bytes() == (drawn_mirror / "HAM10000_metadata.csv").read_bytes()
        assert any(path.endswith("3172500?format=original") for path, _ in server.requests)
        files.pop()
        listing.write_text(json.dumps({"data": {"latestVersion": {"files": files}}}))
        with pytest.raises(AcquireError, match=r"no longer has a file HAM10000_images_part_2\.zip"):
            from_dataverse(HAM10000, server.address)
        listing.write_text("<html>maintenance</html>")
        with pytest.raises(AcquireError, match="answered something else than a list of files"):
            from_dataverse(HAM10000, server.address)


def make_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_no_entry_leaves_the_folder(tmp_path: Path) -> None:
    entries = {"../../evil.jpg": b"1", "/etc/other.jpg": b"2", "deep/down.jpg": b"3", "__MACOSX/._x.jpg": b"4"}
    assert unpack(make_zip(tmp_path / "a.zip", entries), tmp_path / "out") == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["down.jpg", "evil.jpg", "other.jpg"]
    assert not (tmp_path.parent / "evil.jpg").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        entry = zipfile.ZipInfo("link.jpg")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(AcquireError, match=r"holds a link \(link\.jpg\)"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AcquireError, match="would unpack to 1 files"):
        unpack(make_zip(tmp_path / "a.zip", {"a.jpg": bytes(5_000_000)}), tmp_path / "out")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AcquireError, match=r"two files named a\.jpg"):
        unpack(make_zip(tmp_path / "a.zip", {"x/a.jpg": b"1", "y/a.jpg": b"2"}), tmp_path / "out")


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": b"1"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the entry's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    path.write_bytes(data)
    with pytest.raises(AcquireError, match="is encrypted"):
        unpack(path, tmp_path / "out")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(AcquireError, match=r"a\.zip is a damaged archive"):
        unpack(path, tmp_path / "out")
    path.write_bytes(b"not a zip")
    with pytest.raises(AcquireError, match=r"a\.zip is a damaged archive"):
        unpack(path, tmp_path / "out")
