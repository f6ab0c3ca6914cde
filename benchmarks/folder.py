"""Time a folder of photos to its table, beside a loop as a user would write it.

    python benchmarks/folder.py

The loop opens, scales and classifies one photo after the other: the same network, one pass each, no gate, no variant,
no table. Start-up is not counted.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
from torchvision.models import efficientnet_b0

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.timing import Row, in_turn, table
from benchmarks.verdict import jpeg, usual
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.batch import predict_paths
from skinnet.inference.classifier import Classifier

PHOTOS = 60
LOOP = "loop, the same network"
ROUNDS = 3


def rows() -> list[Row]:
    """The table of a folder."""
    classifier = Classifier.load(PROJECT / "checkpoints" / "committee")
    fast = Classifier.load(PROJECT / "checkpoints" / "committee", fast=True)
    b0 = efficientnet_b0().eval()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.jpg" for number in range(PHOTOS)]
        for path in paths:
            path.write_bytes(jpeg((600, 450)))

        def loop() -> list[object]:
            return [classifier.logits(to_input(open_photo(path), frame=classifier.frame)[None]) for path in paths]

        def usual_loop() -> list[torch.Tensor]:
            return [usual(b0, path.read_bytes()) for path in paths]

        works = {
            f"skinnet predict, {PHOTOS} photos": lambda: predict_paths(classifier, [folder]),
            f"the same by OpenVINO, {PHOTOS} photos": lambda: predict_paths(fast, [folder]),
            LOOP: loop,
            "loop, EfficientNet-B0": usual_loop,
        }
        seconds = in_turn(works, rounds=ROUNDS, warm_up=1)
    return [Row(work, values, LOOP if "photos" in work else "") for work, values in seconds.items()]


if __name__ == "__main__":
    print(table(rows()))
