from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from skinnet.data.download.acquire import acquire, acquire_folder, acquire_isic, variant_of
from skinnet.data.download.download import SPARE_BYTES
from skinnet.data.download.isic_archive import Search
from skinnet.data.download.sources import HAM10000, ISIC2017, ISIC2018_TEST, PAD_UFES_20
from skinnet.data.metadata import read_source
from skinnet.errors import AcquireError
from tests.conftest import PROJECT, write_sums
from tests.servers import Server, contents, manifest

ServerFor = Callable[[Path], Server]


def test_a_folder_and_a_server_give_the_same_bytes(drawn_mirror: Path, server_for: ServerFor, tmp_path: Path) -> None:
    from_folder = acquire(HAM10000, root=tmp_path / "a", mirror=str(drawn_mirror))
    from_server = acquire(HAM10000, root=tmp_path / "b", mirror=server_for(drawn_mirror).address)
    assert {**contents(from_folder), "acquired.json": ""} == {**contents(from_server), "acquired.json": ""}
    assert len(list((from_folder / "images").iterdir())) == 7 * 30
    assert len(list((from_folder / "masks").iterdir())) == 7 * 30


def test_the_record_says_what_was_acquired_on_what_terms(drawn_mirror: Path, tmp_path: Path) -> None:
    said = manifest(acquire(HAM10000, root=tmp_path, mirror=str(drawn_mirror)))
    assert list(said) == ["source", "name", "licence", "citation", "variant", "files"]
    assert (said["source"], said["licence"], said["variant"]) == ("ham10000", "CC BY-NC 4.0", "unknown")
    assert list(said["files"]) == [remote.name for remote in HAM10000.files]
    metadata = drawn_mirror / "HAM10000_metadata.csv"
    assert said["files"]["HAM10000_metadata.csv"] == {
        "url": metadata.as_uri(),
        "checksum": f"sha256:{hashlib.sha256(metadata.read_bytes()).hexdigest()}",
        "bytes": metadata.stat().st_size,
        "sha256": hashlib.sha256(metadata.read_bytes()).hexdigest(),
    }


def test_the_variant_is_told_by_checksums() -> None:
    for name, sums in HAM10000.variants.items():
        assert variant_of(HAM10000, {**sums, "HAM10000_metadata.csv": "any"}) == name
        assert variant_of(HAM10000, {**sums, "HAM10000_images_part_2.zip": "another"}) == "unknown"
    assert variant_of(PAD_UFES_20, {"metadata.csv": "any"}) == "unknown"


