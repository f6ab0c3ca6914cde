from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from skinnet.__main__ import main, parser
from skinnet.cli.explain import MAP_METHODS
from skinnet.cli.options import NOT_CLASSIFIED
from skinnet.explain.heatmaps import DEFAULT_METHOD, METHODS
from tests.drawings import LOOKS, draw_lesion


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    draw_lesion(LOOKS["mel"], seed=7).save(path)
    return path


@pytest.fixture
def without_gate(shipped: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "without_gate"
    shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns("gate.*"))
    return folder


@pytest.fixture
def with_lenient_gate(shipped: Path, tmp_path: Path) -> Path:
    """A checkpoint whose gate warns of what the shipped one refuses."""
    folder = tmp_path / "with_lenient_gate"
    shutil.copytree(shipped, folder)
    settings = json.loads((folder / "gate.json").read_text())
    settings["gate"]["refuse"] = 1e9
    (folder / "gate.json").write_text(json.dumps(settings))
    return folder


def explain(drawing: Path, out: Path, checkpoint: Path) -> int:
    return main(["explain", str(drawing), "--out", str(out), "--diagnosis", "mel", "--checkpoint", str(checkpoint)])


def test_the_command_line_offers_every_method() -> None:
    assert tuple(METHODS) == MAP_METHODS
    assert parser().parse_args(["explain", "a", "--out", "b.png"]).method == DEFAULT_METHOD
    for method in METHODS:
        assert parser().parse_args(["explain", "a", "--out", "b.png", "--method", method]).method == method


def test_an_accepted_photo_gets_its_map_as_a_png(
    drawing: Path, without_gate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.png"
    assert explain(drawing, out, without_gate) == 0
    with Image.open(out) as written:
        assert written.size == (600, 450)
    printed = capsys.readouterr().out
    assert "evidence for Melanoma" in printed
    assert "Do not rely on this." not in printed


def test_a_warned_photo_gets_its_map_below_the_warning(
    drawing: Path, with_lenient_gate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.png"
    assert explain(drawing, out, with_lenient_gate) == 0
    assert out.is_file()
    warning, found, *_ = capsys.readouterr().out.splitlines()
    assert warning.startswith("Do not rely on this. This does not look like the dermatoscopic photos of the training")
    assert "evidence for Melanoma" in found


def test_a_refused_photo_gets_one_line_and_no_map(
    drawing: Path, shipped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.png"
    assert explain(drawing, out, shipped) == NOT_CLASSIFIED
    assert not out.exists()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"{drawing}: no map. This does not look like a dermatoscopic photo of a skin lesion.\n"
