from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinnet.data.index import load_index
from skinnet.errors import DataError
from skinnet.studies.gate_study import non_lesion_images
from skinnet.studies.gate_study.non_lesion_images import (
    KINDS,
    Kind,
    Places,
    bare_skin,
    close_ups,
    collect,
    crops,
    packaged,
    unpacked,
)


def test_crops_lie_inside_and_are_a_tenth_to_a_half_of_the_side() -> None:
    pixels = np.zeros((400, 600, 3), np.uint8)
    pixels[..., 0] = 7
    found = list(crops([Image.fromarray(pixels)], each=20, seed=0))
    assert len(found) == 20
    assert all(40 <= crop.width == crop.height <= 200 for crop in found)
    assert all((np.asarray(crop)[..., 0] == 7).all() for crop in found)


def test_skin_is_cut_from_every_validation_photo_with_a_free_corner(drawn_root: Path) -> None:
    corners = list(bare_skin(Places(drawn_root)))
    assert len(corners) == (load_index(drawn_root)["split"] == "val").sum()
    assert {corner.size for corner in corners} == {corners[0].size}


def test_close_ups_are_square_and_four_to_three_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(non_lesion_images, "packaged", lambda *_: [Image.new("RGB", (400, 400))])
    found = list(close_ups(Places(Path())))
    assert len(found) == 80
    assert {picture.size for picture in found} == {(600, 600), (600, 450)}


def test_one_size_of_each_wallpaper_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/wallpapers/Dune/contents"
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for name in ("1024x768.png", "1600x1200.png", "screenshot.png"):
        Image.fromarray(noise).save(folder / name)
    Image.new("RGB", (50, 50)).save(folder / "icon.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "gone.png").symlink_to("in_another_package.png")
    assert len(list(unpacked(Places(tmp_path, [tmp_path]), ["wallpapers"]))) == 1


def test_missing_sources_are_named(drawn_root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    unmasked = tmp_path / "unmasked"
    unmasked.mkdir()
    (unmasked / "index.csv").symlink_to(drawn_root / "index.csv")
    with caplog.at_level(logging.WARNING, logger="skinnet"):
        assert list(unpacked(Places(tmp_path, [tmp_path]), ["wallpapers"])) == []
        assert list(packaged("no_such_package", ["a"])) == []
        assert list(bare_skin(Places(unmasked))) == []
    assert "usr/share/wallpapers" in caplog.text
    assert "no_such_package is not installed" in caplog.text
    assert "No lesion masks" in caplog.text


def test_a_kind_to_design_on_must_have_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(non_lesion_images, "KINDS", (Kind("empty", True, lambda _: iter(())),))
    with pytest.raises(DataError, match="foreign"):
        list(collect(Places(tmp_path)))


def test_some_kinds_are_for_design_and_others_are_only_reported() -> None:
    design = {kind.name for kind in KINDS if kind.for_design}
    assert design == {"photographs", "parts of photographs", "textures", "noise and plain colours", "documents"}
    assert len(KINDS) - len(design) == 10
