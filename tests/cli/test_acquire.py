from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from skinnet.__main__ import main
from skinnet.data.download.acquire import acquire_folder
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
    assert "file/s" in loud.stderr
    assert "ham10000 is complete" in loud.stderr
    quiet = command("ham10000", "--root", tmp_path / "b", "--mirror", drawn_mirror, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    early = command("--quiet", "ham10000", "--root", tmp_path / "b", "--mirror", drawn_mirror)
    assert (early.returncode, early.stdout, early.stderr) == (0, "", "")
    failed = command("ham10000", "--root", tmp_path / "c", "--mirror", tmp_path, "--quiet")
    assert failed.returncode == 1
    assert failed.stderr.startswith("skinnet: No SHA256SUMS on the mirror")


def test_a_rerun_on_the_real_pictures_takes_less_than_a_second(shared_mirror: Path, tmp_path: Path) -> None:
    """Of processor time, so that a busy machine does not count."""
    assert command("ham10000", "--root", tmp_path, "--mirror", shared_mirror, "--quiet").returncode == 0
    assert manifest(tmp_path / "ham10000")["variant"] == "export 224x224"
    before = os.times()
    assert "nothing to do" in command("ham10000", "--root", tmp_path, "--mirror", shared_mirror).stderr
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1
