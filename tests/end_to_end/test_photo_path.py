"""A photo's way to its verdict: what it loads, the few modules to read in order to understand it; and large photos."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier
from tests.conftest import PROJECT
from tests.mutations import encoded

PHOTO_PATH = {
    "skinnet",
    "skinnet.checkpoint",
    "skinnet.errors",
    "skinnet.files",
    "skinnet.images",
    "skinnet.images.colours",
    "skinnet.images.corruptions",
    "skinnet.images.decode",
    "skinnet.images.dicom",
    "skinnet.images.heif",
    "skinnet.images.jpeg",
    "skinnet.images.photo",
    "skinnet.images.quality",
    "skinnet.images.source",
    "skinnet.images.tensors",
    "skinnet.inference",
    "skinnet.inference.calibration",
    "skinnet.inference.classifier",
    "skinnet.inference.conformal",
    "skinnet.inference.gate",
    "skinnet.inference.onnx_graph",
    "skinnet.inference.prediction",
    "skinnet.inference.stability",
    "skinnet.inference.weights",
    "skinnet.inference.wording",
    "skinnet.labels",
    "skinnet.models",
    "skinnet.models.backbone",
    "skinnet.models.committee",
    "skinnet.models.efficientnet_lite",
    "skinnet.models.folding",
    "skinnet.models.registry",
    "skinnet.models.vision_transformer",
}
HEAVY = {"pandas", "scipy", "sklearn", "matplotlib", "pytorch_grad_cam", "gradio", "requests", "torchvision"}

PREDICT = """
from skinnet import Classifier, open_photo
from pathlib import Path
print(Classifier.load(Path({checkpoint!r})).predict(open_photo({photo!r})).diagnosis)
"""
START_APP = """
from demo.interface import build
from pathlib import Path
build(Path({checkpoint!r}))
"""


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint('modules:', *sys.modules)"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.rpartition("modules:")[2].split())


def test_a_photo_needs_few_modules_and_no_heavy_package(shipped: Path, photo: Path) -> None:
    modules = modules_after(PREDICT.format(checkpoint=str(shipped), photo=str(photo)))
    assert {name for name in modules if name.partition(".")[0] == "skinnet"} == PHOTO_PATH
    assert not HEAVY & modules


def test_the_app_starts_without_training_plotting_and_slow_studies(shipped: Path) -> None:
    modules = modules_after(START_APP.format(checkpoint=str(shipped)))
    rooms = {".".join(name.split(".")[:2]) for name in modules if name.startswith("skinnet.")}
    assert "skinnet.inference" in rooms
    assert not {"skinnet.training", "skinnet.cli"} & rooms
    studies = {name for name in modules if name.startswith("skinnet.studies.")}
    assert studies == {"skinnet.studies.case_verdicts"}  # it only reads the quiz's answers
    assert not {"matplotlib.pyplot", "torchvision"} & modules


def test_a_large_photo_gets_nearly_the_verdict_of_all_its_pixels(shipped: Path) -> None:
    with Image.open(PROJECT / "demo" / "cases" / "ISIC_0000049.jpg") as small:  # of the 60, the one that changes most
        large = small.resize((2560, 2560), Image.Resampling.LANCZOS)
    draft = open_photo(encoded(large, "JPEG", quality=90))
    assert draft.size == (640, 640)
    classifier = Classifier.load(shipped)
    whole, found = classifier.predict(large), classifier.predict(draft)
    assert found.p_malignant == pytest.approx(whole.p_malignant, abs=0.03)
    assert (found.diagnosis, found.suspicious, found.gate) == (whole.diagnosis, whole.suspicious, whole.gate)
