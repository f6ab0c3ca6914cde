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
from skinnet.data.partitions import known_duplicates, published_split
from skinnet.inference.predictions import rows_of
from tests.drawings import LOOKS, draw_lesion

SEARCH = "skinnet data duplicates"


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


def test_the_published_split_has_every_class_everywhere(shipped: Path) -> None:
    split = published_split()
    assert split["split"].value_counts().to_dict() == {"train": 6997, "test": 2004, "val": 989, "excluded": 25}
    assert (split["fold"].isna() == split["split"].isin(["test", "excluded"])).all()
    published = rows_of(pd.read_csv(shipped / "predictions.csv"), "test", "ham10000")
    test_ids = set(published["image_id"])
    assert test_ids == set(split.index[split["split"] == "test"])


def test_the_published_split_can_be_made_again(real_index: pd.DataFrame) -> None:
    """As it was made: dealt by lesions and what the hash and the literature join; then followed where the search of
    `duplicates` joined more, test images staying where they were; then folded."""
    position = {image_id: number for number, image_id in enumerate(real_index["image_id"])}
    known = known_duplicates()
    pairs = known[["image_id_a", "image_id_b"]].map(lambda image_id: position[image_id]).to_numpy()
    first = join_groups([real_index["lesion_id"]], pairs[(known["found_by"] != SEARCH).to_numpy()])
    ordered, _ = pd.factorize(real_index["lesion_id"].groupby(first).transform("min"), sort=True)
    dx = real_index["dx"].to_numpy()
    split = follow(split_groups(dx, ordered, seed=2018), real_index["group"].to_numpy())
    published = published_split().loc[real_index["image_id"]]
    assert (split == published["split"].to_numpy()).all()
    used = np.isin(split, ["train", "val"])
    folds = deal(dx[used], real_index["group"].to_numpy()[used], parts=5, seed=2018)
    assert (folds == published["fold"].to_numpy()[used]).all()


@pytest.mark.parametrize("source", ["ham10000", "isic2017"])
def test_the_published_splits_are_what_prepare_writes(real_root: Path, source: str) -> None:
    written = pd.read_csv(real_root / "splits.csv", comment="#").query("source == @source").set_index("image_id")
    published = published_split(source).reindex(written.index)
    pd.testing.assert_frame_equal(written[["split", "fold"]], published, check_dtype=False)


def test_no_real_lesion_file_or_group_is_in_two_splits(real_index: pd.DataFrame) -> None:
    used = real_index[real_index["split"] != "excluded"]
    for kind in ("lesion_id", "group", "sha256"):
        assert (used.groupby(kind)["split"].nunique() == 1).all(), kind
    assert (used.groupby("group")["fold"].nunique() <= 1).all()
