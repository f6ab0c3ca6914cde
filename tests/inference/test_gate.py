from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from skinnet.checkpoint import GATE, GATE_STATISTICS
from skinnet.errors import CheckpointError
from skinnet.images.quality import COLOUR_SHARE, Bounds
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import (
    NO_LESION,
    Gate,
    GateSettings,
    layer_statistics,
    load_gate,
    outputs_up_to,
    recorded_outputs,
    save_statistics,
)
from skinnet.models.backbone import middle_layers
from skinnet.models.registry import build
from skinnet.studies.gate_study.synthetic_images import documents, noises
from skinnet.training.fit_gate import NO_LESION_SHARE, REFUSE_SHARE, WARN_SHARE, fit_statistics
from tests.drawings import LOOKS, draw_lesion

ANY = Bounds(brightness=(0, 255), content=(0, 255), sharpness=(0, 255), chroma=(0, 255), tint=(0, 255))
NO_CHECK = np.zeros(7, np.float32)
PIXELS = np.zeros((192, 256, 3), np.uint8)
SIZE = (600, 450)


@pytest.fixture
def features() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(4000, 6)) @ rng.normal(size=(6, 6)) + 5).astype(np.float32)


def test_the_distance_is_mahalanobis_over_the_dimension(features: np.ndarray) -> None:
    gate = Gate(("a",), *fit_statistics(features), NO_CHECK, warn=1, refuse=2, bounds=ANY)
    centred = features - features.mean(axis=0)
    expected = np.einsum("nd,de,ne->n", centred, np.linalg.inv(np.cov(features.T)), centred) / 6
    assert np.corrcoef(gate.distances(features), expected)[0, 1] > 0.999
    assert gate.distances(features).mean() == pytest.approx(1, abs=0.02)
    assert gate.distances(features.mean(axis=0, keepdims=True)) == pytest.approx([0], abs=1e-4)


def one_feature_gate(*, lesion: tuple[float, float] = (0, 0), bounds: Bounds = ANY) -> Gate:
    """A gate whose distance is the square of one feature, with a warning from 1 and a refusal from 4."""
    weights = np.array(lesion, np.float32)
    return Gate(("a",), np.zeros(1), np.eye(1), weights, warn=1, refuse=4, bounds=bounds)


def test_levels_rise_with_the_distance(features: np.ndarray) -> None:
    gate = one_feature_gate()
    rulings = [gate.rule(PIXELS, np.array([each], np.float32), size=SIZE) for each in (1, 1.9, 2.1, 2)]
    assert [ruling.level for ruling in rulings] == ["ok", "warn", "refuse", "warn"]
    assert [ruling.score for ruling in rulings] == pytest.approx([1, 3.61, 4.41, 4], abs=1e-5)
    assert replace(gate, warn=2).rule(PIXELS, np.ones(1, np.float32), size=SIZE).score == 0.5
    assert rulings[0].reason == ""
    assert rulings[1].reason.endswith("the figures do not hold.")
    assert rulings[2].reason == "This does not look like a dermatoscopic photo of a skin lesion."


def test_a_photo_without_a_lesion_is_warned_of_unless_it_is_refused() -> None:
    gate = one_feature_gate(lesion=(1, -0.5))  # below 0.5, no lesion
    found = [gate.rule(PIXELS, np.array([each], np.float32), size=SIZE) for each in (0.4, 0.6, -1.5, -3)]
    assert [ruling.level for ruling in found] == ["warn", "ok", "warn", "refuse"]
    assert found[0].reason == NO_LESION.words == "No lesion found in the photo."
    assert found[2].reason.startswith(NO_LESION.words)
    assert NO_LESION.words not in found[3].reason


def test_the_worse_of_quality_and_resemblance_decides() -> None:
    bounds = replace(ANY, brightness=(10, 255))
    gate = one_feature_gate(bounds=bounds)
    dark = gate.rule(PIXELS, np.zeros(1, np.float32), size=SIZE)
    assert (dark.level, dark.reason) == ("warn", "The picture is too dark.")
    assert gate.rule(PIXELS, np.full(1, 3, np.float32), size=SIZE).level == "refuse"
    unlike = gate.rule(PIXELS, np.full(1, 1.5, np.float32), size=SIZE)
    assert unlike.reason.startswith("The picture is too dark. This ")


def test_the_features_are_means_and_deviations_of_the_images() -> None:
    network = nn.Sequential(nn.Identity(), nn.Flatten())
    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).view(2, 3, 4, 4)
    with recorded_outputs(network, ["0"]) as outputs:
        network(images)
    features = layer_statistics(outputs, ["0"])
    assert features.shape == (2, 6)
    assert features[0] == pytest.approx(torch.cat([images[0].mean((1, 2)), images[0].std((1, 2))]).numpy())
    assert not network[0]._forward_hooks


@pytest.mark.parametrize(("name", "dimensions"), [("efficientnet_lite0", 512), ("resnet18", 1920)])
def test_every_kind_of_network_has_middle_layers(name: str, dimensions: int) -> None:
    network = build(name, classes=7, imagenet=False).eval()
    layers = middle_layers(network)
    with torch.inference_mode(), recorded_outputs(network, layers) as outputs:
        network(torch.zeros(1, 3, 64, 64))
    assert layer_statistics(outputs, layers).shape == (1, dimensions)


