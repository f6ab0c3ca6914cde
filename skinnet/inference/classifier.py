"""Judge photos with a trained checkpoint.

classifier = Classifier.load(Path("checkpoints/ham10000-lite0"))
prediction = classifier.predict(open_photo("mole.jpg"))
prediction.p_malignant, prediction.diagnosis
"""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from skinnet.data.dataset import pixels_to_tensor
from skinnet.errors import CheckpointError, DataError, TrainingError
from skinnet.files import read_json
from skinnet.images.photo import to_input
from skinnet.images.quality import Level
from skinnet.inference.calibration import Calibration, Decision
from skinnet.inference.conformal import Sets, load_sets, sentence, spread_sentence
from skinnet.inference.gate import Gate, load_gate, recording
from skinnet.inference.stability import copies
from skinnet.labels import CLASSES, MALIGNANT_NUMBERS
from skinnet.models.efficientnet_lite import build
from skinnet.training.config import TrainConfig

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
REQUIRED = (
    "classes", "network", "frame", "mean", "std", "temperature", "prior_shift", "class_weights", "operating_points",
    "parameters", "training", "training_minutes", "machine", "counts", "rules_from",
)  # fmt: skip
"""What every `config.json` holds."""
VIEWS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))
"""A photo is judged four times: as it is, mirrored left-right, top-bottom, and both; the logits are averaged.
Each view is the axes to flip of a (B, 3, H, W) tensor."""


@dataclass(frozen=True)
class Prediction:
    """The judgement of one photo.

    Attributes:
        diagnosis: by the balanced rule, an abbreviation of `CLASSES`.
        probabilities: calibrated, by abbreviation; they sum to one.
        p_malignant: sum over akiec, bcc and mel: "malignant or pre-malignant".
        suspicious: whether `p_malignant` reaches the threshold of the checkpoint.
        gate: "ok"; "warn": the figures do not hold; "refuse": no lesion was judged, do not read them at all.
        note: why the gate says so, in a sentence; else how sure the verdict is.
        possible: the diagnoses that cannot be ruled out, likeliest first; empty where that was not fitted.
    """

    diagnosis: str
    probabilities: dict[str, float]
    p_malignant: float
    suspicious: bool
    gate: Level = "ok"
    note: str = ""
    possible: tuple[str, ...] = ()

    @property
    def most_likely(self) -> str:
        """The diagnosis of the largest probability (plain argmax)."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    def as_row(self) -> dict[str, Any]:
        """The columns of the published predictions."""
        columns = {f"p_{name}": value for name, value in self.probabilities.items()}
        return {"diagnosis": self.diagnosis, **columns, "p_malignant": self.p_malignant}

    def as_answer(self) -> dict[str, Any]:
        """What the command line and the API say of one photo: the columns, and what the gate makes of it."""
        return self.as_row() | {"gate": self.gate, "note": self.note, "possible": " ".join(self.possible)}


@dataclass(frozen=True)
class Look:
    """What the network made of B images.

    Attributes:
        logits: float32 (views, B, 7).
        features: float32 (B, D), what the gate needs, of the first view; None without a gate.
    """

    logits: np.ndarray
    features: np.ndarray | None


class Classifier:
    """A network with everything that belongs to it: input size, scale, calibration and decision rules.

    Attributes:
        network: torch module, (B, 3, H, W) -> logits (B, 7), in evaluation mode.
        config: the contents of `config.json`.
        lock: held while the network runs: the heat maps hook into it, and must not see another thread's photo.
        gate: tells foreign pictures apart; None lets everything through.
        sets: which diagnoses cannot be ruled out; None where that was not fitted.
    """

    def __init__(
        self, network: nn.Module, config: dict[str, Any], *, gate: Gate | None = None, sets: Sets | None = None
    ) -> None:
        self.gate, self.sets = gate, sets
        self.network = network.eval()
        self.lock = threading.Lock()
        self.config = config
        self.frame: tuple[int, int] = tuple(config["frame"])
        self.calibration = Calibration(config["temperature"], tuple(config["prior_shift"]))
        self.decision = Decision.of(config)
        self._mean = torch.tensor(config["mean"]).view(1, 3, 1, 1)
        self._std = torch.tensor(config["std"]).view(1, 3, 1, 1)

    @staticmethod
    def load(folder: Path) -> Classifier:
        """Read a checkpoint folder.

        Raises:
            CheckpointError: if a file is missing, damaged, or does not fit the others.
        """
        config = read_config(folder)
        path = folder / WEIGHTS
        if not path.is_file():
            raise CheckpointError(
                f"No {WEIGHTS} in {folder}, so it is no checkpoint: name another folder, or restore it."
            )
        try:
            network = build(config["network"], classes=len(config["classes"]), imagenet=False)
            network.load_state_dict(load_file(path))
            return Classifier(network, config, gate=load_gate(folder), sets=load_sets(folder))
        except (SafetensorError, RuntimeError, OSError, ValueError, TypeError, KeyError, TrainingError) as error:
            raise CheckpointError(f"The checkpoint in {folder} is damaged: restore its files.") from error

    def to_tensor(self, pixels: np.ndarray) -> Tensor:
        """uint8 (B, H, W, 3) -> the network's input, float32 (B, 3, H, W)."""
        return (pixels_to_tensor(pixels) - self._mean) / self._std

    def views(self, pixels: np.ndarray) -> Tensor:
        """The network's input for all views, view after view: uint8 (B, H, W, 3) -> float32 (views * B, 3, H, W)."""
        images = self.to_tensor(pixels)
        flipped = torch.cat([images.flip(axes) if axes else images for axes in VIEWS])
        return flipped.contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def look(self, pixels: np.ndarray) -> Look:
        """Run the network on four views of each image, uint8 (B, H, W, 3)."""
        views = self.views(pixels)
        with self.lock, recording(self.network, self.gate.layers) if self.gate else nullcontext() as features:
            logits = self.network(views).float()  # under autocast it answers in bfloat16
            seen = features(len(pixels)) if features else None
        return Look(logits.view(len(VIEWS), len(pixels), -1).numpy(), seen)

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Mean logits over the four views of each image: uint8 (B, H, W, 3) -> float32 (B, 7)."""
        return np.asarray(self.look(pixels).logits.mean(axis=0))

    @torch.inference_mode()
    def one_view(self, pixels: np.ndarray) -> np.ndarray:
        """Logits of images as they are, without mirrored views: uint8 (B, H, W, 3) -> float32 (B, 7)."""
        images = self.to_tensor(pixels).contiguous(memory_format=torch.channels_last)
        with self.lock:
            return np.asarray(self.network(images).float().numpy())

    def malignant(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated `p_malignant`: logits (..., 7) -> float64 (...)."""
        probabilities = self.calibration.probabilities(logits.reshape(-1, len(CLASSES)).astype(np.float64))
        return _malignant_share(probabilities).reshape(logits.shape[:-1])

    def spread(self, pixels: np.ndarray, look: Look) -> np.ndarray:
        """`p_malignant` of each image mirrored, turned and cropped.

        Args:
            pixels: uint8 (B, H, W, 3).
            look: what `look` made of them, which holds the mirrored views.

        Returns:
            float64 (views + copies, B).
        """
        pictures = copies(pixels)
        logits = self.one_view(pictures.reshape(-1, *pixels.shape[1:])).reshape(*pictures.shape[:2], -1)
        return self.malignant(np.concatenate([look.logits, logits]))

    def predict(self, photo: Image.Image) -> Prediction:
        """Judge one photo (PIL RGB, any size), behind the gate."""
        pixels = to_input(photo, frame=self.frame)
        look = self.look(pixels[None])
        prediction = self.judge(look.logits.mean(axis=0))[0]
        if self.sets is not None:
            possible = self.sets.possible(np.array(list(prediction.probabilities.values())))
            prediction = replace(prediction, possible=possible)
        if self.gate is not None and look.features is not None:
            ruling = self.gate.rule(pixels, look.features[0], size=photo.size)
            if ruling.level != "ok":
                return replace(prediction, gate=ruling.level, note=ruling.reason)
        if self.sets is not None:
            spread = self.spread(pixels[None], look)[:, 0]
            wavering = spread_sentence(spread, threshold=self.decision.malignant_threshold)
            prediction = replace(prediction, note=f"{sentence(prediction.possible)} {wavering}")
        return prediction

    def judge(self, logits: np.ndarray) -> list[Prediction]:
        """Mean logits (N, 7) -> N predictions."""
        probabilities = self.calibration.probabilities(logits.astype(np.float64))
        malignant = _malignant_share(probabilities)
        return [
            Prediction(
                diagnosis=str(diagnosis),
                probabilities=dict(zip(CLASSES, row.tolist(), strict=True)),
                p_malignant=float(p_malignant),
                suspicious=bool(p_malignant >= self.decision.malignant_threshold),
            )
            for diagnosis, row, p_malignant in zip(
                self.decision.diagnoses(probabilities), probabilities, malignant, strict=True
            )
        ]


