"""Time a pass of the network by PyTorch, OpenVINO and ONNX Runtime, the last two from the same exported graph.

    pip install onnxruntime
    python benchmarks/engines.py

All give float32 results and have the same number of threads. The largest difference of a logit from PyTorch's is
printed for photos of several shapes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.timing import Row, in_turn, table
from skinnet.checkpoint import GRAPH
from skinnet.inference.classifier import Classifier
from skinnet.inference.onnx_graph import IMAGES, LOGITS

CHECKPOINT = PROJECT / "checkpoints" / "committee"
SHAPES = ((192, 256), (256, 192), (222, 222), (157, 313))
ROUNDS = 30


def engines() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """By name: uint8 (B, H, W, 3) -> logits (B, 7)."""
    plain, fast = Classifier.load(CHECKPOINT), Classifier.load(CHECKPOINT, fast=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # else it slows down whatever comes next
    session = onnxruntime.InferenceSession(CHECKPOINT / GRAPH, options, providers=["CPUExecutionProvider"])
    return {
        "PyTorch": lambda pixels: plain.run(pixels).logits,
        "OpenVINO": lambda pixels: fast.run(pixels).logits,
        "ONNX Runtime": lambda pixels: session.run([LOGITS], {IMAGES: plain.to_tensor(pixels).contiguous().numpy()})[0],
    }


def main() -> None:
    found, random = engines(), np.random.default_rng(0)
    reference, *others = found
    for name in others:
        images = [random.integers(0, 256, (1, *shape, 3), dtype=np.uint8) for shape in SHAPES]
        differences = [np.abs(found[name](pixels) - found[reference](pixels)).max() for pixels in images]
        print(f"{name}: logits differ by {max(differences):.1g} at most")
    rows = []
    for count in (1, 2):
        pixels = random.integers(0, 256, (count, *SHAPES[0], 3), dtype=np.uint8)
        works = {f"{name}, {count} x 192 x 256": partial(run, pixels) for name, run in found.items()}
        peer = next(iter(works))
        seconds = in_turn(works, rounds=ROUNDS)
        rows += [Row(work, values, "" if work == peer else peer) for work, values in seconds.items()]
    print(table(rows))


if __name__ == "__main__":
    main()
