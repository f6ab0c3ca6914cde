"""The exported graph gives what PyTorch gives, on photos of any shape, and is refused where it does not belong."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from skinnet.checkpoint import CONFIG, GATE, GATE_STATISTICS, GRAPH, GRAPH_SETTINGS, WEIGHTS
from skinnet.errors import CheckpointError
from skinnet.explain.cam import class_maps
from skinnet.files import digest
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.classifier import Classifier
from skinnet.inference.onnx_export import OnePass, export_graph, write_graph
from skinnet.inference.onnx_graph import SWITCH, OnnxGraph
from skinnet.models import vision_transformer
from skinnet.models.backbone import head
from skinnet.models.committee import join
from skinnet.models.efficientnet_lite import ConvNormAct
from skinnet.models.registry import IMAGENET_SCALE, LITE_SCALE
from skinnet.reporting.release import halved
from tests.conftest import PROJECT

SHAPES = [(192, 256), (256, 192), (222, 222), (157, 313), (181, 271)]
"""(height, width): whole patches, and not; an odd side."""
FILES = (CONFIG, WEIGHTS, GATE, GATE_STATISTICS, GRAPH, GRAPH_SETTINGS)


@pytest.fixture(autouse=True, scope="module")
def _switched_on() -> Iterator[None]:
    """Undo what tests/conftest.py switches off."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(SWITCH)
        yield


class SmallNetwork(nn.Module):
    """Convolutions with and without a stride."""

    middle_layers = ("features.0",)

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(ConvNormAct(3, 8, 3, stride=2), ConvNormAct(8, 16, 5, stride=2, groups=8))
        self.classifier = nn.Linear(16, 7)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(images).mean(dim=(2, 3)))
        return logits


