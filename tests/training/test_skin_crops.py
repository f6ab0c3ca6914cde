from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from skinnet.data.index import load_index
from skinnet.images.lesion_masks import mask_path
from skinnet.images.photo import open_photo
from skinnet.training.skin_crops import free_corner, mirrored, skin_crops


def test_the_free_corner_is_the_largest_square_beside_the_lesion() -> None:
    lesion = np.zeros((224, 224), bool)
    lesion[60:, 60:] = True
    assert free_corner(lesion) is None  # corners of fewer than 64 pixels
    lesion = np.zeros((224, 224), bool)
    lesion[:100] = True
    lesion[:, :110] = True
    left, top, right, bottom = free_corner(lesion) or (0, 0, 0, 0)
    assert (right, bottom) == (218, 218)
    assert not lesion[top:bottom, left:right].any()
    assert lesion[top - 4 : bottom, left - 4 : right].any()


def test_both_crops_of_a_photo_are_squares_of_one_size_in_it(drawn_root: Path) -> None:
    """The drawn masks are (45, 60), with the lesion at rows 20 to 32 and columns 22 to 37."""
    rows = load_index(drawn_root).head(3)
    found = list(skin_crops(rows, drawn_root))
    assert len(found) == 3
    for crops, (_, row) in zip(found, rows.iterrows(), strict=True):
        photo = np.asarray(open_photo(drawn_root / row["path"]))  # (180, 240, 3)
        side = 80  # multiples of 4 away from the whole height; the lesion begins in column 88
        assert crops.skin.size == crops.lesion.size == (side, side)
        assert (np.asarray(crops.skin) == photo[6 : 6 + side, 6 : 6 + side]).all()
        top, left = round(4 * 26 - side / 2), round(4 * 29.5 - side / 2)
        middle = np.asarray(crops.lesion)[4:-4, 4:-4]
        windows = [photo[top + y : top + y + side, left + x : left + x + side] for y in (0, 1, 2) for x in (0, 1, 2)]
        assert any((window[4:-4, 4:-4] == middle).all() for window in windows)


def test_photos_without_a_mask_are_passed_over(drawn_root: Path, tmp_path: Path) -> None:
    rows = load_index(drawn_root).head(2)
    assert mask_path(drawn_root, rows.iloc[0]).is_file()
    assert list(skin_crops(rows, tmp_path)) == []


def test_a_mirrored_crop_has_a_photos_size_and_no_seam() -> None:
    crop = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8))
    pixels = np.asarray(mirrored(crop))
    assert pixels.shape == (224, 224, 3)
    assert (pixels[:80, :80] == np.asarray(crop)).all()
    assert (pixels[80:160] == pixels[79::-1][:80]).all()
