"""The gate before the verdict: does a picture resemble those that the network was trained on?

    gate = load_gate(Path("checkpoints/committee"))     # None if the checkpoint has none
    with recorded_outputs(network, gate.layers) as outputs:
        logits = network(images)
    features = layer_statistics(outputs, gate.layers)
    ruling = gate.rule(pixels, features[0], size=photo.size)  # level, reason, score

The score is the Mahalanobis distance of the network's features to those of the training images (Lee et al., NeurIPS
2018), with one mean and covariance for all diagnoses. The features are the mean and the deviation over positions of
each channel after four middle stages. They cost nothing beyond the forward pass that is made anyway. docs/gate.md
compares eleven scores. A logistic regression on the same features asks whether the photo shows a lesion at all.
`training.fit_gate` fits statistics, weights and thresholds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save
from torch import Tensor, nn

from skinnet.checkpoint import GATE, GATE_STATISTICS, check_range
from skinnet.errors import CheckpointError, DataError
from skinnet.files import atomic_path, digest, read_json, structured
from skinnet.images.quality import LEVELS, Bounds, Fault, Level, find_faults

log = logging.getLogger(__name__)

UNLIKE = {
    "refuse": "This does not look like a dermatoscopic photo of a skin lesion.",
    "warn": "This does not look like the dermatoscopic photos of the training data: the figures do not hold.",
}
NO_LESION = Fault("warn", "No lesion found in the photo.")
MAX_DISTANCE = 1e12
"""A distance that no threshold reaches: the distances of training images are about 1."""


@dataclass(frozen=True)
class Ruling:
    """The gate's answer for one picture.

    Attributes:
        level: "ok", "warn" (the scores do not hold) or "refuse" (there is nothing to classify).
        reason: in sentences; empty for "ok".
        score: distance to the training images; 1 is where the warning begins.
    """

    level: Level
    reason: str
    score: float


@dataclass(frozen=True)
class GateSettings:
    """The part of `gate.json` that the gate needs: see `Gate`.

    Attributes:
        statistics_sha256: hash of the file of arrays.

    Raises:
        ValueError: if a value is out of its range.
    """

    layers: tuple[str, ...]
    warn: float
    refuse: float
    bounds: Bounds
    statistics_sha256: str

    def __post_init__(self) -> None:
        if not self.layers or self.warn <= 0:
            raise ValueError("a gate needs layers and thresholds above 0")
        check_range("refuse", [self.refuse], self.warn, MAX_DISTANCE)
        for name, (least, greatest) in asdict(self.bounds).items():
            check_range(name, [greatest], max(least, 0), 255)
            check_range(name, [least], 0, greatest)


@dataclass(frozen=True)
class Gate:
    """Statistics of the training images' features, and the thresholds of the distance to them.

    Attributes:
        layers: names of the modules whose outputs are summarised.
        mean: float32 (D,).
        whitening: float32 (D, D); (features - mean) @ whitening has covariance one.
        lesion: float32 (D + 1,), weights of the features and a constant: see `lesion_scores`. Zeros where none were
            fitted, so that nothing is warned of.
        warn, refuse: distances from which on a picture is warned of, or refused.
        bounds: of the picture's quality.
    """

    layers: tuple[str, ...]
    mean: np.ndarray
    whitening: np.ndarray
    lesion: np.ndarray
    warn: float
    refuse: float
    bounds: Bounds

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances divided by D: (N, D) -> (N,)."""
        return np.asarray(np.square((features - self.mean) @ self.whitening).mean(axis=1))

    def lesion_scores(self, features: np.ndarray) -> np.ndarray:
        """How much photos look as if they showed a lesion: (N, D) -> (N,). Below 0, no lesion was found."""
        return np.asarray(features @ self.lesion[:-1] + self.lesion[-1])

    def rule(self, pixels: np.ndarray, features: np.ndarray, *, size: tuple[int, int]) -> Ruling:
        """Rule on one picture.

        Args:
            pixels: uint8 (H, W, 3), the network's input.
            features: float32 (D,).
            size: (width, height) of the photo.
        """
        distance = float(self.distances(features[None])[0])
        faults = find_faults(pixels, size=size, bounds=self.bounds)
        level: Level = "ok" if distance <= self.warn else "warn" if distance <= self.refuse else "refuse"  # NaN too
        if level != "refuse" and self.lesion_scores(features[None])[0] < 0:
            faults.append(NO_LESION)
        reasons = [fault.words for fault in faults] + ([UNLIKE[level]] if level != "ok" else [])
        worst = max([level, *(fault.level for fault in faults)], key=LEVELS.index)
        return Ruling(worst, " ".join(reasons), distance / self.warn)


