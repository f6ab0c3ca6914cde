"""The built package, away from the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as a wheel installs it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(PROJECT / "skinnet", source / "skinnet", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copyfile(PROJECT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source], check=True, timeout=120
    )
    (wheel,) = folder.glob("skinnet-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True, timeout=120)
    return folder / "site"


def predict(installed: Path, photo: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "skinnet", "predict", str(photo), "--format", "csv", *options]
    environment = {"PYTHONPATH": str(installed), "PATH": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_an_installed_wheel_predicts_with_the_checkpoint_of_the_working_directory(
    installed: Path, photo: Path, shipped: Path, tmp_path: Path
) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "committee").symlink_to(shipped)
    done = predict(installed, photo, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith(str(photo))


def test_without_a_checkpoint_the_error_says_how_to_name_one(installed: Path, photo: Path, tmp_path: Path) -> None:
    done = predict(installed, photo, tmp_path)
    assert done.returncode == 1
    assert "--checkpoint" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_wheel_holds_the_splits_and_what_the_report_is_made_of(installed: Path) -> None:
    assets = [f"reporting/results/{name}" for name in ("explorer.html", "js/explorer.js", "css/report.css")]
    for name in ("data/splits/ham10000_split.csv", "data/splits/isic2017_split.csv", "py.typed", *assets):
        assert (installed / "skinnet" / name).read_bytes() == (PROJECT / "skinnet" / name).read_bytes()
