"""The one owner of a checkpoint folder: the names of its files and its typed settings.

    config = load_config(Path("checkpoints/committee"))
    config.temperature, config.operating_points

A checkpoint is a folder with the weights, `config.json` and everything measured with them. Studies add files of their
own; every other name stands here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skinnet.errors import CheckpointError, DataError
from skinnet.files import read_json, structured, write_json
from skinnet.labels import CLASSES

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
GRAPH = "model.onnx"
GRAPH_SETTINGS = "onnx.json"
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
WITHOUT = "without.json"
"""Metrics of a network of the same kind on the test split of a data set that it was trained without, by data set."""
CASES = "cases.json"
"""The network's answers to the cases of the app's quiz."""
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

RANGES = {
    "frame": (32, 1024),
    "mean": (0, 1),
    "std": (0.01, 10),
    "temperature": (0.01, 100),
    "prior_shift": (-100, 100),
    "parameters": (1, math.inf),
}
"""Least and greatest values in a `config.json`: wider than any fit, so that only damage lies outside."""
WEIGHT_RANGE = (1e-3, 1e9)
"""The same for class weights."""


def check_range(name: str, values: Iterable[float], least: float, greatest: float) -> None:
    """Raise ValueError if one of some values is not within least to greatest; NaN never is."""
    if not all(least <= value <= greatest for value in values):
        raise ValueError(f"{name} must be from {least:g} to {greatest:g}")


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
        check_range("sensitivity", [self.sensitivity], 0, 1)
        check_range("threshold", [self.threshold], 0, 1)
        if self.threshold == 0:
            raise ValueError("a threshold of 0 flags everything")


def check_rules(class_weights: tuple[float, ...], operating_points: tuple[OperatingPoint, ...]) -> None:
    """Raise ValueError unless there is one class weight a class, and one operating point that is the verdict's."""
    check_range("class_weights", class_weights, *WEIGHT_RANGE)
    if len(class_weights) != len(CLASSES):
        raise ValueError(f"class_weights need {len(CLASSES)} values")
    if [point.name for point in operating_points].count(VERDICT) != 1:
        raise ValueError(f"not one operating point is named {VERDICT}")


@dataclass(frozen=True)
class FittedOn:
    """The lesions that class weights and operating points were fitted on.

    Attributes:
        table: `VALIDATION`, `OUT_OF_FOLD` or `RECALIBRATION`.
    """

    table: str
    lesions: int
    malignant: int

    def __post_init__(self) -> None:
        check_range("malignant", [self.malignant], 0, self.lesions)


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

    def __post_init__(self) -> None:
        for name, value in self.training.items():
            if type(value) not in (str, int, float, bool) or value in (math.inf, -math.inf) or value != value:
                raise TypeError(f"the training setting {name} is no text or finite number")
        if not all(isinstance(self.training.get(name), str) for name in ("sources", "partition")):
            raise TypeError("the training settings name no sources or no partition")
        check_range("best_epoch and training_minutes", [self.best_epoch, self.training_minutes], 0, math.inf)


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
        weights_sha256: hash of the file of weights; empty until they are written.
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
    weights_sha256: str
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
        for name, (least, greatest) in RANGES.items():
            values = getattr(self, name)
            check_range(name, values if isinstance(values, tuple) else [values], least, greatest)
        check_range("counts", [self.counts["train"], *self.counts.values()], 0, math.inf)
        if len(self.prior_shift) != len(CLASSES):
            raise ValueError(f"prior_shift needs {len(CLASSES)} values")
        check_rules(self.class_weights, self.operating_points)


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
