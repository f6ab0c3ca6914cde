"""The gate before the verdict: does a picture resemble those that the network was trained on?

    gate = load_gate(Path("checkpoints/ham10000-lite0"))   # None if the checkpoint has none
    with recording(network, gate.layers) as features:
        logits = network(images)
    ruling = gate.rule(pixels, features(count=1)[0], size=photo.size)  # level, reason, score

The score is the Mahalanobis distance of the network's own features to those of the training images (Lee et al.,
NeurIPS 2018), with one mean and covariance for all diagnoses: the mean and the deviation over positions of each channel
after four middle stages. They cost nothing beyond the forward pass that is made anyway. It was chosen among eleven
scores: docs/gate.md. `python -m skinnet fit-gate` fits it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn

from skinnet.errors import CheckpointError, DataError, TrainingError
from skinnet.files import atomic_path, read_json
from skinnet.images.quality import LEVELS, Bounds, Level, find_faults
from skinnet.models.efficientnet_lite import EfficientNetLite

log = logging.getLogger(__name__)

STATISTICS = "gate.safetensors"
SETTINGS = "gate.json"
WARN_SHARE, REFUSE_SHARE = 0.02, 0.005
"""Shares of the validation images that the gate turns away with a warning or worse, and refuses."""
RIDGE = 1e-3
"""Added to the covariance's eigenvalues, in parts of their mean."""
UNLIKE = {
    "refuse": "This does not look like a dermatoscopic photo of a skin lesion.",
    "warn": "This does not look like the dermatoscopic photos of the training data: the figures do not hold.",
}


@dataclass(frozen=True)
class Ruling:
    """What the gate says of a picture.

    Attributes:
        level: "ok", "warn" (the figures do not hold) or "refuse" (nothing to judge).
        reason: in sentences; empty for "ok".
        score: distance to the training images; 1 is where the warning begins.
    """

    level: Level
    reason: str
    score: float


@dataclass(frozen=True)
class Gate:
    """Statistics of the training images' features.

    Attributes:
        layers: names of the modules whose outputs are summarised.
        mean: float32 (D,).
        whitening: float32 (D, D); (features - mean) @ whitening has covariance one.
        warn, refuse: distances from which on a picture is warned of, or refused.
        bounds: of the picture's quality.
    """

    layers: tuple[str, ...]
    mean: np.ndarray
    whitening: np.ndarray
    warn: float
    refuse: float
    bounds: Bounds

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances in D: (N, D) -> (N,)."""
        return np.asarray(np.square((features - self.mean) @ self.whitening).mean(axis=1))

    def rule(self, pixels: np.ndarray, features: np.ndarray, *, size: tuple[int, int]) -> Ruling:
        """Rule on one picture.

        Args:
            pixels: uint8 (H, W, 3), the network's input.
            features: float32 (D,).
            size: (width, height) of the photo.
        """
        distance = float(self.distances(features[None])[0])
        faults = find_faults(pixels, size=size, bounds=self.bounds)
        level: Level = "refuse" if distance > self.refuse else "warn" if distance > self.warn else "ok"
        reasons = [fault.words for fault in faults] + ([UNLIKE[level]] if level != "ok" else [])
        worst = max([level, *(fault.level for fault in faults)], key=LEVELS.index)
        return Ruling(worst, " ".join(reasons), distance / self.warn)


def fit_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and whitening (D, D) of the training images' features (N, D), float32."""
    mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    eigenvalues, vectors = np.linalg.eigh(np.cov(((features - mean) / deviation).T))
    scale = np.sqrt(np.maximum(eigenvalues, 0) + RIDGE * eigenvalues.mean())
    return mean.astype(np.float32), (vectors / scale / deviation[:, None]).astype(np.float32)


def middle_layers(network: nn.Module) -> tuple[str, ...]:
    """Names of the modules after which the features are taken: the ends of four middle stages.

    Raises:
        TrainingError: if the network has no such stages.
    """
    if isinstance(network, EfficientNetLite):
        ends = np.cumsum([stage.repeats for stage in network.stages])[1:5]  # the stem is number 0
        return tuple(f"features.{end}" for end in ends)
    if hasattr(network, "layer4"):
        return ("layer1", "layer2", "layer3", "layer4")
    if isinstance(features := getattr(network, "features", None), nn.Sequential) and len(features) >= 5:
        return tuple(f"features.{len(features) * part // 5}" for part in (1, 2, 3, 4))
    raise TrainingError(f"No gate for {type(network).__name__}: its stages are not known.")


@contextmanager
def recording(network: nn.Module, layers: Sequence[str]) -> Iterator[Callable[[int], np.ndarray]]:
    """Take features of a forward pass made inside.

    Yields:
        a function of how many of the batch's first images are wanted: their features, float32 (count, D).
    """
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: outputs.update({name: output})

    def features(count: int) -> np.ndarray:
        maps = [outputs[name][:count].float().flatten(2) for name in layers]  # (count, C, H * W)
        parts = [part for each in maps for part in reversed(torch.std_mean(each, dim=2))]
        return np.asarray(torch.cat(parts, dim=1).cpu().numpy())

    hooks = [network.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
    try:
        yield features
    finally:
        for hook in hooks:
            hook.remove()


def save_statistics(gate: Gate, folder: Path) -> dict[str, Any]:
    """Write the arrays into a checkpoint folder; returns what belongs into its `gate.json`."""
    with atomic_path(folder / STATISTICS) as temporary:
        save_file({"mean": gate.mean, "whitening": np.ascontiguousarray(gate.whitening)}, temporary)
    return {
        "layers": list(gate.layers), "warn": gate.warn, "refuse": gate.refuse, "bounds": asdict(gate.bounds),
    }  # fmt: skip


def load_gate(folder: Path) -> Gate | None:
    """Read the gate of a checkpoint folder; None, and a line in the log, if it has none.

    Raises:
        CheckpointError: if it is damaged.
    """
    if not (folder / SETTINGS).is_file():
        log.info("%s has no gate: any picture is judged. Fit one with python -m skinnet fit-gate.", folder)
        return None
    mend = "run python -m skinnet fit-gate again"
    try:
        settings = read_json(folder / SETTINGS, mend=mend)["gate"]
        arrays = load_file(folder / STATISTICS)
        bounds = Bounds(**{name: (low, high) for name, (low, high) in settings["bounds"].items()})
        return Gate(
            tuple(settings["layers"]), arrays["mean"], arrays["whitening"], settings["warn"], settings["refuse"], bounds
        )
    except (DataError, SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"The gate in {folder} is damaged: {mend}.") from error
