"""What a network said of pictures, kept on disk: a measurement that was stopped goes on where it was.

    kept = Kept(Path("runs/robustness"), classifier, table, images)
    logits = kept.logits("blur-3", judge)  # calls judge() unless the file is there

The folder's name is a hash of the network, the pictures and the code that damages them, so that another network, other
data or other damage never find these files. Calibration and decision rules come after the logits and are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.dataset import Images
from skinnet.errors import DataError
from skinnet.files import atomic_path
from skinnet.inference.classifier import Classifier

CODE = (
    "images/artefacts.py",
    "studies/lesion_hidden.py",
    "images/corruptions.py",
    "images/lesion_masks.py",
    "studies/robustness.py",
)
"""Modules that the damaged pictures depend on."""


class Kept:
    """Logits by the name of what was done to the pictures.

    Attributes:
        folder: of this network and these pictures; None keeps nothing.
    """

    def __init__(
        self,
        root: Path | None,
        classifier: Classifier,
        table: pd.DataFrame,
        images: Images,
        *,
        files: Iterable[Path] = (),
    ) -> None:
        """Find the folder.

        Args:
            root: where the folders of all networks lie; None keeps nothing.
            table, images: what is judged; the labels of the rows are positions in `images`.
            files: what else the damaged pictures are made from.
        """
        self.folder = root and root / _fingerprint(classifier, table, images, files)

    def logits(self, name: str, judge: Callable[[], np.ndarray]) -> np.ndarray:
        """What `judge` returns, asked only once.

        Raises:
            DataError: if the file is damaged.
        """
        if self.folder is None:
            return judge()
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, judge())
        try:
            return np.asarray(np.load(path, allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise DataError(f"{path} is damaged: delete it.") from error


def _fingerprint(classifier: Classifier, table: pd.DataFrame, images: Images, files: Iterable[Path]) -> str:
    digest = hashlib.sha256(repr([list(classifier.mean), list(classifier.std)]).encode())
    for path in (*(Path(__file__).parent.parent / module for module in CODE), *files):
        digest.update(path.read_bytes())
    for name, tensor in classifier.network.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    for position, image in zip(table.index, table["image_id"], strict=True):
        digest.update(image.encode() + np.ascontiguousarray(images[position]).tobytes())
    return digest.hexdigest()[:16]