def test_a_gate_comes_back_as_it_was_saved(features: np.ndarray, tmp_path: Path) -> None:
    gate = Gate(("a", "b"), *fit_statistics(features), NO_CHECK + 1, warn=1.5, refuse=2.5, bounds=ANY)
    (tmp_path / GATE).write_text(json.dumps({"gate": save_statistics(gate, tmp_path)}))
    loaded = load_gate(tmp_path)
    assert loaded is not None
    assert (loaded.layers, loaded.warn, loaded.refuse, loaded.bounds) == (("a", "b"), 1.5, 2.5, ANY)
    assert (loaded.distances(features) == gate.distances(features)).all()
    assert (loaded.lesion_scores(features) == gate.lesion_scores(features)).all()


def test_a_lesion_is_found_by_a_weighted_sum_and_a_constant() -> None:
    gate = Gate(("a",), np.zeros(2), np.eye(2), np.array([3, 4, -5]), warn=1, refuse=4, bounds=ANY)
    assert gate.lesion_scores(np.array([[1, 2], [0, 1]])).tolist() == [6, -1]


def test_the_network_runs_no_further_than_the_last_layer_that_is_wanted() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(5, 1))  # the last would fail
    outputs = outputs_up_to(network, ["0", "2"], torch.ones(2, 3, 2, 2))
    assert {name: tuple(output.shape) for name, output in outputs.items()} == {"0": (2, 12), "2": (2, 4)}
    assert not any(module._forward_hooks for module in network)


@pytest.mark.parametrize("change", [{"layers": ()}, {"warn": 0.0}, {"refuse": 0.9}])
def test_settings_of_a_gate_out_of_their_range_are_refused(change: dict[str, object]) -> None:
    right = GateSettings(("a",), warn=1, refuse=1, bounds=replace(ANY, brightness=(0, 0)), statistics_sha256="")
    with pytest.raises(ValueError, match=r"layers|refuse"):
        replace(right, **change)  # type: ignore[arg-type]


def test_a_checkpoint_without_a_gate_says_so_and_judges_anything(
    shipped: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("model.safetensors", "config.json"):
        shutil.copyfile(shipped / name, tmp_path / name)
    with caplog.at_level(logging.INFO, logger="skinnet"):
        classifier = Classifier.load(tmp_path)
    assert "has no gate: any picture is classified" in caplog.text
    prediction = classifier.predict(Image.new("RGB", (300, 200), "green"))
    assert (prediction.gate, prediction.note, prediction.possible) == ("ok", "", ())


def test_a_damaged_gate_stops_the_loading(shipped: Path, tmp_path: Path) -> None:
    shutil.copyfile(shipped / GATE, tmp_path / GATE)
    with pytest.raises(CheckpointError, match="fit-gate again"):
        load_gate(tmp_path)
    (tmp_path / GATE_STATISTICS).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="is damaged"):
        load_gate(tmp_path)
    (tmp_path / GATE).write_text("{}")
    with pytest.raises(CheckpointError, match="is damaged"):
        load_gate(tmp_path)
    unfit = Gate(("a",), np.zeros(2), np.eye(2), np.zeros(2), warn=1, refuse=2, bounds=ANY)  # a weight is missing
    (tmp_path / GATE).write_text(json.dumps({"gate": save_statistics(unfit, tmp_path)}))
    with pytest.raises(CheckpointError, match="is damaged"):
        load_gate(tmp_path)


def test_the_shipped_gate_keeps_the_promised_share_of_validation(shipped: Path) -> None:
    accepted = json.loads((shipped / GATE).read_text())["accepted"]
    found = [photos["all"] for name, photos in accepted.items() if name.endswith(", val")]
    assert len(found) == 2
    warned, refused, pictures = (sum(each[name] for each in found) for name in ("warned", "refused", "pictures"))
    others = sum(each["colour"] + each["no_lesion"] for each in found)
    assert (warned + refused - others) / pictures <= WARN_SHARE + 0.002
    assert others / pictures <= 2 * COLOUR_SHARE + NO_LESION_SHARE + 0.002
    assert refused / pictures <= REFUSE_SHARE + 0.001


def test_the_shipped_gate_refuses_what_is_no_lesion_and_its_work_is_small(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    pictures = [*documents(count=2, seed=5), *noises(count=5, seed=5), draw_lesion(LOOKS["mel"], seed=5)]
    assert {classifier.predict(picture).gate for picture in pictures} == {"refuse"}
    assert (shipped / GATE_STATISTICS).stat().st_size < 3_000_000


def test_the_gate_changes_no_probability(shipped: Path) -> None:
    classifier, ungated = Classifier.load(shipped), Classifier.load(shipped)
    ungated.gate = None
    photo = draw_lesion(LOOKS["bkl"], seed=2)
    assert classifier.predict(photo).probabilities == ungated.predict(photo).probabilities
