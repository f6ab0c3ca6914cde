"""On the real data: the published splits can be made again, and the shipped checkpoint is what it says.

One file, so that one process prepares the data once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from skinnet.__main__ import main
from skinnet.checkpoint import OUT_OF_FOLD, SPLIT, load_config
from skinnet.data import DEVELOPMENT
from skinnet.data.grouping import deal, follow, join_groups, split_groups
from skinnet.data.index import class_counts, load_index, split_hash, table_hash
from skinnet.data.partitions import known_duplicates, published_split, seen_in_training
from skinnet.explain.cam import class_maps, photo_features
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.classifier import Classifier
from skinnet.inference.onnx_graph import SWITCH
from skinnet.inference.predictions import LOGIT_COLUMNS, rows_of
from skinnet.labels import probability_columns
from skinnet.models.backbone import head
from skinnet.studies.duplicates.sift import MIN_AGREEING, agreeing_matches, local_features
from skinnet.training.fit_calibration import fit_rules

SEARCH = "skinnet data duplicates"


@pytest.fixture(scope="module")
def real_root(shared_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real HAM10000 and ISIC 2017 after acquire and prepare."""
    root = tmp_path_factory.mktemp("real")
    assert main(["acquire", "ham10000", "--root", str(root), "--mirror", str(shared_mirror)]) == 0
    assert main(["acquire", "isic2017", "--root", str(root), "--mirror", str(shared_mirror / "isic2017")]) == 0
    assert main(["prepare", "--root", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def real_index(real_root: Path) -> pd.DataFrame:
    """The table of HAM10000's images."""
    return load_index(real_root)


@pytest.fixture(scope="module")
def real_table(real_root: Path) -> pd.DataFrame:
    """Both data sets as the networks were trained on them."""
    return load_index(real_root, sources=["ham10000", "isic2017"], partition=DEVELOPMENT)


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


def test_no_image_that_it_was_trained_on_is_in_a_test_split(
    shipped: Path, published: pd.DataFrame, real_index: pd.DataFrame
) -> None:
    seen = seen_in_training(shipped / SPLIT, real_index)
    assert seen.sum() == 6997 + 989  # HAM10000's
    assert not set(real_index["image_id"][seen]) & set(published["image_id"][published["split"] == "test"])


def test_every_choice_was_made_without_the_test_splits(
    shipped: Path, published: pd.DataFrame, real_table: pd.DataFrame
) -> None:
    """Temperature, class weights and thresholds follow from what was predicted out of fold."""
    config = load_config(shipped)
    assert config.rules_from.table == OUT_OF_FOLD
    unseen = published[published["split"] == "val"].set_index("image_id")
    rows = real_table[real_table["image_id"].isin(unseen.index)]
    assert set(rows["split"]) == {"train"}
    training = config.members[0].training
    rules = fit_rules(
        unseen.loc[rows["image_id"], LOGIT_COLUMNS].to_numpy(), rows, sampling_power=training["sampling_power"],
        source_power=training["source_power"], class_counts=class_counts(real_table[real_table["split"] == "train"]),
    )  # fmt: skip
    assert rules.calibration.temperature == pytest.approx(config.temperature, rel=1e-3)
    assert rules.calibration.prior_shift == pytest.approx(config.prior_shift)
    assert rules.decision.class_weights == pytest.approx(config.class_weights, rel=1e-6)
    for fitted, point in zip(rules.decision.operating_points, config.operating_points, strict=True):
        assert (fitted.name, fitted.sensitivity) == (point.name, point.sensitivity)
        assert fitted.threshold == pytest.approx(point.threshold, abs=1e-4)


def test_real_images_give_the_published_predictions(shipped: Path, published: pd.DataFrame, real_root: Path) -> None:
    classifier = Classifier.load(shipped)
    rows = rows_of(published, "test", "ham10000").sample(200, random_state=0)
    folder = real_root / "ham10000" / "images"
    inputs = [to_input(open_photo(folder / f"{image_id}.jpg"), frame=classifier.frame) for image_id in rows["image_id"]]
    logits = [classifier.logits(np.stack(inputs[first : first + 25])) for first in range(0, len(inputs), 25)]
    probabilities = classifier.probabilities(np.concatenate(logits))
    assert np.abs(probabilities - rows[probability_columns()].to_numpy()).max() < 1e-3


@pytest.mark.stress
def test_the_exported_graph_gives_the_published_predictions_and_pytorchs_maps(
    shipped: Path,
    published: pd.DataFrame,
    real_root: Path,
    real_table: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Predictions on all test images of both data sets, maps on every tenth."""
    monkeypatch.delenv(SWITCH)
    plain, fast = Classifier.load(shipped), Classifier.load(shipped, fast=True)
    assert fast.graph is not None
    rows = published[published["split"] == "test"].set_index("image_id")
    paths = real_table.set_index("image_id").loc[rows.index, "path"]
    expected, found, correlations = rows[probability_columns()].to_numpy(), [], []
    for number, path in enumerate(paths):
        pixels = to_input(open_photo(real_root / path), frame=fast.frame)
        outputs = fast.run(pixels[None])
        found.append(fast.probabilities(outputs.logits)[0])
        if number % 10 == 0:
            assert outputs.features is not None
            features = torch.stack([outputs.features[0], photo_features(plain, pixels)])
            one, other = class_maps(head(plain.network), features).flatten(2).numpy()  # (7, h * w) each
            correlations += [np.corrcoef(*pair)[0, 1] for pair in zip(one, other, strict=True)]
    assert len(found) == 2596
    assert np.abs(np.array(found) - expected).max() < 1e-5
    assert min(correlations) > 0.99999


def test_it_says_which_packages_and_data_it_came_from(shipped: Path, real_table: pd.DataFrame) -> None:
    config = load_config(shipped)
    for member in config.members:
        assert {"python", "torch", "numpy"} <= set(member.versions)
        assert member.data_sha256 == table_hash(real_table)
    assert config.split_sha256 == split_hash(real_table)
    assert config.counts == {"train": 10039, "test": 2596, "excluded": 52}


def test_known_duplicates_of_the_real_images_agree(real_root: Path) -> None:
    table = load_index(real_root).set_index("image_id")
    pairs = known_duplicates()
    counts = []
    for row in pairs.itertuples():
        one, other = (
            local_features(np.asarray(open_photo(real_root / table["path"][name]).resize((256, 192))))
            for name in (row.image_id_a, row.image_id_b)
        )
        counts.append(max(agreeing_matches(one, other), agreeing_matches(one, other, mirrored=True)))
    assert np.mean(np.array(counts) >= MIN_AGREEING) > 0.85
