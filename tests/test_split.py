from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.drawings import LOOKS, draw_lesion
from skinnet.index import new_split, published_split
from skinnet.split import MAX_HASH_DISTANCE, join_groups, near_duplicates, perceptual_hashes, split_groups


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(15, 60), st.integers(1, 4))
def test_no_group_is_in_two_splits_and_shares_hold(seed: int, lesions: int, most_images: int) -> None:
    rng = np.random.default_rng(seed)
    dx = np.repeat(rng.permutation(np.arange(7).repeat(lesions)), 1)
    images = rng.integers(1, most_images + 1, len(dx))
    groups = np.repeat(np.arange(len(dx)), images)
    diagnoses = np.repeat(dx, images)
    table = pd.DataFrame({"dx": diagnoses, "group": groups, "split": split_groups(diagnoses, groups, seed=seed)})
    assert (table.groupby("group")["split"].nunique() == 1).all()
    assert (pd.crosstab(table["dx"], table["split"]) > 0).all(axis=None)
    shares = table["split"].value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.03)
    assert shares["val"] == pytest.approx(0.1, abs=0.02)


def test_the_same_seed_gives_the_same_split() -> None:
    diagnoses, groups = np.arange(700) % 7, np.arange(700)
    assert (split_groups(diagnoses, groups, seed=1) == split_groups(diagnoses, groups, seed=1)).all()
    assert (split_groups(diagnoses, groups, seed=1) != split_groups(diagnoses, groups, seed=2)).any()


def test_pairs_join_whole_lesions_across_several_steps() -> None:
    lesions = np.array(["a", "a", "b", "c", "d", "d"])
    groups = join_groups(lesions, np.array([[1, 2], [2, 3]]))
    assert len(set(groups[:4])) == 1
    assert groups[4] == groups[5] != groups[0]


def test_a_turned_mirrored_and_recompressed_copy_is_found(tmp_path: Path) -> None:
    pictures = [draw_lesion(LOOKS[name], seed=seed, size=(240, 180)) for seed, name in enumerate(sorted(LOOKS))]
    copy = pictures[4].transpose(Image.Transpose.ROTATE_90).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    copy.save(tmp_path / "copy.jpg", quality=60)
    pictures.append(Image.open(tmp_path / "copy.jpg"))
    hashes = perceptual_hashes([np.asarray(picture) for picture in pictures])
    pairs = near_duplicates(hashes, max_distance=MAX_HASH_DISTANCE)
    assert pairs[:, :2].tolist() == [[4, 7]]


def test_the_published_split_has_every_class_everywhere(shipped: Path) -> None:
    split = published_split()
    assert split.value_counts().to_dict() == {"train": 7009, "test": 2004, "val": 1002}
    published = pd.read_csv(shipped / "predictions.csv").set_index("image_id")
    assert (split[published.index] == published["split"]).all()
    assert set(published.groupby("split")["dx"].nunique()) == {7}


def test_the_published_split_can_be_made_again(real_index: pd.DataFrame) -> None:
    assert (new_split(real_index) == published_split()[real_index["image_id"]].to_numpy()).all()
    assert (real_index.groupby("lesion_id")["split"].nunique() == 1).all()
    assert (real_index.groupby("group")["split"].nunique() == 1).all()
    assert (real_index.groupby("sha256")["split"].nunique() == 1).all()
