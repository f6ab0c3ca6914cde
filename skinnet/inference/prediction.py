"""What the network gave for photos, and the prediction that is drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from skinnet.images.quality import Level
from skinnet.inference.gate import Ruling


@dataclass(frozen=True)
class Prediction:
    """The classification of one photo.

    Attributes:
        diagnosis: by the balanced rule, an abbreviation of `CLASSES`.
        probabilities: calibrated, by abbreviation; they sum to one.
        p_malignant: sum over akiec, bcc and mel: "malignant or pre-malignant".
        suspicious: whether `p_malignant` reaches the threshold of the checkpoint.
        gate: "ok"; "warn": the probabilities do not hold; "refuse": nothing was classified, do not read them at all.
        note: the reason for the gate's warning or refusal, else how sure the verdict is; then what of the file was left
            out.
        possible: the diagnoses that cannot be ruled out, likeliest first; empty where that was not fitted.
        scores: `p_malignant` of the photo as it is, and turned and cropped; empty where the figures do not hold.
    """

    diagnosis: str
    probabilities: dict[str, float]
    p_malignant: float
    suspicious: bool
    gate: Level = "ok"
    note: str = ""
    possible: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()

    @property
    def most_likely(self) -> str:
        """The diagnosis of the largest probability (plain argmax)."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    def as_row(self) -> dict[str, Any]:
        """The columns of the published predictions."""
        columns = {f"p_{name}": value for name, value in self.probabilities.items()}
        return {"diagnosis": self.diagnosis, **columns, "p_malignant": self.p_malignant}

    def as_answer(self) -> dict[str, Any]:
        """The answer of the command line and the API: the columns, and those of the gate."""
        return self.as_row() | {"gate": self.gate, "note": self.note, "possible": " ".join(self.possible)}


@dataclass(frozen=True)
class Outputs:
    """One pass of the network over B images.

    Attributes:
        logits: float32 (B, 7).
        gate_features: float32 (B, D); None without a gate.
        features: float32 (B, C, h, w), the last feature layer; None for a network whose last feature layer is not
            known.
    """

    logits: np.ndarray
    gate_features: np.ndarray | None
    features: Tensor | None

    def part(self, items: slice) -> Outputs:
        """Those of some of the images."""
        return Outputs(
            self.logits[items],
            None if self.gate_features is None else self.gate_features[items],
            None if self.features is None else self.features[items],
        )


@dataclass(frozen=True)
class Examined:
    """A prediction with the pass of the network that it comes from.

    Attributes:
        pixels: uint8 (H, W, 3), the network's input.
        features: float32 (C, h, w): see `Outputs`.
        ruling: of the gate; None without a gate.
    """

    prediction: Prediction
    pixels: np.ndarray
    features: Tensor | None
    ruling: Ruling | None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the network's input."""
        return self.pixels.shape[0], self.pixels.shape[1]
