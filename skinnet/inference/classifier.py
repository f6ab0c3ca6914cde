"""Classify photos with a trained checkpoint.

    classifier = Classifier.load(Path("checkpoints/committee"))
    prediction = classifier.predict(open_photo("mole.jpg"))
    prediction.p_malignant, prediction.diagnosis

`predict` runs the network once, over the photo and a variant of it, and draws everything from that pass. Where heat
maps are wanted too, `examine` keeps the pass; `examine_all` takes several photos at once:

    examined = classifier.examine(open_photo("mole.jpg"))
    examined.prediction, evidence_maps(classifier, examined.features, size=examined.size)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from skinnet.checkpoint import GATE, Config, load_config
from skinnet.errors import CheckpointError
from skinnet.images.photo import photo_note, to_input
from skinnet.images.tensors import pixels_to_tensor
from skinnet.inference.calibration import UNCALIBRATED, UNDECIDED, Calibration, Decision, malignant_probability
from skinnet.inference.conformal import Sets, load_sets
from skinnet.inference.gate import Gate, Ruling, layer_statistics, load_gate, recorded_outputs
from skinnet.inference.onnx_graph import OnnxGraph, load_graph
from skinnet.inference.prediction import Examined, Outputs, Prediction
from skinnet.inference.stability import variants_of
from skinnet.inference.weights import load_network
from skinnet.inference.wording import possible_sentence, stability_sentence
from skinnet.labels import CLASSES
from skinnet.models.backbone import last_feature_layer_name
from skinnet.models.folding import fold_norms

Done = TypeVar("Done")


class Classifier:
    """A network with everything that belongs to it: input size, scale, calibration and decision rules.

    Args:
        network: (B, 3, H, W) -> logits (B, 7).
        frame: (height, width) in pixels, whose area the input gets.
        mean, std: scale of the input, per channel.
        calibration, decision: plain ones before anything is fitted.
        gate: tells unlike pictures apart; None lets everything through.
        sets: which diagnoses cannot be ruled out; None where that was not fitted.

    Attributes:
        graph: makes `run` faster; None leaves it to PyTorch, as `logits` always is.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        frame: tuple[int, int],
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        calibration: Calibration = UNCALIBRATED,
        decision: Decision = UNDECIDED,
        gate: Gate | None = None,
        sets: Sets | None = None,
    ) -> None:
        self.network = network.eval()
        self.frame, self.mean, self.std = frame, mean, std
        self.calibration, self.decision = calibration, decision
        self.gate, self.sets = gate, sets
        self.graph: OnnxGraph | None = None
        self._thread = ThreadPoolExecutor(1, "network")
        self.feature_layer = last_feature_layer_name(network)
        self._mean, self._std = (torch.tensor(values).view(1, 3, 1, 1) for values in (mean, std))

    @staticmethod
    def of(network: nn.Module, config: Config, *, gate: Gate | None = None, sets: Sets | None = None) -> Classifier:
        """Make a classifier from a network and the settings of its checkpoint."""
        return Classifier(
            network,
            frame=config.frame,
            mean=config.mean,
            std=config.std,
            calibration=Calibration.of(config),
            decision=Decision.of(config),
            gate=gate,
            sets=sets,
        )

    @staticmethod
    def load(folder: Path, *, fast: bool = False) -> Classifier:
        """Read a checkpoint folder.

        Args:
            fast: run the network by OpenVINO where that is installed, instead of PyTorch: see `onnx_graph`.

        Raises:
            CheckpointError: if a file is missing, damaged, or does not fit the others.
        """
        config = load_config(folder)
        gate, sets = load_gate(folder), load_sets(folder)
        network = load_network(config, folder).eval()
        fold_norms(network)
        classifier = Classifier.of(network, config, gate=gate, sets=sets)
        try:
            classifier.predict(Image.new("RGB", (config.frame[1], config.frame[0]), "grey"))
        except (AttributeError, IndexError, KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"{GATE} in {folder} does not fit the network: run python -m skinnet fit-gate again."
            ) from error
        classifier.graph = load_graph(folder, config, gate) if fast else None
        return classifier

    def to_tensor(self, pixels: np.ndarray) -> Tensor:
        """uint8 (B, H, W, 3) -> the network's input, float32 (B, 3, H, W)."""
        return (pixels_to_tensor(pixels) - self._mean) / self._std

    def in_turn(self, work: Callable[[], Done]) -> Done:
        """Do something with the network, after those who asked before.

        One thread runs it, for all: hooks record no other photo, and torch keeps its buffers once, 20 MB a thread.
        """
        return self._thread.submit(torch.no_grad()(work)).result()

    def run(self, pixels: np.ndarray) -> Outputs:
        """Run the network once over B images, uint8 (B, H, W, 3)."""
        return self.in_turn(lambda: self._outputs(pixels))

    def _outputs(self, pixels: np.ndarray) -> Outputs:
        images = self.to_tensor(pixels)
        if self.graph is not None:
            return self.graph.run(images)
        images = images.contiguous(memory_format=torch.channels_last)
        gate_layers = self.gate.layers if self.gate else ()
        layers = {*gate_layers, *([self.feature_layer] if self.feature_layer else [])}
        with recorded_outputs(self.network, sorted(layers)) as recorded:
            logits = self.network(images).float()
        return Outputs(
            logits.numpy(),
            layer_statistics(recorded, gate_layers) if gate_layers else None,
            recorded[self.feature_layer].float() if self.feature_layer else None,
        )

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (B, H, W, 3) -> float32 (B, 7)."""
        images = self.to_tensor(pixels).contiguous(memory_format=torch.channels_last)
        return self.in_turn(lambda: np.asarray(self.network(images).float().numpy()))

    def malignant(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated `p_malignant`: logits (..., 7) -> float64 (...)."""
        probabilities = self.probabilities(logits.reshape(-1, len(CLASSES)))
        return malignant_probability(probabilities).reshape(logits.shape[:-1])

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities: logits (N, 7) -> float64 (N, 7).

        Raises:
            CheckpointError: if they are not finite: then nothing may be shown.
        """
        probabilities = self.calibration.probabilities(logits.astype(np.float64))
        if not np.isfinite(probabilities).all():
            raise CheckpointError("The network gave no finite number, so there is no verdict: restore the checkpoint.")
        return probabilities

    def run_with_variants(self, pixels: np.ndarray) -> tuple[Outputs, np.ndarray]:
        """Run the network once over B images and the variant of each.

        Args:
            pixels: uint8 (B, H, W, 3).

        Returns:
            The outputs of the images, and `p_malignant` of each image and of its variant, float64 (2, B).
        """
        both = self.run(np.concatenate([pixels, variants_of(pixels)]))
        return both.part(slice(len(pixels))), self.malignant(both.logits.reshape(2, len(pixels), -1))

    def predict(self, photo: Image.Image) -> Prediction:
        """Classify one photo (PIL RGB, any size), behind the gate."""
        return self.examine(photo).prediction

    def examine(self, photo: Image.Image) -> Examined:
        """Classify one photo, and keep the features that heat maps are made from."""
        return self.examine_all([photo])[0]

    def examine_all(self, photos: Sequence[Image.Image]) -> list[Examined]:
        """Examine several photos: the network runs once over all those whose inputs have one shape.

        A photo's neighbours change its probabilities by no more than the rounding of float32.
        """
        inputs = [to_input(photo, frame=self.frame) for photo in photos]  # (H, W, 3) each
        examined: dict[int, Examined] = {}
        for shape in {pixels.shape for pixels in inputs}:
            chosen = [number for number, pixels in enumerate(inputs) if pixels.shape == shape]
            outputs, scores = self.run_with_variants(np.stack([inputs[number] for number in chosen]))
            for item, number in enumerate(chosen):
                one = outputs.part(slice(item, item + 1))
                examined[number] = self._examined(photos[number], inputs[number], one, scores[:, item])
        return [examined[number] for number in range(len(photos))]

    def _examined(self, photo: Image.Image, pixels: np.ndarray, outputs: Outputs, scores: np.ndarray) -> Examined:
        """Draw everything from the outputs of one image, and the (2,) scores of the image and its variant."""
        ruling = None
        if self.gate is not None and outputs.gate_features is not None:
            ruling = self.gate.rule(pixels, outputs.gate_features[0], size=photo.size)
        prediction = self._with_certainty(self.predictions(outputs.logits)[0], ruling, scores)
        if left_out := photo_note(photo):
            prediction = replace(prediction, note=f"{prediction.note} {left_out}".strip())
        return Examined(prediction, pixels, None if outputs.features is None else outputs.features[0], ruling)

    def _with_certainty(self, prediction: Prediction, ruling: Ruling | None, scores: np.ndarray) -> Prediction:
        """Add the gate's ruling, the possible diagnoses and the stability of the score."""
        if self.sets is not None:
            possible = self.sets.possible(np.array(list(prediction.probabilities.values())))
            prediction = replace(prediction, possible=possible)
        if ruling is not None and ruling.level != "ok":
            return replace(prediction, gate=ruling.level, note=ruling.reason)
        if self.sets is not None:
            stable = stability_sentence(scores, threshold=self.decision.malignant_threshold)
            note = f"{possible_sentence(prediction.possible)} {stable}"
            prediction = replace(prediction, note=note, scores=tuple(scores.tolist()))
        return prediction

    def predictions(self, logits: np.ndarray) -> list[Prediction]:
        """Logits (N, 7) -> N predictions, without the gate."""
        probabilities = self.probabilities(logits)
        malignant = malignant_probability(probabilities)
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