def _malignant_share(probabilities: np.ndarray) -> np.ndarray:
    """Sums over the (pre)malignant diagnoses: (N, 7) -> (N,)."""
    return np.asarray(probabilities[:, MALIGNANT_NUMBERS].sum(axis=1))


def read_recipe(config: dict[str, Any]) -> TrainConfig:
    """How the network of a checkpoint was trained, from its `config.json`.

    Raises:
        CheckpointError: if this version of skinnet cannot read it.
    """
    try:
        return TrainConfig(**config["training"])
    except (TypeError, TrainingError) as error:
        raise CheckpointError(f"This skinnet cannot read how the network was trained: {error}") from error


def read_config(folder: Path) -> dict[str, Any]:
    """Read and check a checkpoint's `config.json`.

    Raises:
        CheckpointError: if it is missing, damaged, or made for other classes.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise CheckpointError(f"No {CONFIG} in {folder}, so it is no checkpoint: name another folder, or restore it.")
    try:
        config = read_json(path, mend="restore it")
    except DataError as error:
        raise CheckpointError(str(error)) from error
    if "classes" in config and tuple(config["classes"]) != CLASSES:
        raise CheckpointError(f"{path} is for other classes than {', '.join(CLASSES)}.")
    if missing := [name for name in REQUIRED if name not in config]:
        raise CheckpointError(f"{path} lacks {missing[0]}: restore it.")
    if any(len(config[name]) != len(CLASSES) for name in ("prior_shift", "class_weights")):
        raise CheckpointError(f"{path} is damaged: restore it.")
    return config
