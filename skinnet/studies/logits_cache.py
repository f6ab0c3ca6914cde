"""Cache of logits on disk, so that an interrupted study continues where it stopped.

    cache = LogitsCache(Path("runs/robustness"), classifier, table, images, settings={"amounts": [1, 2]})
    logits = cache.logits("blur-3", compute)  # calls compute() only where the file is missing

The folder's name is a hash of all that the logits depend on: weights, pixels, normalisation, and the settings of the
study, which hold a version number for code that draws on pixels. Whoever changes such code raises its number.
Calibration and decision rules are applied after the logits, so they are no part of the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.data.dataset import Images
from skinnet.errors import DataError
from skinnet.files import atomic_path
from skinnet.inference.classifier import Classifier


class LogitsCache:
    """Logits of one network and one set of images, by the name of the change made to the images.

    Attributes:
        folder: where the files lie; None caches nothing.
    """

    def __init__(
        self,
        root: Path | None,
        classifier: Classifier,
        table: pd.DataFrame,
        images: Images,
        *,
        settings: Mapping[str, object],
        masks: Iterable[np.ndarray] = (),
    ) -> None:
        """Find the folder.

        Args:
            root: parent of the folders of all networks; None caches nothing.
            table, images: what is classified; the labels of the rows are positions in `images`.
            settings: what changes the images besides their pixels, as JSON can hold it.
            masks: other arrays that the changed images are made from.
        """
        self.folder = root and root / _fingerprint(classifier, table, images, settings, masks)

    def logits(self, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """Read the logits of a name, or compute and write them.

        Raises:
            DataError: if the file is damaged.
        """
        if self.folder is None:
            return compute()
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, compute())
        try:
            return np.asarray(np.load(path, allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise DataError(f"{path} is damaged: delete it.") from error


def _fingerprint(
    classifier: Classifier,
    table: pd.DataFrame,
    images: Images,
    settings: Mapping[str, object],
    masks: Iterable[np.ndarray],
) -> str:
    inputs = {"mean": classifier.mean, "std": classifier.std, "settings": settings}
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode())
    for name, tensor in classifier.network.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    for position, image_id in zip(table.index, table["image_id"], strict=True):
        digest.update(image_id.encode() + np.ascontiguousarray(images[position]).tobytes())
    for mask in masks:
        digest.update(np.ascontiguousarray(mask).tobytes())
    return digest.hexdigest()[:16]
