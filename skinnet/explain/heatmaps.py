"""Class activation maps: the evidence in a photo for each diagnosis. Their faithfulness: docs/heatmaps.md.

    maps = evidence_maps(classifier, features, size=size)  # float32 (7, H, W) in [0, 1], all diagnoses on one scale
    evidence = heat_map(classifier, pixels, diagnosis="mel")  # float32 (H, W), one of them
    picture = overlay(display_photo(photo), evidence, opacity=0.5)

All seven maps of a photo share one scale: 1 is the strongest evidence for any diagnosis anywhere in that photo. So a
diagnosis that nothing speaks for has an empty map. A scale fixed for all photos would leave most of them pale, since
the network's logits are larger in clear cases; how sure it is, the probabilities say.

Threads may draw maps at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from skinnet.errors import SkinnetError
from skinnet.explain.cam import class_maps, library_maps, photo_features, principal_maps
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.models.backbone import Head, head

COLOURS = "turbo"
SCALE = (
    "All diagnoses of a photo share one scale: dark red is its strongest evidence for any of them, so a map stays "
    "empty where nothing speaks for the diagnosis."
)
"""What the colours mean, for whoever looks at a map."""
DEFAULT_METHOD = "gradcam"
"""Chosen on the validation split: docs/heatmaps.md."""


@dataclass(frozen=True)
class Method:
    """A way to make class activation maps, all of the last feature layer.

    Attributes:
        maps: (head, features (B, C, h, w)) -> signed maps (B, 7, h, w).
        same_as: the method that draws the same picture and is offered in its place.
    """

    title: str
    meaning: str
    maps: Callable[[Head, Tensor], Tensor]
    same_as: str = ""


METHODS = {
    "gradcam": Method("Grad-CAM", "evidence for the diagnosis minus evidence against it", class_maps),
    "layercam": Method(
        "Layer-CAM",
        "evidence for the diagnosis whatever speaks against it, nearly the same for all",
        partial(library_maps, name="LayerCAM"),
    ),
    "eigencam": Method("Eigen-CAM", "what the network looked at, the same for every diagnosis", principal_maps),
    "hirescam": Method("HiResCAM", "as Grad-CAM", partial(library_maps, name="HiResCAM"), same_as="gradcam"),
    "gradcam++": Method(
        "Grad-CAM++", "as Layer-CAM", partial(library_maps, name="GradCAMPlusPlus"), same_as="layercam"
    ),
}
"""By the name that commands take."""
OFFERED = {name: method for name, method in METHODS.items() if not method.same_as}
"""One method for each picture: docs/heatmaps.md says what was measured, and what became of others."""


def coarse_maps(layers: Head, features: Tensor, *, method: str = DEFAULT_METHOD) -> Tensor:
    """Maps in the features' resolution, on one scale: (C, h, w) -> (7, h, w) in [0, 1].

    Args:
        layers: a head of this call's own, from `head`.
        features: from `photo_features`.

    Raises:
        SkinnetError: if the method is unknown.
    """
    if method not in METHODS:
        raise SkinnetError(f"Unknown method {method!r}: use one of {', '.join(METHODS)}.")
    evidence = METHODS[method].maps(layers, features[None])[0].clamp(min=0)
    strongest = evidence.max()
    return evidence / strongest if strongest > 0 else evidence


def evidence_maps(
    classifier: Classifier, features: Tensor | None, *, size: tuple[int, int], method: str = DEFAULT_METHOD
) -> np.ndarray:
    """The maps of all diagnoses of one photo, in the order of `CLASSES`.

    Args:
        features: (C, h, w), from `Classifier.examine` or `photo_features`.
        size: (H, W) of the network's input.

    Returns:
        float32 (7, H, W) in [0, 1], where 1 is the strongest evidence in this photo for any diagnosis.

    Raises:
        SkinnetError: if the method is unknown, or the network's last feature layer is not known.
    """
    layers = head(classifier.network)
    assert features is not None  # a network with a known head has them
    return grown(coarse_maps(layers, features, method=method), size)


def grown(coarse: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Maps (K, h, w), interpolated to (K, H, W)."""
    maps = F.interpolate(coarse[None], size, mode="bilinear", align_corners=False)[0]
    return np.asarray(maps.numpy(), dtype=np.float32)


def heat_map(classifier: Classifier, pixels: np.ndarray, *, diagnosis: str, method: str = DEFAULT_METHOD) -> np.ndarray:
    """The map of one diagnosis, float32 (H, W) in [0, 1]: see `evidence_maps`.

    Raises:
        SkinnetError: if the diagnosis or the method is unknown.
    """
    if diagnosis not in CLASS_NUMBERS:
        raise SkinnetError(f"Unknown diagnosis {diagnosis!r}: use one of {', '.join(CLASSES)}.")
    size = (pixels.shape[0], pixels.shape[1])
    maps = evidence_maps(classifier, photo_features(classifier, pixels), size=size, method=method)
    evidence: np.ndarray = maps[CLASS_NUMBERS[diagnosis]]
    return evidence


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
    from matplotlib import colormaps  # only where a picture is drawn

    grey = Image.fromarray((np.clip(evidence, 0, 1) * 255).astype(np.uint8))
    smooth = grey.resize(photo.size, Image.Resampling.BICUBIC)
    colours = (colormaps[COLOURS](np.asarray(smooth))[..., :3] * 255).astype(np.uint8)
    return Image.composite(Image.fromarray(colours), photo, smooth.point(lambda value: round(value * opacity)))
