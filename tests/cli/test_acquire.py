from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.data.download.acquire import acquire, acquire_folder
from skinnet.data.download.sources import HAM10000
from skinnet.data.metadata import read_source
from tests.conftest import PROJECT
from tests.servers import Server, manifest


def test_a_search_is_acquired(isic: Server, tmp_path: Path) -> None:
    options = ["--query", "sex:female", "--collections", "66", "67", "--limit", "4", "--licence", "CC-0", "CC-BY"]
    name = ["--thumbnails", "--name", "small", "--root", str(tmp_path)]
    assert main(["acquire", "isic", "--mirror", isic.address, *options, *name]) == 0
    search = manifest(tmp_path / "small")["search"]
    assert search["collections"] == [66, 67]
    assert search["thumbnails"] is True
    assert len(list((tmp_path / "small" / "images").iterdir())) == 4
    assert isic.paths()[0].endswith("?limit=100&query=sex%3Afemale&collections=66%2C67")


def test_the_options_for_a_local_folder_reach_its_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "table.csv").write_text("file,what\na.jpg,melanoma\n")
    acquire_folder(
        root=tmp_path / "data", name="first", images=tmp_path / "photos", csv=tmp_path / "table.csv",
        columns={"image_id": "file", "dx": "what"}, diagnoses={"melanoma": "mel"},
    )  # fmt: skip
    where = ["--root", str(tmp_path / "data"), "--images", str(tmp_path / "photos"), "--csv"]
    columns = ["--column", "image_id=file", "--column", "dx=what", "--diagnosis", "melanoma=mel"]
    assert main(["acquire", "folder", "--name", "second", *where, str(tmp_path / "table.csv"), *columns]) == 0
    first, second = (manifest(tmp_path / "data" / name) for name in ("first", "second"))
    assert {**first, "name": ""} == {**second, "name": ""}
    with pytest.raises(SystemExit):
        main(["acquire", "folder", "--name", "x", *where, "x", "--column", "file"])
    assert "'file' has no '='" in capsys.readouterr().err


@pytest.fixture
def kaggle(drawn_mirror: Path, tmp_path: Path) -> Path:
    """The drawn HAM10000 as Kaggle offers it: unpacked in two folders, with one table, and no checksums."""
    folder = tmp_path / "kaggle"
    folder.mkdir()
    shutil.copyfile(drawn_mirror / "HAM10000_metadata.csv", folder / "HAM10000_metadata.csv")
    for part in ("HAM10000_images_part_1", "HAM10000_images_part_2"):
        with zipfile.ZipFile(drawn_mirror / f"{part}.zip") as archive:
            archive.extractall(folder / part)
    if sys.platform != "win32":
        (folder / part / "loop.jpg").symlink_to("loop.jpg")
        (folder / "A").mkdir()
        os.mkfifo(folder / "HAM10000_segmentations_lesion_tschandl.zip")
        os.mkfifo(folder / "A" / "HAM10000_images_part_1.zip")
    return folder


def test_kaggle_s_folders_are_a_mirror_and_a_folder_of_one_s_own(
    kaggle: Path, drawn_mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(tmp_path / "data")]
    assert main(["acquire", "ham10000", *root, "--mirror", str(kaggle)]) == 0
    assert manifest(tmp_path / "data" / "ham10000")["variant"] == "an unpacked copy"
    images = ["--images", str(kaggle), "--csv", str(kaggle / "HAM10000_metadata.csv")]
    assert main(["acquire", "folder", "--name", "own", *root, *images]) == 0
    packed = acquire(HAM10000, root=tmp_path / "packed", mirror=str(drawn_mirror))
    expected = read_source(packed)
    assert expected["path"].notna().all()
    for name in ("ham10000", "own"):
        table = read_source(tmp_path / "data" / name)
        for column in ("image_id", "lesion_id", "dx", "age", "sex"):
            assert table[column].equals(expected[column]), column
        for ours, theirs in zip(table["path"], expected["path"], strict=True):
            assert (tmp_path / "data" / ours).read_bytes() == (tmp_path / "packed" / theirs).read_bytes()
    assert main(["acquire", "ham10000", *root]) == 0  # nothing is asked of the publisher
    next((tmp_path / "data" / "ham10000" / "images").iterdir()).unlink()
    assert main(["acquire", "ham10000", *root, "--mirror", str(kaggle)]) == 0
    assert len(list((tmp_path / "data" / "ham10000" / "images").iterdir())) == len(expected)
    shutil.rmtree(kaggle / "HAM10000_images_part_2")
    assert main(["acquire", "ham10000", "--root", str(tmp_path / "half"), "--mirror", str(kaggle)]) == 1
    assert "has no HAM10000_images_part_2.zip, neither packed nor unpacked" in capsys.readouterr().err


def test_what_a_browser_downloaded_needs_no_checksums(drawn_mirror: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn_mirror, tmp_path / "downloads", ignore=shutil.ignore_patterns("SHA256SUMS"))
    table = pd.read_csv(tmp_path / "downloads" / "HAM10000_metadata.csv")
    (tmp_path / "downloads" / "HAM10000_metadata.csv").unlink()
    table.to_csv(tmp_path / "downloads" / "HAM10000_metadata.tab", sep="\t", index=False)
    folder = acquire(HAM10000, root=tmp_path / "data", mirror=str(tmp_path / "downloads"))
    assert read_source(folder)["path"].notna().all()
    assert len(list((folder / "masks").iterdir())) == len(table)


def test_a_bare_acquire_lists_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acquire", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "pad-ufes-20" in listed
    assert main(["acquire"]) == 2
    assert capsys.readouterr().out == listed


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "skinnet", "acquire", *map(str, arguments)]
    return subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_quiet_shows_errors_alone(drawn_mirror: Path, tmp_path: Path) -> None:
    loud = command("ham10000", "--root", tmp_path / "a", "--mirror", drawn_mirror)
    assert loud.stderr.startswith("ham10000 is complete")
    assert "\r" not in loud.stderr
    quiet = command("ham10000", "--root", tmp_path / "b", "--mirror", drawn_mirror, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    early = command("--quiet", "ham10000", "--root", tmp_path / "b", "--mirror", drawn_mirror)
    assert (early.returncode, early.stdout, early.stderr) == (0, "", "")
    (tmp_path / "empty").mkdir()
    failed = command("ham10000", "--root", tmp_path / "c", "--mirror", tmp_path / "empty", "--quiet")
    assert failed.returncode == 1
    assert failed.stderr.endswith("or its SHA256SUMS does not list it: the mirror is incomplete.\n")


def test_a_rerun_on_the_real_pictures_takes_about_a_second(shared_mirror: Path, tmp_path: Path) -> None:
    """Of processor time: about .7 s on a quiet machine, and more on one whose cores are shared."""
    assert command("ham10000", "--root", tmp_path, "--mirror", shared_mirror, "--quiet").returncode == 0
    assert manifest(tmp_path / "ham10000")["variant"] == "export 224x224"
    before = os.times()
    assert "nothing to do" in command("ham10000", "--root", tmp_path, "--mirror", shared_mirror).stderr
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1.5
