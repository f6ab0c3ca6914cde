from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from skinnet.data.download import archives as module
from skinnet.data.download.archives import is_unpacked, unpack
from skinnet.errors import AcquireError
from tests.conftest import PROJECT

MEGABYTE = 1 << 20


def make_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_no_entry_leaves_the_folder(tmp_path: Path) -> None:
    entries = {"../../evil.jpg": b"1", "/etc/other.jpg": b"2", "deep/down.jpg": b"3", "__MACOSX/._x.jpg": b"4"}
    unpack(make_zip(tmp_path / "a.zip", entries), tmp_path / "out")
    assert names(tmp_path / "out") == ["down.jpg", "evil.jpg", "other.jpg"]
    assert names(tmp_path) == ["a.zip", "out"]


def test_only_what_has_the_suffix_is_unpacked(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"x/a.JPG": b"1", "x/LICENSE.txt": b"2", "y/LICENSE.txt": b"3"})
    unpack(archive, tmp_path / "out", suffix=".jpg")
    assert names(tmp_path / "out") == ["a.JPG"]


def test_a_lost_or_truncated_file_is_noticed_and_made_again(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {f"{name}.jpg": name.encode() * 9 for name in "abc"})
    unpack(archive, tmp_path / "out")
    assert is_unpacked(archive, tmp_path / "out")
    kept = (tmp_path / "out" / "c.jpg").stat().st_mtime_ns
    for damage in ((tmp_path / "out" / "a.jpg").unlink, lambda: (tmp_path / "out" / "b.jpg").write_bytes(b"b")):
        damage()
        assert not is_unpacked(archive, tmp_path / "out")
        unpack(archive, tmp_path / "out")
        assert [(tmp_path / "out" / f"{name}.jpg").read_bytes() for name in "abc"] == [b"a" * 9, b"b" * 9, b"c" * 9]
    assert (tmp_path / "out" / "c.jpg").stat().st_mtime_ns == kept


def test_a_link_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        entry = zipfile.ZipInfo("link.jpg")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(AcquireError, match=r"holds a link \(link\.jpg\)"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AcquireError, match="would unpack to 1 files"):
        unpack(make_zip(tmp_path / "a.zip", {"a.jpg": bytes(5_000_000)}), tmp_path / "out")


def test_entries_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": os.urandom(20_000)})
    data = path.read_bytes()
    directory, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = b"".join(data[directory:end].replace(b"a.jpg", b"%05d" % number) for number in range(5000))
    count = (5000).to_bytes(2, "little")
    tail = data[end : end + 8] + count * 2 + len(entries).to_bytes(4, "little") + data[end + 16 :]
    path.write_bytes(data[:directory] + entries + tail)
    with pytest.raises(AcquireError, match=r"would unpack to 5,000 files of 0\.1 GB: refused"):
        unpack(path, tmp_path / "out")


def test_too_many_or_too_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": b"1", "b.jpg": b"2"})
    monkeypatch.setattr(module, "MAX_MEMBERS", 1)
    with pytest.raises(AcquireError, match="would unpack to 2 files"):
        unpack(path, tmp_path / "out")
    monkeypatch.setattr(module, "MAX_MEMBERS", 2)
    monkeypatch.setattr(module, "MAX_UNPACKED_BYTES", 1)
    with pytest.raises(AcquireError, match="would unpack to 2 files"):
        unpack(path, tmp_path / "out")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AcquireError, match=r"two files named a\.jpg"):
        unpack(make_zip(tmp_path / "a.zip", {"x/a.jpg": b"1", "y/a.jpg": b"2"}), tmp_path / "out")


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": b"1"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the entry's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    path.write_bytes(data)
    with pytest.raises(AcquireError, match=r"a\.zip is encrypted"):
        unpack(path, tmp_path / "out")


def test_a_damaged_archive_is_named_and_leaves_no_half_file(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(AcquireError, match=r"a\.zip is a damaged archive"):
        unpack(path, tmp_path / "out")
    assert names(tmp_path / "out") == []
    path.write_bytes(b"not a zip")
    with pytest.raises(AcquireError, match=r"a\.zip is a damaged archive"):
        unpack(path, tmp_path / "out")


def test_a_full_disk_is_told_before_anything_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.jpg": b"1"})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    with pytest.raises(AcquireError, match="Not enough space in"):
        unpack(path, tmp_path / "out")
    assert names(tmp_path / "out") == []


UNPACK = """
import sys; from pathlib import Path; from skinnet.data.download.archives import unpack
unpack(Path(sys.argv[1]), Path(sys.argv[2]))
print(next(line.split()[1] for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
"""


def peak_megabytes(folder: Path, *, files: int, megabytes: int) -> float:
    """Peak memory of a process of its own that unpacks a stored archive of that many megabytes."""
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    block = os.urandom(MEGABYTE)
    with zipfile.ZipFile(folder / "big.zip", "w") as archive:
        for number in range(files):
            with archive.open(f"{number}.jpg", "w", force_zip64=True) as file:
                for _ in range(megabytes // files):
                    file.write(block)
    command = [sys.executable, "-c", UNPACK, str(folder / "big.zip"), str(folder / "out")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert sum(path.stat().st_size for path in (folder / "out").iterdir()) == megabytes * MEGABYTE
    shutil.rmtree(folder / "out")
    (folder / "big.zip").unlink()
    return int(done.stdout) / 1024


def test_memory_stays_far_below_the_size_of_an_archive(tmp_path: Path) -> None:
    assert peak_megabytes(tmp_path, files=2, megabytes=300) < 100


@pytest.mark.stress
def test_memory_stays_below_200_megabytes_for_3_gigabytes(tmp_path: Path) -> None:
    assert peak_megabytes(tmp_path, files=3, megabytes=3000) < 200
