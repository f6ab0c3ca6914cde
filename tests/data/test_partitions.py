from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skinnet.data import DEVELOPMENT
from skinnet.data.partitions import PARTITIONS, add_splits, choose_partition, published_split, rows_hash
from skinnet.errors import DataError

PUBLISHED = published_split()


def random_table(seed: int, counts: dict[str, int], links: int) -> pd.DataFrame:
    """Images of several sources in random groups; HAM10000's and some of the search's have published ids."""
    rng = np.random.default_rng(seed)
    parts = []
    for source, count in counts.items():
        ids = [f"{source}{number}" for number in range(count)]
        if source == "ham10000":
            ids = rng.choice(PUBLISHED.index.to_numpy(), count, replace=False).tolist()
        parts.append(pd.DataFrame({"source": source, "kind": source, "image_id": ids}, dtype="str"))
    table = pd.concat(parts, ignore_index=True)
    table.loc[table["kind"].isin(["north", "south"]), "kind"] = "folder"
    groups = np.arange(len(table))
    for first, second in rng.integers(0, len(table), (links, 2)):
        groups[groups == groups[second]] = groups[first]
    dx = rng.choice(["mel", "nv", "bcc"], len(table))
    return table.assign(dx=dx, malignant=pd.array(dx != "nv", dtype="boolean"), group=groups)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    ham=st.integers(1, 150),
    others=st.tuples(*(st.integers(0, most) for most in (40, 20, 80, 80, 40))),
    links=st.integers(0, 60),
)
def test_no_group_is_torn_and_no_published_test_image_moves(
    seed: int, ham: int, others: tuple[int, ...], links: int
) -> None:
    names = ("isic2018-test", "isic2018-val", "isic", "north", "south")
    table = add_splits(random_table(seed, {"ham10000": ham, **dict(zip(names, others, strict=True))}, links))
    for partition in PARTITIONS:
        used = table[table[partition].isin(["train", "val", "test"])]
        assert (used.groupby("group")[partition].nunique() <= 1).all(), partition
    assert (table.groupby("group")["fold"].nunique() <= 1).all()
    assert (table["fold"].notna() == table["split"].isin(["train", "val"])).all()
    assert set(table["split"]) <= {"train", "val", "test", "excluded"}
    ours = table[table["source"] == "ham10000"].set_index("image_id")
    frozen = PUBLISHED["split"].reindex(ours.index)
    assert (ours["split"][frozen == "test"] == "test").all()
    assert not (ours["split"][frozen != "test"] == "test").any()
    assert set(table["split"][table["source"] == "isic2018-test"]) <= {"test"}
    assert not table["official"][table["kind"] == "ham10000"].eq("test").any()


def test_hashes_do_not_depend_on_the_order_of_rows() -> None:
    table = random_table(0, {"ham10000": 20, "north": 10}, 5)
    twice = pd.concat([table, table.assign(source="isic", dx="nv")])
    columns = ["image_id", "dx"]
    assert rows_hash(twice, columns) == rows_hash(twice.sample(frac=1, random_state=1), columns)
    assert rows_hash(twice, columns) != rows_hash(twice.assign(dx="nv"), columns)


def test_a_diagnosis_that_is_left_out_is_only_tested_on() -> None:
    """Group 2 holds a photo of the diagnosis under another one, which therefore takes no part."""
    table = pd.DataFrame(
        {
            "group": [1, 2, 2, 3, 4, 5],
            "clinic": "north",
            "dx": ["df", "df", "bkl", "nv", "nv", "mel"],
            "split": ["val", "train", "train", "train", "test", "val"],
        }
    )
    assert choose_partition(table, "without-df").tolist() == ["test", "test", "excluded", "train", "test", "val"]


def test_the_last_training_takes_validation_too() -> None:
    table = pd.DataFrame({"split": ["train", "val", "test", "excluded"]})
    assert choose_partition(table, DEVELOPMENT).tolist() == ["train", "train", "test", "excluded"]


def test_a_clinic_is_kept_back_with_every_lesion_that_it_photographed() -> None:
    """Lesion 2 was photographed in both clinics, so the other clinic's photo of it takes no part."""
    table = pd.DataFrame(
        {
            "group": [1, 1, 2, 2, 3, 4],
            "clinic": ["north", "north", "north", "south", "south", "south"],
            "split": ["train", "train", "test", "train", "val", "test"],
            "dx": "nv",
        }
    )
    assert choose_partition(table, "without-north").tolist() == ["test", "test", "test", "excluded", "val", "excluded"]
    south = ["train", "train", "excluded", "test", "test", "test"]
    assert choose_partition(table, "without-south").tolist() == south
    with pytest.raises(
        DataError, match=r"use split, official, train-and-val, fold-0, .*, without-north, without-south, without-akiec"
    ):
        choose_partition(table, "without-west")
    with pytest.raises(DataError, match="Unknown partition 'fold-9'"):
        choose_partition(table.assign(clinic=pd.Series(dtype="str")), "fold-9")
