"""The folder of a Space: its files, versions and front matter."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from demo.space import CPU_INDEX, GRAPHICS_CARD, needed, pins, write_space
from tests.conftest import PROJECT

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build") / "space"
    write_space(folder)
    return folder


def test_the_front_matter_is_what_spaces_take(space: Path) -> None:
    readme = (space / "README.md").read_text(encoding="utf-8")
    matter = yaml.safe_load(readme.split("---\n")[1])
    assert matter["sdk"] == "gradio"
    assert matter["sdk_version"] == metadata.version("gradio")
    assert matter["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert (space / matter["app_file"]).is_file()
    assert {matter["colorFrom"], matter["colorTo"]} <= COLOURS
    assert len(matter["short_description"]) <= 60
    assert matter["license"] == "cc-by-nc-4.0"
    assert matter["title"]
    assert matter["emoji"]
    assert matter["tags"]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", model) for model in matter["models"])


def test_every_version_is_pinned_as_installed(space: Path) -> None:
    index, *lines = (space / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert index == CPU_INDEX
    versions = dict(line.split("==") for line in lines)
    for name, version in versions.items():
        assert metadata.version(name).partition("+")[0] == version
    assert {"torch", "torchvision", "gradio", "numpy", "pillow", "pandas", "safetensors", "openvino"} <= set(versions)
    assert not {"grad-cam", "opencv-python", "opencv-python-headless"} & set(versions)
    assert not [name for name in versions if name.startswith(GRAPHICS_CARD)]


def test_a_version_that_the_builder_of_spaces_cannot_take_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = metadata.requires

    def requires(name: str) -> list[str] | None:
        return ["uvicorn<0.1", *(found("gradio") or [])] if name == "gradio" else found(name)

    assert any(line.startswith("uvicorn==") for line in pins(needed()))
    monkeypatch.setattr(metadata, "requires", requires)
    left = pins(needed())
    assert not any(line.startswith(("uvicorn==", "h11==")) for line in left if "h11" not in line)
    assert any(line.startswith("gradio==") for line in left)


def test_the_folder_holds_no_leftovers_and_the_whole_checkpoint(space: Path, shipped: Path) -> None:
    names = {path.relative_to(space).as_posix() for path in space.rglob("*")}
    assert not [name for name in names if "__pycache__" in name or name.startswith((".", "tests", "docs"))]
    for path in shipped.rglob("*"):
        assert (space / path.relative_to(PROJECT)).exists()
    assert (space / "demo" / "cases" / "cases.csv").is_file()


def test_the_container_copies_files_that_exist_and_starts_the_app(space: Path) -> None:
    lines = (space / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert {"requirements.txt", "app.py", "demo", "skinnet", "checkpoints"} <= set(copied)
    assert [name for name in copied if not (space / name).exists()] == []
    assert f"ARG PYTHON={sys.version_info.major}.{sys.version_info.minor}" in lines
    assert "USER skinnet" in lines
    assert 'CMD ["python", "app.py"]' in lines
