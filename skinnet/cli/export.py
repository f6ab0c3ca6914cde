"""python -m skinnet export: write the network as an ONNX graph for OpenVINO, which classifies faster."""

from __future__ import annotations

import argparse

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, checkpoint_folder


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "export", export, "Export the network for OpenVINO, which classifies faster.",
        "Writes model.onnx and onnx.json into the checkpoint, which must have a gate. "
        'Exporting needs pip install -e ".[export]", classifying with the graph pip install -e ".[fast]".',
    )  # fmt: skip
    add_checkpoint(parser)


def export(options: argparse.Namespace) -> int:
    checkpoint = checkpoint_folder(options)
    from skinnet.inference.onnx_export import export_graph

    print(f"Wrote {export_graph(checkpoint)}")
    return DONE
