from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from skinnet.__main__ import main
from skinnet.data.partitions import known_duplicates, published_split
from skinnet.images.photo import open_photo
from skinnet.studies.duplicates.search import candidates
from skinnet.studies.duplicates.sift import MIN_AGREEING, agreeing_matches, local_features
from tests.drawings import LOOKS, draw_lesion


def textured(seed: int) -> Image.Image:
    """A drawn lesion on grainy skin: drawings alone are too smooth to have features."""
    rng = np.random.default_rng(seed)
    lesion = np.asarray(draw_lesion(LOOKS["mel"], seed=seed, size=(256, 192)), dtype=float)
    grain = Image.fromarray(rng.integers(0, 255, (48, 64), dtype=np.uint8)).resize((256, 192), Image.Resampling.BICUBIC)
    return Image.fromarray(
        np.clip(lesion + 0.3 * (np.asarray(grain, dtype=float)[:, :, None] - 128), 0, 255).astype("u1")
    )


def test_a_turned_zoomed_and_shifted_part_of_a_photo_is_found() -> None:
    photo = textured(1)
    part = photo.rotate(35, resample=Image.Resampling.BICUBIC).crop((50, 40, 210, 160)).resize((256, 192))
    first, second = (local_features(np.asarray(picture)) for picture in (photo, part))
    assert agreeing_matches(first, second) > 20


def test_a_mirror_image_is_found_only_when_asked_for() -> None:
    photo = textured(2)
    first, second = (local_features(np.asarray(view)) for view in (photo, photo.transpose(0).rotate(20)))
    assert agreeing_matches(first, second, mirrored=True) > 20
    assert agreeing_matches(first, second) < MIN_AGREEING


def test_different_lesions_do_not_agree() -> None:
    features = [local_features(np.asarray(textured(seed))) for seed in range(10, 20)]
    agreeing = [agreeing_matches(one, other) for one in features for other in features if one is not other]
    assert max(agreeing) < MIN_AGREEING


def test_a_blank_picture_has_nothing_to_compare() -> None:
    blank = local_features(np.full((192, 256, 3), 128, np.uint8))
    assert agreeing_matches(blank, local_features(np.asarray(textured(3)))) == 0


def test_only_the_most_similar_images_of_other_lesions_are_compared() -> None:
    features = np.eye(3, dtype=np.float32)[[0, 0, 0, 1]]
    assert candidates(features, np.array([0, 0, 1, 2])).tolist() == [[0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]


def test_the_command_writes_the_pairs_and_a_sheet(tiny_checkpoint: Path, drawn_root: Path, tmp_path: Path) -> None:
    """Two photos of a clinic show one lesion, one of them turned; their lesion ids differ."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(12):
        textured(100 + number).save(pictures / f"c{number}.png")
    textured(105).rotate(25, resample=Image.Resampling.BICUBIC).crop((30, 20, 226, 167)).save(pictures / "c12.png")
    rows = ["file,finding"] + [f"c{number}.png,nv" for number in range(13)]
    (tmp_path / "cases.csv").write_text("\n".join(rows) + "\n")
    named = ["--images", str(pictures), "--csv", str(tmp_path / "cases.csv"), "--name", "clinic"]
    columns = ["--column", "image_id=file", "--column", "dx=finding"]
    root = str(tmp_path / "data")
    assert main(["acquire", "folder", *named, *columns, "--root", root]) == 0
    assert main(["prepare", "--root", root]) == 0
    assert main(["data", "duplicates", "--root", root, "--checkpoint", str(tiny_checkpoint)]) == 0
    found = pd.read_csv(tmp_path / "data" / "duplicates.csv")
    assert found[["image_id_a", "image_id_b"]].to_numpy().tolist() == [["c12.png", "c5.png"]]
    assert open_photo(tmp_path / "data" / "duplicates.jpg").width == 4 * 2 * 256


def test_known_duplicates_are_never_in_two_splits() -> None:
    pairs = known_duplicates()
    split = published_split()["split"]
    sides = [split.loc[pairs[f"image_id_{letter}"]].to_numpy() for letter in "ab"]
    used = [np.isin(side, ["train", "val", "test"]) for side in sides]
    assert (sides[0] == sides[1])[used[0] & used[1]].all()
