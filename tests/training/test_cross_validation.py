from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.__main__ import main
from skinnet.checkpoint import CARD, OUT_OF_FOLD, PREDICTIONS
from skinnet.data.dataset import Images
from skinnet.data.index import class_counts, load_index, load_prepared
from skinnet.data.partitions import FOLD_PARTITIONS
from skinnet.errors import DataError, TrainingError
from skinnet.inference.calibration import Decision
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import LOGIT_COLUMNS, load_predictions
from skinnet.labels import probability_columns
from skinnet.training import cross_validation as module
from skinnet.training.config import TrainConfig
from skinnet.training.cross_validation import cross_validate
from skinnet.training.fit_calibration import fit_rules, out_of_fold_logits
from skinnet.training.fitted_run import fit_run
from skinnet.training.run_state import STATE
from skinnet.training.train import train_or_go_on

SMALL = TrainConfig(weights="none", epochs=1, batch_size=32, ema_decay=0.5, first_size=0.25)


@pytest.fixture(scope="module")
def judged(drawn_root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Path]:
    out = tmp_path_factory.mktemp("folds")
    return cross_validate(SMALL, root=drawn_root, out=out), out


def test_folds_part_the_lesions_of_train_and_val(drawn_root: Path) -> None:
    plain, prepared = load_index(drawn_root), load_prepared(drawn_root)
    seen = pd.Series(0, index=plain["image_id"])
    for name in FOLD_PARTITIONS:
        table = load_index(drawn_root, partition=name)
        assert table["image_id"].tolist() == plain["image_id"].tolist()
        assert (table["split"][plain["split"] == "test"] == "test").all()
        groups = prepared["group"].groupby(table["split"]).agg(set)
        assert not groups["val"] & groups["train"]
        assert not groups["val"] & groups["test"]
        seen[table.loc[table["split"] == "val", "image_id"]] += 1
    assert (seen[plain["image_id"][plain["split"].isin(["train", "val"])]] == 1).all()
    assert seen.sum() == plain["split"].isin(["train", "val"]).sum()


def test_every_image_but_those_of_the_test_split_is_judged_once(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path
) -> None:
    table, out = judged
    index = load_index(drawn_root)
    assert table["image_id"].tolist() == index["image_id"][index["split"].isin(["train", "val"])].tolist()
    assert set(table["split"]) == {"train", "val"}
    assert table[probability_columns()].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(table)))
    written = pd.read_csv(out / OUT_OF_FOLD)
    assert written["p_mel"].to_numpy() == pytest.approx(table["p_mel"].to_numpy(), abs=1e-6)


