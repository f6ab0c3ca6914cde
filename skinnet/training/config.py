"""All settings of a training run, in one place.

    TrainConfig()   # the plain recipe, of any other network
    SHIPPED[LITE0]  # the recipe of a shipped network: what the commands take for it without other options

The command line makes its options from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from skinnet.data import DEVELOPMENT
from skinnet.errors import CheckpointError, TrainingError
from skinnet.models.registry import LITE0, NETWORKS, VIT

WEIGHTS = ("imagenet", "none")


def _setting(default: Any, meaning: str, least: float | None = None, most: float | None = None) -> Any:
    """A field with its meaning and, for a number, its range: least <= value <= most."""
    return field(default=default, metadata={"meaning": meaning, "least": least, "most": most})


def _names(separated: str) -> list[str]:
    """Split a text at its commas."""
    return [name.strip() for name in separated.split(",") if name.strip()]


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a training run, each with its meaning.

    Raises:
        TrainingError: if a number is out of its range.
    """

    sources: str = _setting("ham10000", "data sets to train on, separated by commas")
    partition: str = _setting(
        "split",
        "split, train-and-val, official (all of HAM10000 but its validation part), fold-0 to fold-4, or without-NAME "
        "of a clinic or diagnosis",
    )
    network: str = _setting(LITE0, f"{', '.join(NETWORKS)} or a torchvision classifier such as resnet18")
    weights: str = _setting("imagenet", "what to start from: imagenet or none")
    epochs: int = _setting(8, "passes over as many images as the training split has", 1, 10_000)
    batch_size: int = _setting(32, "images a step", 1, 4096)
    learning_rate: float = _setting(5e-4, "peak of the schedule", 0, 10)
    layer_decay: float = _setting(1.0, "factor on the learning rate from each layer to the one below it", 0, 1)
    warmup_epochs: float = _setting(1.0, "epochs of rising learning rate", 0, 10_000)
    weight_decay: float = _setting(0.05, "pull of the weights towards zero", 0, 10)
    label_smoothing: float = _setting(0.1, "share of the target spread over all classes", 0, 0.99)
    ema_decay: float = _setting(0.995, "per step, of the averaged weights that are validated and kept", 0, 0.999_999)
    sampling_power: float = _setting(0.5, "0 draws images as they come, 1 all classes alike", 0, 10)
    source_power: float = _setting(0.0, "0 draws from the data sets as they come, 1 from all alike", 0, 10)
    first_size: float = _setting(1.0, "share of their side that images have at first; all from 60 % of epochs", 0.25, 1)
    shapes: float = _setting(0.0, "share of the batches that are cut to a random shape, 3:4 to 16:9", 0, 1)
    light: float = _setting(0.0, "strength of other exposure, gamma, white balance, contrast and saturation", 0, 10)
    operations: int = _setting(0, "random operations on each image, as in RandAugment", 0, 100)
    cutout: float = _setting(0.0, "probability that a rectangle of an image is covered", 0, 1)
    stochastic_depth: float = _setting(
        0.1, "probability that an image skips the last block of an EfficientNet-Lite or the transformer", 0, 0.99
    )
    mixup: float = _setting(0.0, "alpha of the Beta distribution by which pairs of images are mixed; 0: none", 0, 100)
    degradation: float = _setting(0.0, "probability that an image is blurred, or gets noise or JPEG damage", 0, 0.99)
    artefacts: float = _setting(0.0, "probability of each of hair, ruler, dark corners, ink and bubbles", 0, 0.99)
    seed: int = _setting(0, "of everything random", 0, 2**31 - 1)

    @staticmethod
    def of(training: Mapping[str, Any]) -> TrainConfig:
        """The settings that a run or a checkpoint recorded.

        Raises:
            CheckpointError: if this version of skinnet cannot read them.
        """
        try:
            return TrainConfig(**training)
        except (TypeError, TrainingError) as error:
            raise CheckpointError(f"This skinnet cannot read how the network was trained: {error}") from error

    @property
    def source_names(self) -> list[str]:
        return _names(self.sources)

    def __post_init__(self) -> None:
        if self.weights not in WEIGHTS:
            raise TrainingError(f"Unknown weights {self.weights!r}: use {' or '.join(WEIGHTS)}.")
        for setting in fields(self):
            value, least, most = getattr(self, setting.name), setting.metadata["least"], setting.metadata["most"]
            if least is not None and not least <= value <= most:
                raise TrainingError(f"{setting.name} is {value}: it must be from {least} to {most}.")


_BOTH = TrainConfig(
    sources="ham10000,isic2017", partition=DEVELOPMENT, batch_size=64, source_power=0.5, first_size=0.5, shapes=0.7,
    light=1.0, operations=1, cutout=0.2, stochastic_depth=0.2, degradation=0.3,
)  # fmt: skip
SHIPPED = {
    LITE0: replace(_BOTH, network=LITE0, epochs=20, learning_rate=7e-4),
    VIT: replace(_BOTH, network=VIT, epochs=16, learning_rate=3e-4, layer_decay=0.7),
}
"""The recipes of the shipped committee's networks, by name."""


def recipe_for(network: str) -> TrainConfig:
    """The shipped recipe of a network, or the plain one."""
    return SHIPPED.get(network, TrainConfig(network=network))
