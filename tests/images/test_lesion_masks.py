from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinnet.errors import DataError
from skinnet.images.lesion_masks import lesion_mask, mask_path, off_centre, offset


def disc(shape: tuple[int, int], *, row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_masks_of_any_kind_are_read_at_the_size_of_the_input(tmp_path: Path, mode: str) -> None:
    drawn = disc((450, 600), row=150, column=400, radius=80)
    picture = Image.fromarray(drawn.astype(np.uint8) * 255)
    if mode == "P":  # number 0 stands for white, so that the numbers alone would say the opposite
        picture = Image.fromarray((~drawn).astype(np.uint8), mode=None)
        picture = picture.convert("P")
        picture.putpalette([255, 255, 255, 0, 0, 0])
    picture.convert(mode).save(tmp_path / "mask.png")
    mask = lesion_mask(tmp_path / "mask.png", shape=(192, 256))
    assert mask.shape == (192, 256)
    assert mask.dtype == bool
    assert mask[64, 170]
    assert mask.mean() == pytest.approx(drawn.mean(), rel=0.03)


def test_a_missing_or_damaged_mask_says_what_to_do(tmp_path: Path) -> None:
    row = pd.Series({"source": "ham10000", "image_id": "ISIC_1"})
    path = mask_path(tmp_path, row)
    assert path == tmp_path / "ham10000" / "masks" / "ISIC_1_segmentation.png"
    with pytest.raises(DataError, match="There is no mask"):
        lesion_mask(path, shape=(9, 9))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a mask")
    with pytest.raises(DataError, match="is damaged: run python -m skinnet acquire"):
        lesion_mask(path, shape=(9, 9))


def test_offset_is_zero_in_the_middle_and_one_in_a_corner() -> None:
    middle, corner = np.zeros((101, 101), bool), np.zeros((101, 101), bool)
    middle[50, 50] = True
    corner[0, 0] = True
    assert offset(middle) == 0
    assert offset(corner) == pytest.approx(1, abs=0.02)
    assert np.isnan(offset(np.zeros((4, 4), bool)))


@pytest.mark.parametrize(("corner", "row", "column"), [(0, 144, 192), (1, 144, 64), (2, 48, 192), (3, 48, 64)])
def test_a_crop_moves_a_centred_lesion_and_its_mask_to_the_same_place(corner: int, row: int, column: int) -> None:
    mask = disc((192, 256), row=96, column=128, radius=20)
    pixels = np.repeat(np.where(mask, 40, 220).astype(np.uint8)[..., None], 3, axis=2)
    cropped, cut = off_centre(pixels, mask, corner=corner)
    assert cropped.shape == pixels.shape
    assert np.argwhere(cut).mean(axis=0) == pytest.approx([row, column], abs=1)
    assert ((cropped[..., 0] < 130) == cut).mean() > 0.995


def test_the_real_masks_lie_on_the_lesions(shared_mirror: Path, tmp_path: Path) -> None:
    """The centre is in 97 % of them, palette ones too."""
    import zipfile

    with zipfile.ZipFile(shared_mirror / "HAM10000_segmentations_lesion_tschandl.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".png") and "__MACOSX" not in name][:200]
        inside = []
        for name in names:
            (tmp_path / "mask.png").write_bytes(archive.read(name))
            inside.append(lesion_mask(tmp_path / "mask.png", shape=(192, 256))[96, 128])
    assert np.mean(inside) > 0.93