def test_a_cross_validation_that_was_stopped_goes_on(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, out = judged
    before = {fold: (out / fold / OUT_OF_FOLD).read_bytes() for fold in FOLD_PARTITIONS}
    states = {fold: (out / fold / STATE).stat().st_mtime_ns for fold in FOLD_PARTITIONS}
    (out / FOLD_PARTITIONS[3] / OUT_OF_FOLD).unlink()  # stopped after its training, before its judgement
    judged_again = []

    def predict(network: Classifier, images: Images, positions: np.ndarray) -> np.ndarray:
        judged_again.append(len(positions))
        return original(network, images, positions)

    original = module.predict_logits
    monkeypatch.setattr(module, "predict_logits", predict)
    again = cross_validate(SMALL, root=drawn_root, out=out)
    assert judged_again == [(table["fold"] == 3).sum()]
    assert states == {fold: (out / fold / STATE).stat().st_mtime_ns for fold in FOLD_PARTITIONS}
    pd.testing.assert_frame_equal(table, again)
    assert before == {fold: (out / fold / OUT_OF_FOLD).read_bytes() for fold in FOLD_PARTITIONS}
    judgement = tmp_path / "judgement.csv"
    judgement.write_text("of a run whose state is gone")
    train_or_go_on(SMALL, root=drawn_root, out=tmp_path / "run", predictions=judgement)
    assert not judgement.exists()
    with pytest.raises(TrainingError, match="was trained with another epochs"):
        cross_validate(dataclasses.replace(SMALL, epochs=SMALL.epochs + 1), root=drawn_root, out=out)


def test_a_released_network_takes_its_thresholds_from_the_folds(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    table, out = judged
    run = tiny_checkpoint.parent / "run"
    fitted = fit_run([run], root=drawn_root, name="tiny", out_of_fold=[out / OUT_OF_FOLD])
    plain = fit_run([run], root=drawn_root, name="tiny").config
    assert fitted.rows["image_id"].tolist() == table["image_id"].tolist()
    assert fitted.logits == pytest.approx(table[LOGIT_COLUMNS].to_numpy(), abs=1e-5)
    expected = fit_rules(
        fitted.logits, fitted.rows, sampling_power=0.5, source_power=0.5,
        class_counts=class_counts(fitted.table[fitted.table["split"] == "train"]),
    )  # fmt: skip
    assert Decision.of(fitted.config) == expected.decision
    assert (fitted.config.temperature, fitted.config.rules_from.lesions) == (
        expected.calibration.temperature,
        table["lesion_id"].nunique(),
    )
    assert plain.rules_from.lesions < fitted.config.rules_from.lesions


def test_a_committee_is_fitted_on_the_mean_of_its_tables(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    table, out = judged
    run, other = tiny_checkpoint.parent / "run", tmp_path / "other.csv"
    fewer = table.iloc[:-5].copy()
    fewer[LOGIT_COLUMNS] += np.arange(7.0)
    fewer.to_csv(other, index=False)
    fitted = fit_run([run, run], root=drawn_root, name="two", out_of_fold=[out / OUT_OF_FOLD, other])
    assert fitted.rows["image_id"].tolist() == fewer["image_id"].tolist()
    expected = table[LOGIT_COLUMNS].to_numpy()[:-5] + np.arange(7.0) / 2
    assert fitted.logits == pytest.approx(expected, abs=1e-4)
    assert fitted.config.network == "efficientnet_lite0+efficientnet_lite0"
    alone = fit_run([run], root=drawn_root, name="one")
    pixels = np.stack([alone.images[0]])
    assert fitted.classifier.logits(pixels) == pytest.approx(alone.classifier.logits(pixels), abs=1e-4)


def test_a_table_of_other_folds_gives_no_thresholds(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path, tmp_path: Path
) -> None:
    table, out = judged
    index, path = load_index(drawn_root), tmp_path / "other.csv"
    other = {
        "holds images that are not in train and val": table.assign(image_id="strange"),
        "comes from resnet18, the run from efficientnet_lite0": table.assign(network="resnet18"),
        "is not a table of cross-validate": table.drop(columns="fold"),
    }
    for words, changed in other.items():
        changed.to_csv(path, index=False)
        with pytest.raises(DataError, match=words):
            out_of_fold_logits([path], index, networks=[SMALL.network])
    with pytest.raises(DataError, match="run python -m skinnet cross-validate"):
        out_of_fold_logits([out / "nothing.csv"], index, networks=[SMALL.network])
    with pytest.raises(DataError, match="1 tables out of fold for 2 networks"):
        out_of_fold_logits([path], index, networks=[SMALL.network] * 2)


def test_a_release_publishes_what_was_predicted_out_of_fold(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    checkpoint, table = tmp_path / "checkpoint", judged[0]
    folders = ["--root", str(drawn_root), "--checkpoint", str(checkpoint)]
    rules = ["--out-of-fold", str(judged[1] / OUT_OF_FOLD)]
    assert main(["release", *folders, *rules]) == 1
    assert main(["release", "--run", str(tiny_checkpoint.parent / "run"), *folders, *rules]) == 0
    published = load_predictions(checkpoint / PREDICTIONS)
    assert set(published["image_id"][published["split"] == "val"]) == set(table["image_id"])
    card = (checkpoint / CARD).read_text(encoding="utf-8")
    assert "of a cross-validation's networks that did not see them" in card


def test_folds_of_another_partition_or_recipe_are_refused(
    judged: tuple[pd.DataFrame, Path], drawn_root: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="leave out 'official'"):
        cross_validate(dataclasses.replace(SMALL, partition="official"), root=drawn_root, out=tmp_path)