@contextmanager
def recorded_outputs(network: nn.Module, layers: Sequence[str]) -> Iterator[Mapping[str, Tensor]]:
    """Record the outputs of named layers in a forward pass made inside.

    Yields:
        the outputs by name; empty until the network has run.
    """
    outputs: dict[str, Tensor] = {}

    def record(name: str) -> Any:
        return lambda _module, _inputs, output: outputs.update({name: output})

    hooks = [network.get_submodule(name).register_forward_hook(record(name)) for name in layers]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


class _ReachedError(Exception):
    """The last layer that is wanted has run."""


def outputs_up_to(network: nn.Module, layers: Sequence[str], images: Tensor) -> Mapping[str, Tensor]:
    """Run a network over images (B, 3, H, W) no further than the last of some layers; return their outputs by name."""

    def stop(*_: object) -> None:
        raise _ReachedError

    with recorded_outputs(network, layers) as outputs, suppress(_ReachedError):
        hook = network.get_submodule(layers[-1]).register_forward_hook(stop)
        try:
            network(images)
        finally:
            hook.remove()
    return outputs


def channel_statistics(outputs: Mapping[str, Tensor], layers: Sequence[str]) -> Tensor:
    """Summarise recorded outputs by their means and deviations over positions.

    Args:
        outputs: (B, C, H, W) each.

    Returns:
        float32 (B, D).
    """
    maps = [outputs[name].float().flatten(2) for name in layers]  # (B, C, H * W)
    parts = [part for each in maps for part in reversed(torch.std_mean(each, dim=2))]
    return torch.cat(parts, dim=1)


def layer_statistics(outputs: Mapping[str, Tensor], layers: Sequence[str]) -> np.ndarray:
    """`channel_statistics` as an array: float32 (B, D)."""
    return np.asarray(channel_statistics(outputs, layers).cpu().numpy())


def save_statistics(gate: Gate, folder: Path) -> dict[str, Any]:
    """Write the arrays into a checkpoint folder; return the settings for its `gate.json`."""
    arrays = {"mean": gate.mean, "whitening": np.ascontiguousarray(gate.whitening), "lesion": gate.lesion}
    with atomic_path(folder / GATE_STATISTICS) as temporary:
        temporary.write_bytes(save(arrays))
    found = digest(folder / GATE_STATISTICS)
    return asdict(GateSettings(gate.layers, gate.warn, gate.refuse, gate.bounds, found))


def load_gate(folder: Path) -> Gate | None:
    """Read the gate of a checkpoint folder; None, and a line in the log, if it has none.

    Raises:
        CheckpointError: if it is damaged.
    """
    if not (folder / GATE).is_file():
        log.info("%s has no gate: any picture is classified. Fit one with python -m skinnet fit-gate.", folder)
        return None
    advice = "run python -m skinnet fit-gate again"
    try:
        settings = structured(GateSettings, read_json(folder / GATE, advice=advice)["gate"])
        if digest(folder / GATE_STATISTICS) != settings.statistics_sha256:
            raise ValueError(f"{GATE_STATISTICS} is not the file that {GATE} names")
        arrays = load_file(folder / GATE_STATISTICS)
        mean, whitening, lesion = (arrays[name] for name in ("mean", "whitening", "lesion"))
        if mean.ndim != 1 or whitening.shape != 2 * mean.shape or lesion.shape != (len(mean) + 1,):
            raise ValueError("the arrays do not fit each other")
        if not all(np.isfinite(array).all() for array in (mean, whitening, lesion)):
            raise ValueError("the arrays are not finite")
    except (DataError, SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"The gate in {folder} is damaged: {advice}.") from error
    return Gate(settings.layers, mean, whitening, lesion, settings.warn, settings.refuse, settings.bounds)