def test_a_finished_acquire_asks_nothing_and_changes_nothing(
    drawn_mirror: Path, server_for: ServerFor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = server_for(drawn_mirror)
    folder = acquire(HAM10000, root=tmp_path, mirror=server.address)
    asked, times = len(server.requests), {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    acquire(HAM10000, root=tmp_path, mirror=server.address)
    assert len(server.requests) == asked
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times
    assert caplog.messages[-1] == f"ham10000 is complete in {folder}: nothing to do."


def test_a_lost_or_truncated_picture_is_made_again_without_a_download(
    drawn_mirror: Path, server_for: ServerFor, tmp_path: Path
) -> None:
    server = server_for(drawn_mirror)
    folder = acquire(HAM10000, root=tmp_path, mirror=server.address)
    before, asked = contents(folder), len(server.requests)
    (folder / "images" / "DRAWN_0003.jpg").unlink()
    (folder / "images" / "DRAWN_0004.jpg").write_bytes(b"half a pict")
    (folder / "masks" / "DRAWN_0005_segmentation.png").write_bytes(b"")
    acquire(HAM10000, root=tmp_path, mirror=server.address)
    assert contents(folder) == before
    assert len(server.requests) == asked


def test_a_truncated_archive_or_table_is_fetched_again(
    drawn_mirror: Path, server_for: ServerFor, tmp_path: Path
) -> None:
    server = server_for(drawn_mirror)
    folder = acquire(HAM10000, root=tmp_path, mirror=server.address)
    before = contents(folder)
    for name in ("HAM10000_metadata.csv", "downloads/HAM10000_images_part_1.zip"):
        (folder / name).write_bytes(b"half")
        server.requests.clear()
        acquire(HAM10000, root=tmp_path, mirror=server.address)
        assert server.paths() == ["/SHA256SUMS", f"/{Path(name).name}"]
    assert contents(folder) == before


def test_the_record_of_an_older_layout_is_redone_without_a_download(
    drawn_mirror: Path, server_for: ServerFor, tmp_path: Path
) -> None:
    server = server_for(drawn_mirror)
    folder = acquire(HAM10000, root=tmp_path, mirror=server.address)
    before = contents(folder)
    older = {name: {"bytes": file["bytes"], "pictures": 105} for name, file in manifest(folder)["files"].items()}
    (folder / "acquired.json").write_text(json.dumps(older))
    server.requests.clear()
    acquire(HAM10000, root=tmp_path, mirror=server.address)
    assert server.paths() == ["/SHA256SUMS"]
    assert contents(folder) == before


def test_what_a_killed_run_left_is_removed(drawn_mirror: Path, tmp_path: Path) -> None:
    leftovers = [tmp_path / "ham10000" / name for name in (".acquired.json.7.tmp", "images/.DRAWN_0001.jpg.7.tmp")]
    for path in leftovers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    acquire(HAM10000, root=tmp_path, mirror=str(drawn_mirror))
    assert not any(path.exists() for path in leftovers)


def test_space_for_all_files_is_checked_first(
    drawn_mirror: Path, server_for: ServerFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_for(tmp_path)
    details = {"sha256_hash": "ab", "download_url": f"{server.address}/x", "size": 900_000_000}
    files = [{"filename": remote.name, "content_details": details} for remote in PAD_UFES_20.files]
    server.routes["/api"] = lambda path: (200, json.dumps({"files": files}).encode())
    source = dataclasses.replace(PAD_UFES_20, listing=f"{server.address}/api")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10**9))
    with pytest.raises(AcquireError, match=r"pad-ufes-20 needs 3\.60 GB and 1\.00 GB are free: free some, or name"):
        acquire(source, root=tmp_path / "data")
    assert server.paths() == ["/api"]


def test_a_challenge_set_has_its_truth_beside_the_images(server_for: ServerFor, tmp_path: Path) -> None:
    entries = {
        "ISIC2018_Task3_Test_Input.zip": ["ISIC_1.jpg", "ISIC_2.jpg", "LICENSE.txt"],
        "ISIC2018_Task3_Test_GroundTruth.zip": ["ISIC2018_Task3_Test_GroundTruth.csv", "LICENSE.txt"],
    }
    (tmp_path / "site").mkdir()
    server = server_for(tmp_path / "site")
    for archive, names in entries.items():
        with zipfile.ZipFile(tmp_path / "site" / archive, "w") as opened:
            for name in names:
                opened.writestr(f"{archive.removesuffix('.zip')}/{name}", name)
    here = [dataclasses.replace(file, url=f"{server.address}/{file.name}") for file in ISIC2018_TEST.files]
    folder = acquire(dataclasses.replace(ISIC2018_TEST, files=tuple(here)), root=tmp_path / "data")
    assert set(contents(folder)) == {
        "acquired.json",
        "ISIC2018_Task3_Test_GroundTruth.csv",
        "images/ISIC_1.jpg",
        "images/ISIC_2.jpg",
    }


def isic2017_site(folder: Path, *, apart: bool) -> None:
    """The challenge's eight files; ages and sexes inside the archives, as it has them, or beside them."""
    for number, part in enumerate(("Training", "Validation", "Test_v2")):
        (folder / f"ISIC-2017_{part}_Part3_GroundTruth.csv").write_text(
            f"image_id,melanoma,seborrheic_keratosis\nISIC_{number},1.0,0.0\n"
        )
        metadata = f"ISIC-2017_{part}_Data_metadata.csv"
        persons = f"image_id,age_approximate,sex\nISIC_{number},55,male\n"
        with zipfile.ZipFile(folder / f"ISIC-2017_{part}_Data.zip", "w") as archive:
            archive.writestr(f"ISIC-2017_{part}_Data/ISIC_{number}.jpg", b"a photo")
            archive.writestr(f"ISIC-2017_{part}_Data/ISIC_{number}_superpixels.png", b"not wanted")
            if not apart:
                archive.writestr(f"ISIC-2017_{part}_Data/{metadata}", persons)
        if apart and part != "Test_v2":
            (folder / metadata).write_text(persons)


@pytest.mark.parametrize("apart", [False, True])
def test_isic_2017_comes_with_ages_from_its_archives_or_beside_them(
    server_for: ServerFor, tmp_path: Path, apart: bool
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    isic2017_site(site, apart=apart)
    write_sums(site)
    server = server_for(site)
    here = [dataclasses.replace(file, url=f"{server.address}/{file.name}") for file in ISIC2017.files]
    source = dataclasses.replace(ISIC2017, files=tuple(here))
    mirror = server.address if apart else None
    folder = acquire(source, root=tmp_path / "data", mirror=mirror)
    images = {path.name for path in (folder / "images").iterdir()}
    pictures = {f"ISIC_{number}.jpg" for number in range(3)}
    metadata = {f"ISIC-2017_{part}_Data_metadata.csv" for part in ("Training", "Validation", "Test_v2")}
    assert images == (pictures if apart else pictures | metadata)
    assert (set(manifest(folder)["files"]) & metadata) == ({*sorted(metadata)[1:]} if apart else set())
    table = read_source(folder)
    assert table["dx"].tolist() == ["mel"] * 3
    assert table["age"].notna().sum() == (2 if apart else 3)
    asked = len(server.requests)
    acquire(source, root=tmp_path / "data", mirror=mirror)
    assert len(server.requests) == asked


def test_an_archive_of_isic_2017_that_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    isic2017_site(site, apart=True)
    archive = site / "ISIC-2017_Validation_Data.zip"
    archive.write_bytes(archive.read_bytes()[:-100])
    write_sums(site)
    with pytest.raises(AcquireError, match=r"ISIC-2017_Validation_Data\.zip is a damaged archive"):
        acquire(ISIC2017, root=tmp_path / "data", mirror=str(site))
    archive.unlink()
    write_sums(site)
    with pytest.raises(AcquireError, match=r"has no ISIC-2017_Validation_Data\.zip, or .* the mirror is incomplete"):
        acquire(ISIC2017, root=tmp_path / "other", mirror=str(site))


def test_smartphone_photos_come_out_of_all_their_archives(
    server_for: ServerFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    server = server_for(site)
    files = []
    for remote in PAD_UFES_20.files:
        (site / remote.name).write_text("img_id,diagnostic\n")
        if remote.unpack_to:
            with zipfile.ZipFile(site / remote.name, "w") as opened:
                opened.writestr(f"{Path(remote.name).stem}/PAT_{remote.name[10]}_1_2.png", remote.name)
        data = (site / remote.name).read_bytes()
        details = {"sha256_hash": hashlib.sha256(data).hexdigest(), "size": len(data)}
        details["download_url"] = f"{server.address}/{remote.name}"
        files.append({"filename": remote.name, "content_details": details})
    server.routes["/api"] = lambda path: (200, json.dumps({"files": files}).encode())
    source = dataclasses.replace(PAD_UFES_20, listing=f"{server.address}/api")
    folder = acquire(source, root=tmp_path / "data")
    pictures = {f"images/PAT_{part}_1_2.png" for part in (1, 2, 3)}
    assert set(contents(folder)) == {"acquired.json", "metadata.csv", *pictures}
    (folder / "acquired.json").unlink()  # as after a kill on a disk that the archives have filled
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=SPARE_BYTES))
    acquire(source, root=tmp_path / "data")
    assert (folder / "acquired.json").exists()


def test_a_search_is_acquired_with_its_credits(isic: Server, tmp_path: Path) -> None:
    search = Search(query="sex:female", licences=("CC-0", "CC-BY"), limit=9)
    folder = acquire_isic(search, root=tmp_path, mirror=isic.address)
    assert folder == tmp_path / "isic"
    said = manifest(folder)
    assert (said["source"], said["name"], said["licence"]) == ("isic", "isic", "CC-0, CC-BY")
    assert said["search"] == {
        "query": "sex:female", "collections": [], "limit": 9, "licences": ["CC-0", "CC-BY"], "thumbnails": False,
    }  # fmt: skip
    rows = (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 9
    images = {path.stem: path.read_bytes() for path in (folder / "images").iterdir()}
    assert sorted(images) == [row.split(",")[0] for row in rows[1:]]
    site = tmp_path / "site" / "files"
    assert all(data == (site / f"{name}_full.jpg").read_bytes() for name, data in images.items())
    assert {"attribution.txt", "licences/CC-0.txt", "licences/CC-BY.txt"} < set(said["files"])


def test_a_finished_search_asks_nothing_and_another_does(isic: Server, tmp_path: Path) -> None:
    folder = acquire_isic(Search(limit=5), root=tmp_path, mirror=isic.address)
    asked = len(isic.requests)
    acquire_isic(Search(limit=5), root=tmp_path, mirror=isic.address)
    assert len(isic.requests) == asked
    (folder / "images" / "ISIC_8999999.jpg").write_bytes(b"half")
    isic.requests.clear()
    acquire_isic(Search(limit=5), root=tmp_path, mirror=isic.address)
    assert isic.paths() == ["/images/search/?limit=100", "/files/ISIC_8999999_full.jpg"]
    acquire_isic(Search(limit=6), root=tmp_path, mirror=isic.address)
    assert len(manifest(folder)["files"]) == 6 + 5


def test_a_search_with_failures_is_not_recorded_as_finished(isic: Server, tmp_path: Path) -> None:
    isic.faults = lambda path, count: "404" if "8999999" in path else ""
    with pytest.raises(AcquireError, match="1 of 25 pictures failed, such as ISIC_8999999"):
        acquire_isic(Search(), root=tmp_path, mirror=isic.address)
    folder = tmp_path / "isic"
    assert not (folder / "acquired.json").exists()
    isic.faults = lambda path, count: ""
    isic.requests.clear()
    acquire_isic(Search(), root=tmp_path, mirror=isic.address)
    assert [path for path in isic.paths() if path.startswith("/files")] == ["/files/ISIC_8999999_full.jpg"]
    assert set(contents(folder)) == {"acquired.json", *manifest(folder)["files"]}


def test_a_search_may_be_finished_without_what_cannot_be_had(isic: Server, tmp_path: Path) -> None:
    isic.faults = lambda path, count: "404" if "8999999" in path else ""
    folder = acquire_isic(Search(), root=tmp_path, mirror=isic.address, skip_failed=True)
    assert len(manifest(folder)["files"]) == 24 + 5
    assert "ISIC_8999999" not in (folder / "metadata.csv").read_text(encoding="utf-8")
    assert (folder / "failures.csv").read_text(encoding="utf-8").splitlines()[1].startswith("ISIC_8999999,")


def test_a_copy_of_an_acquired_search_is_a_mirror(isic: Server, tmp_path: Path) -> None:
    first = acquire_isic(Search(limit=5), root=tmp_path / "a", mirror=isic.address)
    names = sorted(set(contents(first)) - {"acquired.json"})
    sums = [f"{hashlib.sha256((first / name).read_bytes()).hexdigest()}  ./{name}\n" for name in names]
    (first / "SHA256SUMS").write_text("".join([*sums, f"{'0' * 64}  ../../evil.jpg\n"]))
    second = acquire_isic(Search(), root=tmp_path / "b", name="copy", mirror=str(first))
    assert {name: contents(second)[name] for name in names} == {name: contents(first)[name] for name in names}
    assert set(contents(second)) == {"acquired.json", *names}
    assert manifest(second)["licence"] == manifest(first)["licence"]
    with pytest.raises(AcquireError, match="A folder is copied whole: leave out --query"):
        acquire_isic(Search(limit=5), root=tmp_path / "c", mirror=first.as_uri())
    write_sums(tmp_path / "site" / "files")
    with pytest.raises(AcquireError, match=r"lists no metadata\.csv"):
        acquire_isic(Search(), root=tmp_path / "c", mirror=str(tmp_path / "site" / "files"))


def own(tmp_path: Path, name: str) -> Path:
    (tmp_path / "photos").mkdir(exist_ok=True)
    (tmp_path / "table.csv").write_text("file,what\na.jpg,melanoma\n")
    return acquire_folder(
        root=tmp_path / "data", name=name, images=tmp_path / "photos", csv=tmp_path / "table.csv",
        columns={"image_id": "file", "dx": "what"}, diagnoses={"melanoma": "mel"},
    )  # fmt: skip


def test_own_pictures_are_recorded_and_not_copied(tmp_path: Path) -> None:
    folder = own(tmp_path, "clinic")
    assert set(contents(folder)) == {"acquired.json"}
    assert manifest(folder) == {
        "source": "folder", "name": "clinic", "licence": "not stated", "citation": "",
        "images": str(tmp_path / "photos"), "csv": str(tmp_path / "table.csv"),
        "columns": {"image_id": "file", "dx": "what"}, "diagnoses": {"melanoma": "mel"}, "files": {},
    }  # fmt: skip


def test_a_name_cannot_be_anothers_or_leave_the_root(tmp_path: Path, isic: Server) -> None:
    own(tmp_path, "clinic")
    own(tmp_path, "clinic")
    with pytest.raises(AcquireError, match="The name clinic is taken by another data set"):
        acquire_isic(Search(limit=1), root=tmp_path / "data", name="clinic", mirror=isic.address)
    for name in ("ham10000", "isic"):
        with pytest.raises(AcquireError, match=f"The name {name} is taken"):
            own(tmp_path, name)
    for name in ("../x", "", ".hidden", "a/b"):
        with pytest.raises(AcquireError, match="is no good name for a folder"):
            own(tmp_path, name)


def test_acquiring_imports_neither_torch_nor_pandas() -> None:
    code = "import sys, skinnet.data.download.acquire; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"torch", "pandas", "numpy", "PIL"} & set(done.stdout.split())
