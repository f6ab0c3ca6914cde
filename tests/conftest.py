"""Fixtures that several rooms share: mirrors, servers, prepared data, checkpoints, predictions, the app."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from PIL import Image

from skinnet.__main__ import main
from skinnet.cli.options import default_checkpoint
from skinnet.data.download.http import new_session
from skinnet.files import exclusive
from skinnet.inference.onnx_graph import SWITCH
from tests.apps import free_port
from tests.drawings import LOOKS, draw_lesion
from tests.servers import Server, answer_as_isic, serving

PROJECT = Path(__file__).parent.parent
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # tests compare bits, and a GPU does not add the same way twice
os.environ[SWITCH] = "0"  # most tests are of the plain default, which also starts sooner
SHARED_MIRROR = PROJECT.parent / "shared" / "mirror"
LESIONS_PER_CLASS = 12
DRAWN_SIZE = (240, 180)


@pytest.fixture(scope="session")
def shared_mirror() -> Path:
    """A mirror of the real HAM10000, where there is one beside the project."""
    if not SHARED_MIRROR.is_dir():
        pytest.skip("the real HAM10000 is not here (../shared/mirror)")
    return SHARED_MIRROR


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The folder of the shipped checkpoint."""
    return default_checkpoint()


@pytest.fixture(scope="session")
def drawn_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of HAM10000 with drawn images, in the layout of the real files."""
    folder = tmp_path_factory.mktemp("mirror")
    rows = drawn_metadata()
    pd.DataFrame(rows).to_csv(folder / "HAM10000_metadata.csv", index=False)
    for part in (1, 2):
        with zipfile.ZipFile(folder / f"HAM10000_images_part_{part}.zip", "w") as archive:
            for number in range(part - 1, len(rows), 2):
                image = io.BytesIO()
                look = LOOKS[str(rows[number]["dx"])]
                draw_lesion(look, seed=number, size=DRAWN_SIZE).save(image, "JPEG", quality=95)
                archive.writestr(f"{rows[number]['image_id']}.jpg", image.getvalue())
    mask = io.BytesIO()
    lesion = np.zeros((45, 60), np.uint8)
    lesion[20:33, 22:38] = 255
    Image.fromarray(lesion).save(mask, "PNG")
    with zipfile.ZipFile(folder / "HAM10000_segmentations_lesion_tschandl.zip", "w") as archive:
        for row in rows:
            archive.writestr(f"masks/{row['image_id']}_segmentation.png", mask.getvalue())
    write_sums(folder)
    return folder


def drawn_metadata() -> list[dict[str, object]]:
    """Rows of a metadata table: 7 diagnoses x 12 lesions x 2 or 3 images."""
    images = [
        (dx, lesion, view) for dx in LOOKS for lesion in range(LESIONS_PER_CLASS) for view in range(2 + lesion % 2)
    ]
    return [
        {
            "lesion_id": f"LESION_{dx}_{lesion}",
            "image_id": f"DRAWN_{number:04d}",
            "dx": dx,
            "dx_type": "histo",
            "age": "" if number % 9 == 0 else 5.0 * (number % 17),
            "sex": ("male", "female")[view % 2],
            "localization": "back",
            "dataset": "drawn",
        }
        for number, (dx, lesion, view) in enumerate(images)
    ]


def write_sums(folder: Path) -> None:
    """Write the list of checksums that makes a folder a mirror."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def server_for() -> Iterator[Callable[[Path], Server]]:
    """Serve a folder: `server_for(folder).address`."""
    with ExitStack() as running:
        yield lambda folder: running.enter_context(serving(folder))


@pytest.fixture
def isic(tmp_path: Path) -> Iterator[Server]:
    """A server that answers like the ISIC Archive and holds 25 pictures."""
    (tmp_path / "site").mkdir()
    with serving(tmp_path / "site") as server:
        answer_as_isic(server, tmp_path / "site", 25)
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session as `acquire` opens it."""
    with new_session() as opened:
        yield opened


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that all processes of a test run share: whichever needs it first makes it, and none may change it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with exclusive(folder.with_suffix(".lock"), wait=True):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def drawn_root(drawn_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after acquire and prepare."""

    def make(root: Path) -> None:
        assert main(["acquire", "ham10000", "--root", str(root), "--mirror", str(drawn_mirror)]) == 0
        assert main(["prepare", "--root", str(root)]) == 0

    return made_once(tmp_path_factory, "data", make)


@pytest.fixture(scope="session")
def tiny_checkpoint(drawn_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint released from a run of two epochs on the drawn data, which lies beside it."""

    def make(folder: Path) -> None:
        run, checkpoint = folder / "run", folder / "checkpoint"
        train = ["train", "--root", str(drawn_root), "--out", str(run), "--epochs", "2", "--ema-decay", "0.5"]
        assert main([*train, "--sources", "ham10000", "--partition", "split", "--batch-size", "32"]) == 0
        release = ["release", "--run", str(run), "--root", str(drawn_root), "--checkpoint", str(checkpoint)]
        assert main(release) == 0

    return made_once(tmp_path_factory, "tiny", make) / "checkpoint"


@pytest.fixture
def predictions() -> pd.DataFrame:
    """A table of 400 made-up predictions, right about two times out of three."""
    rng = np.random.default_rng(0)
    names = np.array(sorted(LOOKS))
    diagnoses = rng.choice(7, size=400, p=[0.05, 0.1, 0.15, 0.05, 0.15, 0.45, 0.05])
    logits = rng.normal(size=(400, 7)) + 1.8 * np.eye(7)[diagnoses]
    probabilities = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 3)
    table = pd.DataFrame(probabilities, columns=[f"p_{name}" for name in names])
    return table.assign(
        lesion_id=[f"L{dx}_{number}" for dx, number in zip(diagnoses, rng.integers(0, 60, 400), strict=True)],
        dx=names[diagnoses],
        diagnosis=names[(probabilities * [1.5, 1, 1, 2, 1, 0.7, 1]).argmax(axis=1)],
        split="test",
    )


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn lesion as a JPEG file; the gate of the shipped checkpoint refuses it."""
    path = tmp_path_factory.mktemp("photo") / "lesion.jpg"
    draw_lesion(LOOKS["mel"], seed=5).save(path, quality=95)
    return path


@pytest.fixture(scope="session")
def address(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the shipped checkpoint, served on loopback."""
    from demo.interface import build
    from demo.serve import launch

    folder = tmp_path_factory.mktemp("gradio")
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    interface = build(shipped)
    yield launch(interface, host="127.0.0.1", port=free_port())
    interface.close()
