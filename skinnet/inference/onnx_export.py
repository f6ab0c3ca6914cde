"""Write a checkpoint's network as an ONNX graph: python -m skinnet export

    export_graph(Path("checkpoints/committee"))  # needs pip install -e ".[export]"

The graph takes any number of images of any size. Its weights stay in the checkpoint's own file: the graph says at
which byte each of them begins, and converts it to float32.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from skinnet.checkpoint import GRAPH, GRAPH_SETTINGS, WEIGHTS, load_config
from skinnet.errors import CheckpointError
from skinnet.files import atomic_path, digest, write_json
from skinnet.inference.gate import channel_statistics, load_gate, recorded_outputs
from skinnet.inference.onnx_graph import FEATURES, GATE_FEATURES, IMAGES, LOGITS, GraphSettings
from skinnet.inference.weights import load_network
from skinnet.models.backbone import last_feature_layer_name
from skinnet.models.committee import resampled

OPSET = 23
"""The version of ONNX's operations: the first one that has attention."""
EXAMPLE = (3, 3, 190, 254)
"""A shape without round numbers, so that the exporter takes no side for a constant."""
SIDES = (32, 2048)
"""The least and the most pixels that a side of an image may have."""
NOT_INSTALLED = 'The exporter needs more packages: run pip install -e ".[export]".'


class OnePass(nn.Module):
    """One pass for everything that is drawn from it: (B, 3, H, W) -> logits, gate features, features.

    The shapes are those of `prediction.Outputs`.
    """

    def __init__(self, network: nn.Module, gate_layers: Sequence[str], feature_layer: str) -> None:
        super().__init__()
        self.network, self.gate_layers, self.feature_layer = network, gate_layers, feature_layer

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with recorded_outputs(self.network, [*self.gate_layers, self.feature_layer]) as recorded:
            logits = self.network(images)
        return logits, channel_statistics(recorded, self.gate_layers), recorded[self.feature_layer]


def export_graph(folder: Path) -> Path:
    """Write `model.onnx` and `onnx.json` into a checkpoint folder; return the path of the graph.

    Raises:
        CheckpointError: if the checkpoint is damaged or has no gate, or the exporter is not installed.
    """
    config, gate = load_config(folder), load_gate(folder)
    network = load_network(config, folder).eval()
    feature_layer = last_feature_layer_name(network)
    if gate is None or feature_layer is None:
        raise CheckpointError("Only a checkpoint with a gate can be exported: fit one with python -m skinnet fit-gate.")
    (folder / GRAPH_SETTINGS).unlink(missing_ok=True)  # so that it never stands beside another graph
    write_graph(OnePass(network, gate.layers, feature_layer), folder)
    settings = GraphSettings(digest(folder / GRAPH), config.weights_sha256, gate.layers)
    write_json(folder / GRAPH_SETTINGS, asdict(settings))
    return folder / GRAPH


def write_graph(module: OnePass, folder: Path) -> None:
    """Write the `model.onnx` of a network whose weights are in the folder.

    Raises:
        CheckpointError: if the exporter is not installed.
    """
    model = _exported(module)
    _point_to_weights(model.graph, folder / WEIGHTS)
    with atomic_path(folder / GRAPH) as temporary:
        temporary.write_bytes(model.SerializeToString())


def _exported(module: OnePass) -> Any:
    """The graph as an `onnx.ModelProto`, with all weights inside."""
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise CheckpointError(NOT_INSTALLED) from error
    side = torch.export.Dim.DYNAMIC(min=SIDES[0], max=SIDES[1])
    with torch.no_grad():
        program = torch.export.export(
            module,
            (torch.zeros(EXAMPLE),),
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC, 2: side, 3: side},),
            prefer_deferred_runtime_asserts_over_guards=True,
        ).run_decompositions(
            {
                torch.ops.aten._upsample_bilinear2d_aa.vec: partial(_resize, _linear),
                torch.ops.aten._upsample_bicubic2d_aa.vec: partial(_resize, _cubic),
            }
        )
        found = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            optimize=False,  # it would merge norms into convolutions, whose weights then stood in no file
            verbose=False,
            input_names=[IMAGES],
            output_names=[LOGITS, GATE_FEATURES, FEATURES],
        )
    assert found is not None
    return found.model_proto


def _resize(kernel: Callable[[Tensor], Tensor], images: Tensor, size: Sequence[int], *_: object) -> Tensor:
    """Resize (B, C, H, W) as torch does with `antialias`, by matrices: OpenVINO's own operation has other weights."""
    rows, columns = (_weights(kernel, old, new) for old, new in zip(images.shape[-2:], size, strict=True))
    return resampled(images, rows, columns)


def _weights(kernel: Callable[[Tensor], Tensor], old: int, new: int) -> Tensor:
    """The share of each of `old` pixels of a line in each of `new` ones: (new, old)."""
    centres = (torch.arange(new) + 0.5)[:, None] * (old / new)
    reach: Any = torch.sym_max(old / new, 1)
    shares = kernel((torch.arange(old) + 0.5 - centres).abs() / reach)
    return shares / shares.sum(dim=1, keepdim=True)


def _linear(distances: Tensor) -> Tensor:
    return (1 - distances).clamp(min=0)


def _cubic(distances: Tensor) -> Tensor:
    """The kernel of Keys (1981) with a = -1/2, as torch has it with `antialias`."""
    near = (1.5 * distances - 2.5) * distances**2 + 1
    far = ((2.5 - 0.5 * distances) * distances - 4) * distances + 2
    return torch.where(distances < 1, near, torch.where(distances < 2, far, 0))


def _point_to_weights(graph: Any, weights: Path) -> None:
    """Replace the weights in a graph, an `onnx.GraphProto`, by places in a file of float16 arrays."""
    from onnx import TensorProto, helper

    names = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv" and not names.issuperset(node.input[2:]):
            del node.input[2:]  # zeros, which keep ONNX Runtime from merging the batch norm
    places, first_byte = _places(weights)
    conversions = []
    for tensor in list(graph.initializer):
        place = places.get(tensor.name.removeprefix("network."))
        if place is None or place["dtype"] != "F16":
            continue
        begin, end = place["data_offsets"]
        stored = TensorProto(
            name=f"{tensor.name} as stored",
            data_type=TensorProto.FLOAT16,
            dims=tensor.dims,
            data_location=TensorProto.EXTERNAL,
        )
        where = {"location": weights.name, "offset": first_byte + begin, "length": end - begin}
        for key, value in where.items():
            stored.external_data.add(key=key, value=str(value))
        conversions.append(helper.make_node("Cast", [stored.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer.remove(tensor)
        graph.initializer.append(stored)
    operations = [_without_remarks(node) for node in graph.node]
    del graph.node[:], graph.value_info[:]
    graph.node.extend([*conversions, *operations])


def _without_remarks(node: Any) -> Any:
    """Drop what the exporter notes of a node's origin: four fifths of the file, with paths of this machine."""
    del node.metadata_props[:]
    node.doc_string = ""
    return node


def _places(weights: Path) -> tuple[dict[str, Any], int]:
    """Where each tensor lies in a file of safetensors: the entries of its header, and the byte that they count from."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length
