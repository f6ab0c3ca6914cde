from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from skinnet.data.grouping import (
    MAX_HASH_DISTANCE,
    TENTHS,
    deal,
    follow,
    join_groups,
    near_duplicates,
    perceptual_hashes,
    split_groups,
)
from skinnet.data.partitions import published_split
from skinnet.inference.predictions import rows_of
from tests.drawings import LOOKS, draw_lesion


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lesions=st.lists(st.integers(10, 60), min_size=2, max_size=7),
    most_images=st.integers(1, 4),
    most_lesions=st.integers(1, 3),
    copies=st.integers(0, 5),
)
def test_no_lesion_patient_or_duplicate_is_in_two_splits_and_shares_hold(
    seed: int, lesions: list[int], most_images: int, most_lesions: int, copies: int
) -> None:
    """Random tables: 10 to 60 lesions a class, each with some images; patients with some lesions; a few duplicates."""
    rng = np.random.default_rng(seed)
    lesion_dx = rng.permutation(np.repeat(np.arange(len(lesions)), lesions))
    lesion_patient = np.sort(rng.integers(0, len(lesion_dx), len(lesion_dx)) // most_lesions)
    lesion = np.repeat(np.arange(len(lesion_dx)), rng.integers(1, most_images + 1, len(lesion_dx)))
    table = pd.DataFrame({"dx": lesion_dx[lesion], "lesion": lesion, "patient": lesion_patient[lesion]})
    table.loc[rng.random(len(table)) < 0.3, "patient"] = np.nan
    pairs = rng.integers(0, len(table), (copies, 2))
    table["group"] = join_groups([table["lesion"], table["patient"]], pairs)
    table["split"] = split_groups(table["dx"].to_numpy(), table["group"].to_numpy(), seed=seed)
    for kind in ("lesion", "patient", "group"):
        assert (table.groupby(kind)["split"].nunique() == 1).all(), kind
    assert (table["split"].to_numpy()[pairs[:, 0]] == table["split"].to_numpy()[pairs[:, 1]]).all()
    if table["group"].nunique() < TENTHS:
        assert set(table["split"]) == {"test"}
        return
    largest = table["group"].value_counts().max() / len(table)
    shares = table["split"].value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.03 + 2 * largest)
    assert shares["val"] == pytest.approx(0.1, abs=0.03 + 2 * largest)
    pure = table[table.groupby("group")["dx"].transform("nunique") == 1]
    enough = pure.groupby("dx")["group"].nunique() >= TENTHS
    present = pd.crosstab(pure["dx"], pure["split"]).reindex(columns=["train", "val", "test"], fill_value=0) > 0
    assert present[enough].all(axis=None)


def test_a_frozen_test_image_drives_its_likes_out_of_training() -> None:
    frozen = np.array(["test", "train", "", "val", "train", "val", "train", "", "excluded"])
    groups = np.array([0, 0, 0, 1, 1, 2, 3, 4, 4])
    followed = ["test", "excluded", "test", "train", "train", "val", "train", "excluded", "excluded"]
    assert follow(frozen, groups).tolist() == followed
    cases = {
        ("test", "val", "excluded", ""): ["test", "excluded", "excluded", "test"],
        ("train", "excluded", ""): ["train", "excluded", "train"],
        ("val", "excluded", ""): ["val", "excluded", "val"],
        ("", ""): ["", ""],
    }
    for given_splits, expected in cases.items():
        assert follow(np.array(given_splits), np.zeros(len(given_splits), int)).tolist() == expected


def test_strata_too_small_to_deal_are_taken_together() -> None:
    strata = np.array(["nv"] * 50 + ["mel"] * 3 + ["df"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = deal(strata, np.arange(54), parts=5, seed=0)
    assert parts is not None
    assert np.bincount(parts).tolist() == [11, 11, 11, 11, 10]
    assert deal(strata[:4], np.arange(4), parts=5, seed=0) is None


def test_the_same_seed_gives_the_same_split() -> None:
    diagnoses, groups = np.arange(700) % 7, np.arange(700)
    assert (split_groups(diagnoses, groups, seed=1) == split_groups(diagnoses, groups, seed=1)).all()
    assert (split_groups(diagnoses, groups, seed=1) != split_groups(diagnoses, groups, seed=2)).any()


def test_pairs_join_whole_lesions_and_patients_across_several_steps() -> None:
    lesions = pd.Series(["a", "a", "b", "c", "d", "d", None, None])
    patients = pd.Series([None, None, None, None, "p", None, "p", None])
    groups = join_groups([lesions, patients], np.array([[1, 2], [2, 3]]))
    assert len(set(groups[:4])) == 1
    assert groups[4] == groups[5] == groups[6] != groups[0]
    assert len(set(groups)) == 3


def test_a_turned_mirrored_and_recompressed_copy_is_found(tmp_path: Path) -> None:
    pictures = [draw_lesion(LOOKS[name], seed=seed, size=(240, 180)) for seed, name in enumerate(sorted(LOOKS))]
    copy = pictures[4].transpose(Image.Transpose.ROTATE_90).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    copy.save(tmp_path / "copy.jpg", quality=60)
    pictures.append(Image.open(tmp_path / "copy.jpg"))
    hashes = perceptual_hashes([np.asarray(picture) for picture in pictures])
    pairs = near_duplicates(hashes, max_distance=MAX_HASH_DISTANCE)
    assert pairs[:, :2].tolist() == [[4, 7]]


def test_every_turn_and_mirroring_of_a_picture_has_its_hash_among_the_eight() -> None:
    picture = draw_lesion(LOOKS["bcc"], seed=3, size=(240, 180))
    copies = [picture.transpose(way) for way in Image.Transpose]
    hashes = perceptual_hashes([np.asarray(each) for each in (picture, *copies)])
    assert hashes.shape == (8, 8, 255)
    pairs = near_duplicates(hashes, max_distance=8)
    assert {(first, second) for first, second, _ in pairs} == {(i, j) for j in range(8) for i in range(j)}


def test_a_distance_is_the_number_of_bits_that_differ_in_any_block_of_pictures() -> None:
    hashes = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (8, 2100, 64))
    for view, first, second, bits in ((0, 3, 9, 1), (5, 2055, 2090, 4)):
        hashes[view, first] = hashes[0, second]
        hashes[view, first, :bits] *= -1
    assert near_duplicates(hashes, max_distance=4).tolist() == [[3, 9, 1], [2055, 2090, 4]]
    assert near_duplicates(hashes, max_distance=3).tolist() == [[3, 9, 1]]
    assert near_duplicates(hashes, max_distance=0).shape == (0, 3)


def test_the_published_split_has_every_class_everywhere(shipped: Path) -> None:
    split = published_split()
    assert split["split"].value_counts().to_dict() == {"train": 6997, "test": 2004, "val": 989, "excluded": 25}
    assert (split["fold"].isna() == split["split"].isin(["test", "excluded"])).all()
    published = rows_of(pd.read_csv(shipped / "predictions.csv"), "test", "ham10000")
    test_ids = set(published["image_id"])
    assert test_ids == set(split.index[split["split"] == "test"])
