"""The network as OpenVINO runs it, faster than PyTorch and with the same outputs up to the rounding of float32.

    graph = load_graph(folder, config, gate)  # None without the package openvino, or without the file
    outputs = graph.run(images)               # (B, 3, H, W) float32, the network's input

`python -m skinnet export` writes the graph as an ONNX file. It holds the operations alone and reads the weights from
the checkpoint's own file. PyTorch stays the reference: everything that is published comes from it.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from skinnet.checkpoint import GRAPH, GRAPH_SETTINGS, Config
from skinnet.errors import CheckpointError, DataError
from skinnet.files import digest, read_json, structured
from skinnet.inference.gate import Gate
from skinnet.inference.prediction import Outputs

log = logging.getLogger(__name__)

SWITCH = "SKINNET_OPENVINO"
"""A variable of the environment: 0 means PyTorch, although OpenVINO is installed."""
IMAGES, LOGITS, GATE_FEATURES, FEATURES = "images", "logits", "gate_features", "features"
"""Names of the graph's input and outputs."""


@dataclass(frozen=True)
class GraphSettings:
    """The contents of `onnx.json`.

    Attributes:
        graph_sha256: hash of the graph.
        weights_sha256: hash of the file of weights that it reads.
        gate_layers: the layers that `gate_features` summarise.
    """

    graph_sha256: str
    weights_sha256: str
    gate_layers: tuple[str, ...]


class OnnxGraph:
    """A graph compiled by OpenVINO, with as many threads as torch has.

    Args:
        path: the ONNX file, beside the file of its weights.

    Raises:
        RuntimeError: if OpenVINO cannot compile it.
    """

    def __init__(self, path: Path) -> None:
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
        }
        model = openvino().Core().compile_model(path, "CPU", settings)
        self._request = model.create_infer_request()

    def run(self, images: Tensor) -> Outputs:
        """(B, 3, H, W) float32 -> the network's outputs."""
        found = self._request.infer({IMAGES: images.contiguous().numpy()})
        logits, gate_features, features = (found[name].copy() for name in (LOGITS, GATE_FEATURES, FEATURES))
        return Outputs(logits, gate_features, torch.from_numpy(features))


def load_graph(folder: Path, config: Config, gate: Gate | None) -> OnnxGraph | None:
    """Read the graph of a checkpoint folder, and try it on a grey picture.

    Returns:
        None without a graph or without the package `openvino`, or if `SWITCH` is 0. None after a warning, if the graph
        was exported for other weights or another gate, or if OpenVINO cannot run it.

    Raises:
        CheckpointError: if the graph is damaged.
    """
    if not (folder / GRAPH_SETTINGS).is_file() or not _wanted():
        return None
    advice = "run python -m skinnet export again"
    try:
        settings = structured(GraphSettings, read_json(folder / GRAPH_SETTINGS, advice=advice))
        if digest(folder / GRAPH) != settings.graph_sha256:
            raise ValueError(f"{GRAPH} is not the file that {GRAPH_SETTINGS} names")
    except (DataError, OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{GRAPH} in {folder} is damaged: {advice}.") from error
    if settings.weights_sha256 != config.weights_sha256 or gate is None or settings.gate_layers != gate.layers:
        log.warning("%s in %s is of other weights or another gate, so PyTorch classifies: %s.", GRAPH, folder, advice)
        return None
    try:
        graph = OnnxGraph(folder / GRAPH)
        graph.run(torch.zeros(1, 3, *config.frame))
    except (KeyError, RuntimeError) as error:
        log.warning("OpenVINO cannot run %s in %s, so PyTorch classifies.", GRAPH, folder)
        log.debug("%s", error)
        return None
    return graph


def openvino() -> Any:
    """Import OpenVINO without the part that could report its use to its makers.

    Raises:
        ImportError: if it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return import_module("openvino")


def _wanted() -> bool:
    """Whether OpenVINO is installed and not switched off."""
    if os.environ.get(SWITCH) == "0":
        return False
    try:
        openvino()
    except ImportError:
        return False
    return True
