"""What a network answers to a folder of known cases, computed once so that a quiz can be drawn from them.

write_verdicts(Path("checkpoints/committee"), Path("demo/cases"))  # cases.json
load_verdicts(Path("checkpoints/committee")).cases["ISIC_0000049"].suspicious
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from skinnet.checkpoint import CASES, CONFIG, GATE
from skinnet.errors import CheckpointError, DataError
from skinnet.explain.cam import class_maps
from skinnet.files import read_json, structured, write_text
from skinnet.images.photo import open_photo
from skinnet.images.quality import Level
from skinnet.images.source import has_picture_suffix
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS
from skinnet.models.backbone import head
from skinnet.progress import progress

ADVICE = "run python -m skinnet cases demo/cases"
DECIMALS = 4
"""Of a logit or a probability."""


@dataclass(frozen=True)
class CaseVerdict:
    """The network's answer to one photo.

    Attributes:
        gate: see `inference.classifier.Prediction`.
        evidence: h rows of w logits, the evidence for melanoma; negative where a place speaks against it.
        strongest: the strongest evidence at any place for any diagnosis, the scale of the photo's maps.
    """

    p_malignant: float
    suspicious: bool
    gate: Level
    evidence: list[list[float]]
    strongest: float


@dataclass(frozen=True)
class CaseVerdicts:
    """The contents of `cases.json`.

    Attributes:
        made_with: hash of the settings of the network and its gate, which gave the answers.
        cases: by the photo's file name without its suffix.
    """

    made_with: str
    cases: dict[str, CaseVerdict]


def case_verdict(classifier: Classifier, path: Path) -> CaseVerdict:
    """Classify one photo.

    Raises:
        PhotoError: if it cannot be read.
        CheckpointError: if the network has no maps.
    """
    examined = classifier.examine(open_photo(path))
    if examined.features is None:
        raise CheckpointError("The network has no heat maps, and a quiz shows them.")
    maps = class_maps(head(classifier.network), examined.features[None])[0].numpy()  # (7, h, w)
    return CaseVerdict(
        p_malignant=round(examined.prediction.p_malignant, DECIMALS),
        suspicious=examined.prediction.suspicious,
        gate=examined.prediction.gate,
        evidence=np.round(maps[CLASS_NUMBERS["mel"]].astype(float), DECIMALS).tolist(),
        strongest=round(float(maps.max()), DECIMALS),
    )


def write_verdicts(checkpoint: Path, folder: Path) -> int:
    """Classify every picture in a folder, write `cases.json` into the checkpoint, and count the pictures.

    Raises:
        DataError: if there is no picture.
    """
    paths = sorted(path for path in folder.iterdir() if has_picture_suffix(path)) if folder.is_dir() else []
    if not paths:
        raise DataError(f"No pictures in {folder}: name the folder of the cases.")
    classifier = Classifier.load(checkpoint)
    verdicts = {
        path.stem: asdict(case_verdict(classifier, path)) for path in progress(paths, "classifying", unit="picture")
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(verdict)}" for name, verdict in verdicts.items())
    write_text(checkpoint / CASES, f'{{"made_with": "{_settings_hash(checkpoint)}", "cases": {{\n{lines}\n}}}}\n')
    return len(paths)


def load_verdicts(checkpoint: Path) -> CaseVerdicts:
    """Read a checkpoint's `cases.json`.

    Raises:
        CheckpointError: if it is missing, damaged, or of other settings.
    """
    path = checkpoint / CASES
    try:
        verdicts = structured(CaseVerdicts, read_json(path, advice=ADVICE))
    except DataError as error:
        raise CheckpointError(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {ADVICE}.") from error
    if verdicts.made_with != _settings_hash(checkpoint):
        raise CheckpointError(f"{path} belongs to another network, threshold or gate: {ADVICE}.")
    return verdicts


def _settings_hash(checkpoint: Path) -> str:
    """Hash the files that name the weights, the rules and the gate."""
    files = [path for path in (checkpoint / CONFIG, checkpoint / GATE) if path.is_file()]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
