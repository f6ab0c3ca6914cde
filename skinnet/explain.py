"""Class activation maps: which part of a photo spoke for a diagnosis.

    evidence = heat_map(classifier, pixels, diagnosis="mel", method="gradcam")  # float32 (H, W) in [0, 1]
    picture = overlay(display_photo(photo), evidence, opacity=0.5)

The maps come from the package grad-cam, which stretches each from its own smallest to its own largest value: a map
shows where, not how much. In a Grad-CAM map of zeros no part of the photo spoke for the diagnosis.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from PIL import Image
from pytorch_grad_cam import FullGrad, GradCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget, FinerWeightedTarget

from skinnet.classifier import Classifier
from skinnet.errors import SkinnetError
from skinnet.labels import CLASSES
from skinnet.model import last_feature_layer

COLOURS = "turbo"


@dataclass(frozen=True)
class Method:
    """A way to make a class activation map.

    Attributes:
        make: the package's class.
        target: what a class's number is turned into for the package: the score whose evidence is mapped.
    """

    title: str
    meaning: str
    make: type[BaseCAM]
    target: Callable[[int], Any]


def _over_rivals(number: int) -> FinerWeightedTarget:
    """The lead of a class over the others, each weighted by its probability (Zhang et al., CVPR 2025)."""
    return FinerWeightedTarget(number, [other for other in range(len(CLASSES)) if other != number], alpha=1.0)


METHODS = {
    "gradcam": Method(
        "Grad-CAM", "evidence for the diagnosis minus evidence against it", GradCAM, ClassifierOutputTarget
    ),
    "finercam": Method("Finer-CAM", "evidence for the diagnosis rather than for its rivals", GradCAM, _over_rivals),
    "fullgrad": Method(
        "Full-Grad", "evidence from all layers, finer; takes some seconds", FullGrad, ClassifierOutputTarget
    ),
}
"""On 24 validation photos HiRes-CAM, XGrad-CAM, Shapley-CAM, Layer-CAM and Grad-CAM++ drew what Grad-CAM draws (median
correlation .999 or more), so they are left out; so is Eigen-CAM, whose sign, and so what it shows, is arbitrary."""


def heat_map(classifier: Classifier, pixels: np.ndarray, *, diagnosis: str, method: str = "gradcam") -> np.ndarray:
    """Compute a class activation map of one photo, as it is (not mirrored).

    Args:
        pixels: uint8 (H, W, 3), the network's input from `to_input`.
        diagnosis: an abbreviation of `CLASSES`.
        method: a key of `METHODS`.

    Returns:
        float32 (H, W) in [0, 1].

    Raises:
        SkinnetError: if the diagnosis or the method is unknown.
    """
    if diagnosis not in CLASSES:
        raise SkinnetError(f"Unknown diagnosis {diagnosis!r}: use one of {', '.join(CLASSES)}.")
    if method not in METHODS:
        raise SkinnetError(f"Unknown method {method!r}: use one of {', '.join(METHODS)}.")
    images = classifier.to_tensor(pixels[None])
    target = METHODS[method].target(CLASSES.index(diagnosis))
    layer = last_feature_layer(classifier.network)
    with classifier.lock, torch.enable_grad():
        with contextlib.redirect_stdout(io.StringIO()):  # Full-Grad announces that it takes all layers
            maps = METHODS[method].make(classifier.network, [layer])
        try:
            return np.asarray(maps(images, [target])[0], dtype=np.float32)
        finally:
            maps.activations_and_grads.release()


def overlay(photo: Image.Image, evidence: np.ndarray, *, opacity: float) -> Image.Image:
    """Lay a heat map over its photo.

    Args:
        photo: PIL RGB from `display_photo`.
        evidence: float (H, W) in [0, 1].
        opacity: of the colours where the evidence is 1; elsewhere it falls with the evidence, so that what did not
            speak for the diagnosis is seen as it is.

    Returns:
        PIL RGB of the photo's size.
    """
    grey = Image.fromarray((np.clip(evidence, 0, 1) * 255).astype(np.uint8))
    smooth = grey.resize(photo.size, Image.Resampling.BICUBIC)
    colours = (colormaps[COLOURS](np.asarray(smooth))[..., :3] * 255).astype(np.uint8)
    return Image.composite(Image.fromarray(colours), photo, smooth.point(lambda value: round(value * opacity)))
