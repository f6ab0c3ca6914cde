from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skinnet.__main__ import main
from tests.conftest import PROJECT


def imported_by(statement: str) -> set[str]:
    """Names of the modules that are loaded after a statement."""
    code = f"import sys; sys.argv = ['skinnet', '--help']\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_help_is_quick_because_it_imports_no_torch() -> None:
    modules = imported_by("from skinnet.__main__ import main, parser; parser()")
    assert "skinnet.labels" in modules
    assert not {"torch", "pandas", "numpy", "gradio"} & modules


def test_the_library_never_imports_gradio() -> None:
    files = [path.relative_to(PROJECT) for path in (PROJECT / "skinnet").rglob("*.py") if path.stem != "__main__"]
    assert len(files) > 75
    modules = imported_by("\n".join(f"import {'.'.join(path.with_suffix('').parts)}" for path in files))
    assert "torch" in modules
    assert not {"gradio", "demo"} & modules


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["prepare", "--root", "{empty}"], "run python -m skinnet acquire ham10000"),
        (["train", "--root", "{empty}", "--out", "{empty}/run"], "run python -m skinnet prepare"),
        (["evaluate", "--root", "{empty}"], "run python -m skinnet prepare"),
        (["predict", "{empty}"], "No pictures found"),
        (["predict", "x.jpg", "--checkpoint", "{empty}"], "No config.json in"),
        (["release", "--run", "{empty}/run"], "No run.json in"),
        (["acquire", "ham10000", "--mirror", "{empty}/nowhere"], "No SHA256SUMS on the mirror"),
        (["acquire", "ham10000", "--mirror", "ftp://127.0.0.1"], "is no http, https or file address"),
        (["acquire", "ham10000", "--root", "/proc", "--mirror", "{mirror}"], "/proc"),
    ],
)
def test_errors_are_one_line_and_exit_with_1(
    command: list[str], words: str, tmp_path: Path, drawn_mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(empty=tmp_path, mirror=drawn_mirror) for word in command]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_the_app_reports_a_missing_checkpoint_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "app.py", str(tmp_path)], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1
    expected = f"No config.json in {tmp_path}, so it is not a checkpoint: name another folder, or restore the file."
    assert done.stderr.strip() == f"skinnet: {expected}"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "No model.safetensors in"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 100),
            "is not the file whose hash config.json holds: restore both",
        ),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is missing or damaged: restore it"),
        (lambda folder: (folder / "config.json").write_text("{}"), "lacks classes: restore it"),
        (lambda folder: (folder / "config.json").write_text('{"classes": ["cat"]}'), "is for other classes than akiec"),
    ],
)
def test_a_damaged_checkpoint_is_reported_in_one_line(
    damage: object, words: str, shipped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(shipped, folder)
    damage(folder)  # type: ignore[operator]
    assert main(["predict", "x.jpg", "--checkpoint", str(folder)]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
