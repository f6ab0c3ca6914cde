from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.data.index import load_cache, load_index
from skinnet.errors import TrainingError
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import LOGIT_COLUMNS, load_predictions
from skinnet.labels import CLASSES, probability_columns
from skinnet.training.config import TrainConfig
from skinnet.training.soft_labels import file_hashes, load_targets
from skinnet.training.write_soft_labels import write_soft_labels

EVEN = 1 / len(CLASSES)


@pytest.fixture
def index() -> pd.DataFrame:
    """64 moles and one image of each other class for training, and a mole for validation."""
    dx = ["nv"] * 64 + [name for name in CLASSES if name != "nv"] + ["nv"]
    split = ["train"] * (len(dx) - 1) + ["val"]
    return pd.DataFrame(
        {"image_id": [f"I{number}" for number in range(len(dx))], "dx": dx, "split": split, "source": "ham10000"}
    )


def soft_labels(path: Path, ids: list[str], probabilities: list[list[float]]) -> str:
    pd.DataFrame(probabilities, columns=probability_columns()).assign(image_id=ids).to_csv(path, index=False)
    return str(path)


def test_without_soft_labels_the_target_is_the_diagnosis(index: pd.DataFrame) -> None:
    targets = load_targets(index, TrainConfig())
    assert targets.dtype == np.float32
    assert [CLASSES[number] for number in targets.argmax(axis=1)] == index["dx"].tolist()
    assert (np.sort(targets, axis=1)[:, -2:] == [0, 1]).all()


def test_a_teacher_speaks_of_training_images_alone(index: pd.DataFrame, tmp_path: Path) -> None:
    path = soft_labels(tmp_path / "soft.csv", ["I70", "I0"], [[EVEN] * 7, [EVEN] * 7])
    config = TrainConfig(soft_labels=path, soft_share=0.7, sampling_power=0)
    targets, plain = load_targets(index, config), load_targets(index, TrainConfig())
    assert targets[0] == pytest.approx(0.3 * plain[0] + 0.1)
    assert (targets[1:] == plain[1:]).all()


def test_soft_labels_move_to_the_class_shares_that_are_drawn(index: pd.DataFrame, tmp_path: Path) -> None:
    """With weight n ** -0.5, 64 moles are drawn 8 times as often as one other image, not 64 times."""
    shares = [0.5 if name == "nv" else 0.5 / 6 for name in CLASSES]
    path = soft_labels(tmp_path / "soft.csv", ["I0"], [shares])
    taught = load_targets(index, TrainConfig(soft_labels=path, soft_share=0.5))[0]
    nevus = CLASSES.index("nv")
    assert taught.sum() == pytest.approx(1)
    assert taught[nevus] == pytest.approx((1 + 0.5 / (0.5 + 0.5 * 8)) / 2)


def test_several_teachers_are_averaged(index: pd.DataFrame, tmp_path: Path) -> None:
    one, other = np.eye(7)[0].tolist(), np.eye(7)[1].tolist()
    paths = [soft_labels(tmp_path / "a.csv", ["I0"], [one]), soft_labels(tmp_path / "b.csv", ["I0", "I1"], [other] * 2)]
    config = TrainConfig(soft_labels=", ".join(paths), soft_share=0.5, sampling_power=0)
    targets = load_targets(index, config)
    assert targets[0] == pytest.approx([0.25, 0.25, 0, 0, 0, 0.5, 0])
    assert targets[1].argmax() == CLASSES.index("nv")  # judged by one of them only
    assert len(set(file_hashes(config))) == 2


def test_soft_labels_that_come_with_skinnet_are_called_by_name(index: pd.DataFrame) -> None:
    known = index.assign(image_id=["ISIC_0024307", *index["image_id"][1:]])
    taught = TrainConfig(soft_labels="ham10000_runs_3_4_12.csv")
    changed = (load_targets(known, taught) != load_targets(known, TrainConfig())).any(axis=1)
    assert changed.tolist() == [True] + [False] * (len(index) - 1)


def test_soft_labels_that_are_missing_or_of_other_data_are_refused(index: pd.DataFrame, tmp_path: Path) -> None:
    config = TrainConfig(soft_labels=str(tmp_path / "soft.csv"))
    with pytest.raises(TrainingError, match=r"No .*soft\.csv: make soft labels with"):
        load_targets(index, config)
    path = soft_labels(tmp_path / "soft.csv", ["other"], [[EVEN] * 7])
    with pytest.raises(TrainingError, match="has none of the training images"):
        load_targets(index, dataclasses.replace(config, soft_labels=path))


def test_a_run_teaches_train_and_val_and_says_nothing_of_the_test_split(
    drawn_root: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """The run that the tiny checkpoint was released from."""
    out, run = tmp_path / "taught.csv", tiny_checkpoint.parent / "run"
    assert main(["teach", "--run", str(run), "--root", str(drawn_root), "--out", str(out)]) == 0
    taught, index = load_predictions(out), load_index(drawn_root)
    assert sorted(taught["image_id"]) == sorted(index["image_id"][index["split"].isin(["train", "val"])])
    assert set(taught["split"]) == {"train", "val"}
    published = load_predictions(tiny_checkpoint / "predictions.csv").set_index("image_id")
    ids = taught["image_id"][taught["split"] == "val"]
    columns = probability_columns()
    assert taught.set_index("image_id").loc[ids, columns].to_numpy() == pytest.approx(
        published.loc[ids, columns].to_numpy(), abs=1e-5
    )
    targets = load_targets(index, TrainConfig(soft_labels=str(out)))
    assert targets.sum(axis=1) == pytest.approx(np.ones(len(index)), abs=1e-5)
    assert (targets.max(axis=1)[index["split"] == "train"] < 1).any()


def test_a_teacher_may_judge_images_without_mirrored_views(
    drawn_root: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    run = tiny_checkpoint.parent / "run"
    four, one = (
        write_soft_labels(run, root=drawn_root, out=tmp_path / "soft.csv", one_view=quick) for quick in (False, True)
    )
    assert one["image_id"].tolist() == four["image_id"].tolist()
    classifier, images = Classifier.load(tiny_checkpoint), load_cache(drawn_root, load_index(drawn_root))
    position = load_index(drawn_root)["image_id"].tolist().index(one["image_id"][0])
    expected = classifier.one_view(np.stack([images[position]]))
    assert one.loc[[0], LOGIT_COLUMNS].to_numpy() == pytest.approx(expected, abs=1e-4)
    assert four.loc[[0], LOGIT_COLUMNS].to_numpy() != pytest.approx(expected, abs=1e-4)
