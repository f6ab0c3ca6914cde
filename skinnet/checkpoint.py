"""The one owner of a checkpoint folder: the names of its files and its typed settings.

    config = load_config(Path("checkpoints/committee"))
    config.temperature, config.operating_points

A checkpoint is a folder with the weights, `config.json` and everything measured with them. Studies add files of their
own; every other name stands here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skinnet.errors import CheckpointError, DataError
from skinnet.files import read_json, structured, write_json
from skinnet.labels import CLASSES

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
GATE = "gate.json"
GATE_STATISTICS = "gate.safetensors"
CONFORMAL = "uncertainty.json"
PREDICTIONS = "predictions.csv"
SPLIT = "split.csv"
"""Which images the network was trained, tuned and tested on."""
HISTORY = "history.csv"
OUT_OF_FOLD = "out_of_fold.csv"
"""The predictions of a cross-validation."""
METRICS = "metrics.json"
CARD = "MODEL_CARD.md"
GATE_CARD = "GATE.md"
REPORT = "report.html"
FIGURE_FOLDER = "figures"
TABLE_FOLDER = "tables"

VERDICT = "95"
"""The operating point that the verdict uses."""
VALIDATION = "validation"
RECALIBRATION = "recalibration.json"
"""With `OUT_OF_FOLD`, everything that decision rules may have been fitted on."""


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold of `p_malignant` and the sensitivity it was chosen for.

    Attributes:
        name: such as "95".
        sensitivity: the share of (pre)malignant lesions at or above the threshold where it was fitted.
        threshold: a lesion is flagged from this `p_malignant` on.
    """

    name: str
    sensitivity: float
    threshold: float

    def __post_init__(self) -> None:
        if not (0 <= self.sensitivity <= 1 and 0 <= self.threshold <= 1):
            raise ValueError(f"operating point {self.name} is outside 0 to 1")


@dataclass(frozen=True)
class FittedOn:
    """The lesions that class weights and operating points were fitted on.

    Attributes:
        table: `VALIDATION`, `OUT_OF_FOLD` or `RECALIBRATION`.
    """

    table: str
    lesions: int
    malignant: int


@dataclass(frozen=True)
class Member:
    """A network of a checkpoint, and the run that trained it.

    Attributes:
        network: name for `models.registry.build`.
        training: the settings of the training run, as `training.config.TrainConfig` wrote them.
        best_epoch: the epoch whose weights these are.
        training_minutes, machine: cost of the training.
        data_sha256: hash of the table of images that it was trained on.
        versions: of the packages that the result depends on.
    """

    network: str
    training: dict[str, Any]
    best_epoch: int
    training_minutes: float
    machine: str
    data_sha256: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Config:
    """The contents of `config.json`.

    Attributes:
        classes: abbreviations of the diagnoses, in the order of the logits.
        name: of the checkpoint.
        skinnet: version of skinnet that made it.
        members: its networks: one, or those of a committee.
        frame: (height, width) in pixels, whose area the input gets.
        mean, std: scale of the input, per channel: (pixel / 255 - mean) / std.
        counts: images by split.
        split_sha256: hash of the split.
        parameters: number of weights.
        temperature, prior_shift: see `inference.calibration.Calibration`.
        class_weights, operating_points: see `inference.calibration.Decision`.
        rules_from: what the class weights and operating points were fitted on.

    Raises:
        ValueError: if a value is out of its range.
    """

    classes: tuple[str, ...]
    name: str
    skinnet: str
    members: tuple[Member, ...]
    frame: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    counts: dict[str, int]
    split_sha256: str
    parameters: int
    temperature: float
    prior_shift: tuple[float, ...]
    class_weights: tuple[float, ...]
    operating_points: tuple[OperatingPoint, ...]
    rules_from: FittedOn

    @property
    def network(self) -> str:
        """Name for `models.registry.build`."""
        return "+".join(member.network for member in self.members)

    @property
    def partition(self) -> str:
        """The partition of the data that all its networks were trained on."""
        return str(self.members[0].training["partition"])

    @property
    def sources(self) -> list[str]:
        """Names of the data sets that it was trained on; the first is the one that it is compared with others on."""
        return [name.strip() for name in self.members[0].training["sources"].split(",")]

    def __post_init__(self) -> None:
        if not self.members:
            raise ValueError("it has no networks")
        for name, positive in (("std", self.std), ("class_weights", self.class_weights), ("frame", self.frame)):
            if not all(value > 0 for value in positive):
                raise ValueError(f"{name} must be above 0")
        if not 0 < self.temperature < math.inf:
            raise ValueError("temperature must be above 0")
        if any(len(values) != len(CLASSES) for values in (self.prior_shift, self.class_weights)):
            raise ValueError(f"prior_shift and class_weights need {len(CLASSES)} values each")


def load_config(folder: Path) -> Config:
    """Read and check a checkpoint's `config.json`.

    Raises:
        CheckpointError: if it is missing, damaged, or made for other classes.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise CheckpointError(
            f"No {CONFIG} in {folder}, so it is not a checkpoint: name another folder, or restore the file."
        )
    try:
        content = read_json(path, advice="restore it")
    except DataError as error:
        raise CheckpointError(str(error)) from error
    if content.get("classes", list(CLASSES)) != list(CLASSES):
        raise CheckpointError(f"{path} is for other classes than {', '.join(CLASSES)}.")
    try:
        return structured(Config, content)
    except KeyError as error:
        raise CheckpointError(f"{path} lacks {error.args[0]}: restore it.") from error
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}): restore it.") from error


def save_config(config: Config, folder: Path) -> None:
    """Write a checkpoint's `config.json`."""
    write_json(folder / CONFIG, asdict(config))
