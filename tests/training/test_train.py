from __future__ import annotations

import dataclasses
import itertools
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from skinnet.data import DEVELOPMENT
from skinnet.errors import DataError, TrainingError
from skinnet.training import train as module
from skinnet.training.config import TrainConfig
from skinnet.training.fitted_run import fit_run
from skinnet.training.run_state import BEST, last_network
from skinnet.training.schedule import image_share, learning_rate, smaller
from skinnet.training.train import train
from skinnet.training.validation import SELECTION_METRIC


@pytest.fixture(scope="module")
def unbroken(drawn_root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Path]:
    """The history and folder of a run that nobody stopped."""
    out = tmp_path_factory.mktemp("unbroken") / "run"
    return train(SMALL, root=drawn_root, out=out), out


SMALL = TrainConfig(
    weights="none", epochs=2, batch_size=16, ema_decay=0.5, artefacts=0.3, degradation=0.5, first_size=0.5, mixup=0.4
)  # fmt: skip


def stop_at_step(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Stop at a step, counted from the beginning of the run; the state is saved after every second one."""
    original, count = module._step, itertools.count(1)

    def stopped(*arguments: Any, **options: Any) -> float:
        if next(count) == step:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    clock = itertools.count(0, 40)
    monkeypatch.setattr(module, "_step", stopped)
    monkeypatch.setattr(module, "SAVE_SECONDS", 60)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))


@pytest.mark.parametrize("step", [1, 6, 10, 15])
def test_a_run_that_was_stopped_amid_an_epoch_ends_like_one_that_was_not(
    drawn_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, unbroken: tuple[pd.DataFrame, Path]
) -> None:
    """An epoch has 9 steps, in bfloat16."""
    with monkeypatch.context() as patch:
        stop_at_step(patch, step)
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, root=drawn_root, out=tmp_path / "stopped")
    if step > 1:
        state = torch.load(tmp_path / "stopped" / "state.pt", weights_only=True)
        assert 0 < 9 * len(state["history"]) + len(state["losses"]) < step
    resumed = train(SMALL, root=drawn_root, out=tmp_path / "stopped", resume=True)
    history, out = unbroken
    pd.testing.assert_frame_equal(history.drop(columns="seconds"), resumed.drop(columns="seconds"))
    states = [torch.load(folder / "state.pt", weights_only=True) for folder in (out, tmp_path / "stopped")]
    for name, tensor in states[0]["network"].items():
        assert torch.equal(tensor, states[1]["network"][name]), name


def test_a_worse_epoch_never_replaces_the_best(
    drawn_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter([0.9, 0.7])
    kept = []
    original = module.validate

    def validate(*arguments: Any) -> dict[str, float]:
        return original(*arguments) | {SELECTION_METRIC: next(values)}

    def save(network: torch.nn.Module, path: Path) -> None:
        kept.append(path)
        original_save(network, path)

    original_save = module.save_weights
    monkeypatch.setattr(module, "validate", validate)
    monkeypatch.setattr(module, "save_weights", save)
    history = train(SMALL, root=drawn_root, out=tmp_path / "run")
    assert history[SELECTION_METRIC].tolist() == [0.9, 0.7]
    assert len(kept) == 1
    last = torch.load(tmp_path / "run" / "state.pt", weights_only=True)["average"]
    best = load_file(tmp_path / "run" / "best.safetensors")
    network = last_network(SMALL, tmp_path / "run")
    assert all(torch.equal(tensor, last[f"module.{name}"]) for name, tensor in network.state_dict().items())
    assert any(not torch.equal(best[name], last[f"module.{name}"]) for name in best)


def test_a_folder_in_use_and_changed_settings_are_refused(drawn_root: Path, tmp_path: Path) -> None:
    one = dataclasses.replace(SMALL, epochs=1, network="resnet18")
    with pytest.raises(TrainingError, match="There is no run in"):
        train(one, root=drawn_root, out=tmp_path / "run", resume=True)
    train(one, root=drawn_root, out=tmp_path / "run")
    with pytest.raises(TrainingError, match="holds a run already: go on with --resume"):
        train(one, root=drawn_root, out=tmp_path / "run")
    with pytest.raises(TrainingError, match=r"was trained with another seed \(0\)"):
        train(dataclasses.replace(one, seed=1), root=drawn_root, out=tmp_path / "run", resume=True)
    settings = json.loads((tmp_path / "run" / "run.json").read_text())
    del settings["training"]["cutout"]  # a run that is older than this setting
    (tmp_path / "run" / "run.json").write_text(json.dumps(settings))
    (tmp_path / "run" / ".state.pt.7.tmp").write_text("left by a kill")
    assert len(train(one, root=drawn_root, out=tmp_path / "run", resume=True)) == 1
    assert not (tmp_path / "run" / ".state.pt.7.tmp").exists()
    (tmp_path / "run" / "state.pt").write_bytes(b"broken")
    with pytest.raises(TrainingError, match=r"state\.pt is damaged"):
        train(one, root=drawn_root, out=tmp_path / "run", resume=True)


def test_a_run_that_never_began_leaves_its_folder_free(drawn_root: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Unknown network 'resnet1'"):
        train(dataclasses.replace(SMALL, network="resnet1"), root=drawn_root, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("weights", "imgnet", "Unknown weights 'imgnet': use imagenet or none"),
        ("epochs", 0, "epochs is 0: it must be from 1 to 10000"),
        ("batch_size", 0, "batch_size is 0"),
        ("learning_rate", -1.0, "learning_rate is -1.0: it must be from 0 to 10"),
        ("label_smoothing", 2.0, "label_smoothing is 2.0: it must be from 0 to 0.99"),
        ("ema_decay", math.nan, "ema_decay is nan"),
        ("first_size", 0.0, "first_size is 0.0: it must be from 0.25 to 1"),
        ("first_size", 9.0, "first_size is 9.0: it must be from 0.25 to 1"),
        ("learning_rate", math.inf, "learning_rate is inf: it must be from 0 to 10"),
        ("batch_size", 10**9, "batch_size is 1000000000: it must be from 1 to 4096"),
        ("mixup", -1.0, "mixup is -1.0: it must be from 0 to 100"),
        ("label_smoothing", 1.5, "label_smoothing is 1.5: it must be from 0 to 0.99"),
        ("artefacts", -0.1, "artefacts is -0.1: it must be from 0 to 0.99"),
        ("degradation", 1, "degradation is 1: it must be from 0 to 0.99"),
    ],
)
def test_settings_out_of_range_are_refused(setting: str, value: object, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        TrainConfig(**{setting: value})  # type: ignore[arg-type]


def test_data_that_lack_a_diagnosis_or_a_split_are_refused_before_training(drawn_root: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn_root, tmp_path / "data")
    table = pd.read_csv(tmp_path / "data" / "index.csv")
    table[table["dx"] != "df"].to_csv(tmp_path / "data" / "index.csv", index=False)
    with pytest.raises(TrainingError, match="The training split has no image of df: add a data set with --sources"):
        train(SMALL, root=tmp_path / "data", out=tmp_path / "run")
    table[table["split"] != "val"].to_csv(tmp_path / "data" / "index.csv", index=False)
    with pytest.raises(TrainingError, match="The validation split has no image"):
        train(SMALL, root=tmp_path / "data", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_the_run(
    drawn_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = torch.nn.functional.cross_entropy
    monkeypatch.setattr(
        torch.nn.functional, "cross_entropy", lambda *args, **options: exact(*args, **options) * math.inf
    )
    with pytest.raises(
        TrainingError, match=r"The loss is not finite in epoch 1, batch \d+ \(DRAWN_\d+, .*: try a lower"
    ):
        train(SMALL, root=drawn_root, out=tmp_path / "run")


def test_images_grow_to_their_full_size_and_stay_there() -> None:
    config = TrainConfig(epochs=20, first_size=0.5)
    shares = [image_share(config, epoch) for epoch in range(20)]
    assert shares[0] == 0.5
    assert shares[6] == pytest.approx(0.75)
    assert shares[:13] == sorted(set(shares))
    assert shares[12:] == [1.0] * 8
    assert image_share(TrainConfig(first_size=1), 0) == 1


def test_smaller_images_keep_their_shape_and_their_mean() -> None:
    images = torch.rand(2, 3, 192, 256, generator=torch.Generator().manual_seed(0))
    halved = smaller(images, 0.5)
    assert halved.shape == (2, 3, 96, 128)
    torch.testing.assert_close(halved.mean(dim=(2, 3)), images.mean(dim=(2, 3)), atol=2e-3, rtol=0)
    assert smaller(images, 0.9).shape == (2, 3, 176, 224)
    assert smaller(images, 1) is images


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    config = TrainConfig(epochs=10, warmup_epochs=2, learning_rate=1.0)
    rates = [learning_rate(config, progress / 10) for progress in range(101)]
    assert rates[10] == pytest.approx(0.5)
    assert max(rates) == rates[20] == 1.0
    assert rates[60] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0, abs=1e-12)
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert not any(math.isnan(rate) for rate in rates)


def test_without_validation_the_last_epoch_is_kept(drawn_root: Path, tmp_path: Path) -> None:
    config = TrainConfig(
        weights="none", epochs=2, ema_decay=0.5, first_size=0.25, partition=DEVELOPMENT, operations=1, cutout=0.5
    )
    history = train(config, root=drawn_root, out=tmp_path / "run")
    assert history.columns.tolist() == ["epoch", "loss", "seconds"]
    kept = load_file(tmp_path / "run" / BEST)
    last = last_network(config, tmp_path / "run").state_dict()
    assert all(torch.equal(kept[name], last[name]) for name in last)
    with pytest.raises(DataError, match="name tables of cross-validate"):
        fit_run([tmp_path / "run"], root=drawn_root, name="tiny")