@pytest.fixture
def small_committee(monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """A convolutional network and a transformer of one block, whose batch norms have seen something."""
    monkeypatch.setattr(vision_transformer, "DEPTH", 1)
    torch.manual_seed(0)
    transformer = vision_transformer.VisionTransformer(7, 0.0)
    nn.init.normal_(transformer.features[0].positions)
    network = join([SmallNetwork(), transformer], [LITE_SCALE, IMAGENET_SCALE])
    network(torch.rand(8, 3, 64, 64))
    return network.half().float().eval()


@pytest.fixture(scope="module")
def fast(shipped: Path) -> Classifier:
    """The shipped checkpoint with its graph."""
    classifier = Classifier.load(shipped, fast=True)
    assert classifier.graph is not None
    return classifier


@pytest.fixture(scope="module")
def plain(shipped: Path) -> Classifier:
    """The same in PyTorch."""
    classifier = Classifier.load(shipped)
    assert classifier.graph is None
    return classifier


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    """A copy of the shipped checkpoint's network, gate and graph."""
    for name in FILES:
        shutil.copyfile(shipped / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.WARNING):
        yield caplog


def resized_cases() -> list[np.ndarray]:
    """A real photo of each shape, and one that is twice as large: uint8 (H, W, 3)."""
    photos = sorted((PROJECT / "demo" / "cases").glob("*.jpg"))[: len(SHAPES)]
    return [
        to_input(open_photo(path).resize((2 * width, 2 * height)), frame=(192, 256))
        for path, (height, width) in zip(photos, SHAPES, strict=True)
    ]


def test_the_graph_gives_what_pytorch_gives(fast: Classifier, plain: Classifier) -> None:
    layers = head(plain.network)
    shapes = set()
    for pixels in resized_cases():
        pair = np.stack([pixels, pixels[:, ::-1]])
        expected, found = plain.run(pair), fast.run(pair)
        assert np.abs(plain.probabilities(expected.logits) - fast.probabilities(found.logits)).max() < 1e-5
        np.testing.assert_allclose(found.gate_features, expected.gate_features, atol=1e-4)
        assert expected.features is not None
        assert found.features is not None
        maps = [class_maps(layers, each.features).flatten(2).numpy().reshape(14, -1) for each in (expected, found)]
        assert min(np.corrcoef(one, other)[0, 1] for one, other in zip(*maps, strict=True)) > 0.9999
        shapes.add(pixels.shape)
    assert len(shapes) == len(SHAPES)


def test_a_verdict_is_the_same_with_the_graph(fast: Classifier, plain: Classifier) -> None:
    for path in sorted((PROJECT / "demo" / "cases").glob("*.jpg"))[-5:]:
        expected, found = plain.predict(open_photo(path)), fast.predict(open_photo(path))
        assert found.p_malignant == pytest.approx(expected.p_malignant, abs=1e-5)
        assert (found.diagnosis, found.gate, found.note) == (expected.diagnosis, expected.gate, expected.note)


def test_without_the_package_pytorch_classifies(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert Classifier.load(shipped, fast=True).graph is None


def test_it_can_be_switched_off(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert Classifier.load(shipped, fast=True).graph is None


def test_what_could_report_its_use_is_not_imported(fast: Classifier) -> None:
    assert sys.modules["openvino_telemetry"] is None


@pytest.mark.parametrize("damage", [GRAPH, GRAPH_SETTINGS])
def test_a_damaged_graph_is_refused(copied: Path, damage: str) -> None:
    content = (copied / damage).read_bytes()
    (copied / damage).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=r"model\.onnx .* is damaged: run python -m skinnet export again"):
        Classifier.load(copied, fast=True)


@pytest.mark.parametrize(("key", "value"), [("weights_sha256", "0" * 64), ("gate_layers", ["features.0"])])
def test_a_graph_of_another_network_is_left_alone(
    copied: Path, warnings: pytest.LogCaptureFixture, key: str, value: object
) -> None:
    settings = json.loads((copied / GRAPH_SETTINGS).read_text())
    (copied / GRAPH_SETTINGS).write_text(json.dumps(settings | {key: value}))
    assert Classifier.load(copied, fast=True).graph is None
    assert "PyTorch classifies" in warnings.text


def test_a_graph_that_openvino_cannot_run_is_left_alone(copied: Path, warnings: pytest.LogCaptureFixture) -> None:
    damaged = (copied / GRAPH).read_bytes()[:-1000]
    (copied / GRAPH).write_bytes(damaged)
    settings = json.loads((copied / GRAPH_SETTINGS).read_text())
    (copied / GRAPH_SETTINGS).write_text(json.dumps(settings | {"graph_sha256": digest(copied / GRAPH)}))
    assert Classifier.load(copied, fast=True).graph is None
    assert "OpenVINO cannot run model.onnx" in warnings.text


def test_a_checkpoint_without_a_gate_cannot_be_exported(copied: Path) -> None:
    (copied / GATE).unlink()
    with pytest.raises(CheckpointError, match="fit-gate"):
        export_graph(copied)


def test_any_committee_can_be_exported(small_committee: nn.Module, tmp_path: Path) -> None:
    """The graph holds none of its weights."""
    save_file(halved(small_committee.state_dict()), tmp_path / WEIGHTS)
    one_pass = OnePass(small_committee, ["features.0.members.0.0"], "features.0")
    write_graph(one_pass, tmp_path)
    assert (tmp_path / GRAPH).stat().st_size < 200_000 < (tmp_path / WEIGHTS).stat().st_size
    graph = OnnxGraph(tmp_path / GRAPH)
    for height, width in SHAPES:
        images = torch.rand(2, 3, height, width)
        with torch.no_grad():
            expected = one_pass(images)
        found = graph.run(images)
        assert found.features is not None
        for one, other in zip(expected, (found.logits, found.gate_features, found.features), strict=True):
            np.testing.assert_allclose(np.asarray(other), one.numpy(), atol=1e-3)


@pytest.mark.stress
def test_the_shipped_graph_is_what_export_writes(copied: Path, shipped: Path) -> None:
    """With the versions of torch and onnxscript that it was exported with."""
    (copied / GRAPH).unlink()
    export_graph(copied)
    assert (copied / GRAPH).read_bytes() == (shipped / GRAPH).read_bytes()
    assert (copied / GRAPH_SETTINGS).read_text() == (shipped / GRAPH_SETTINGS).read_text()
