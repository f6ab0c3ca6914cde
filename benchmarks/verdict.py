"""Time one photo to its verdict, beside the usual routes.

    python benchmarks/verdict.py

The usual routes are what a public demo does: Pillow, torchvision's transforms and a network with random weights, one
pass, no gate, no heat map.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torchvision import transforms
from torchvision.models import efficientnet_b0, vit_b_16

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.timing import Row, in_turn, table
from skinnet.explain.heatmaps import evidence_maps
from skinnet.images.photo import open_photo, to_input
from skinnet.inference.classifier import Classifier

PHOTO = PROJECT / "demo" / "cases"
SIZES = {"600 x 450": (600, 450), "12 megapixels": (4000, 3000)}
B0, VIT = "EfficientNet-B0", "ViT-B/16"
FAST = "verdict by OpenVINO"
ROUNDS = 20


def jpeg(size: tuple[int, int]) -> bytes:
    """A real photo in a size, as a JPEG file."""
    file = io.BytesIO()
    with Image.open(min(PHOTO.glob("*.jpg"))) as photo:
        photo.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    return file.getvalue()


def usual(network: nn.Module, data: bytes) -> torch.Tensor:
    """The usual route: (1, classes) probabilities."""
    change = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    with torch.inference_mode(), Image.open(io.BytesIO(data)) as photo:
        return network(change(photo.convert("RGB"))[None]).softmax(dim=1)


def rows() -> list[Row]:
    """The table of one photo."""
    classifier = Classifier.load(PROJECT / "checkpoints" / "committee")
    fast = Classifier.load(PROJECT / "checkpoints" / "committee", fast=True)
    b0, vit = efficientnet_b0().eval(), vit_b_16().eval()

    def with_maps(data: bytes) -> object:
        examined = classifier.examine(open_photo(data))
        return evidence_maps(classifier, examined.features, size=examined.size)

    found = []
    for name, size in SIZES.items():
        data = jpeg(size)
        pixels = to_input(open_photo(data), frame=classifier.frame)[None]
        seconds = in_turn(
            {
                "verdict": lambda: classifier.predict(open_photo(data)),
                FAST: lambda: fast.predict(open_photo(data)),
                "verdict and seven maps": lambda: with_maps(data),
                B0: lambda: usual(b0, data),
                VIT: lambda: usual(vit, data),
                "opening the photo": lambda: open_photo(data),
                "one pass of the committee": lambda: classifier.logits(pixels),
            },
            rounds=ROUNDS,
        )
        peers = {"verdict": B0, FAST: "verdict", "verdict and seven maps": "verdict"}
        found += [
            Row(f"{work}, {name}", values, f"{peers[work]}, {name}" if work in peers else "")
            for work, values in seconds.items()
        ]
    return found


if __name__ == "__main__":
    print(table(rows()))
