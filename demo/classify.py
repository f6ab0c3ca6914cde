"""The Classify tab: a photo in, a verdict and a heat map out; and the API endpoint /classify."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image
from torch import Tensor

from demo import verdict
from skinnet.errors import PhotoError
from skinnet.evaluation.evaluate import Metrics
from skinnet.explain.heatmaps import DEFAULT_METHOD, OFFERED, SCALE, evidence_maps, overlay
from skinnet.images.photo import display_photo, open_photo
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS, CLASSES, FULL_NAMES

OPACITY = 0.45
DRAWING = (
    "This is a drawing made by code, to try the page with: the figures mean nothing. "
    "Any other picture like it is not judged, since it does not look like dermoscopy."
)
NO_PHOTO = "There is no photo to draw a map of: upload one. It is kept for ten minutes at most."
ONE_AT_A_TIME: dict[str, Any] = {
    "concurrency_id": "photo",
    "concurrency_limit": 1,
    "trigger_mode": "always_last",
    "api_visibility": "private",
}
"""Events run in the order they came, so that a map never stands beside another photo's verdict."""


def _uploaded_file(payload: Any) -> str | None:
    """Hand over an uploaded file untouched; Gradio would open it first, and fail in its own words."""
    return None if payload is None else str(payload.path)


@dataclass(frozen=True)
class Judged:
    """What a visit keeps of the last photo, in memory: enough to draw other maps of it.

    Attributes:
        features: of the network's pass over the photo: another method needs no more.
        size: (height, width) of the network's input.
        shown: the photo as displayed.
        method: of the maps.
        maps: float32 (7, H, W) in [0, 1]: another diagnosis needs no more.
        diagnosis: whose map is displayed.
    """

    features: Tensor | None
    size: tuple[int, int]
    shown: Image.Image
    method: str
    maps: np.ndarray
    diagnosis: str

    def drawn(self, opacity: float) -> Image.Image:
        """The photo under the displayed map."""
        return overlay(self.shown, self.maps[CLASS_NUMBERS[self.diagnosis]], opacity=opacity)


def add(classifier: Classifier, metrics: Metrics, examples: list[Path], *, kept_seconds: int) -> None:
    """Add the tab's contents to the interface that is being built.

    Args:
        metrics: of the test split.
        examples: drawings to offer.
        kept_seconds: how long the last photo is kept, in memory, to draw other maps of it.
    """
    drawings = {path.read_bytes() for path in examples}
    judged = gr.State(None, time_to_live=kept_seconds)
    with gr.Row():
        with gr.Column(min_width=300):
            photo = gr.Image(
                type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], height=340,
                label="Dermatoscopic photo of a lesion", elem_id="photo",
            )  # fmt: skip
            photo.preprocess = _uploaded_file  # type: ignore[method-assign]
            gr.Examples(
                [[str(path)] for path in examples], photo, label="Drawings to try: made by code, not photos",
                examples_per_page=10, api_visibility="private",
            )  # fmt: skip
        with gr.Column(min_width=300):
            words = gr.HTML(verdict.invitation(), elem_id="verdict")
        with gr.Column(min_width=300):
            picture = gr.Image(
                label="Heat map", interactive=False, format="png", height=340, elem_id="heat-map", buttons=["download"],
                alt_text="The photo with a heat map of what spoke for the chosen diagnosis",
            )  # fmt: skip
            diagnosis = gr.Dropdown(
                [(FULL_NAMES[name], name) for name in CLASSES], value=None, label="What spoke for", interactive=True
            )
            method = gr.Dropdown(
                [(kind.title, name) for name, kind in OFFERED.items()],
                value=DEFAULT_METHOD,
                label="Method",
                interactive=True,
            )
            opacity = gr.Slider(0, 1, OPACITY, step=0.05, label="Opacity of the map")
            gr.Markdown(
                f"{SCALE} How sure the network is, the probabilities say. Whether the evidence is medically sound, "
                "no map can say. " + " ".join(f"*{kind.title}*: {kind.meaning}." for kind in OFFERED.values()),
                elem_classes="hint",
            )

    def judge(path: str | None, method: str, opacity: float) -> tuple[Any, ...]:
        if path is None:
            return None, verdict.invitation(), None, None
        try:
            opened = open_photo(path)
        except PhotoError as error:
            return None, verdict.refusal(str(error)), None, None
        examined = classifier.examine(opened)
        prediction, features = examined.prediction, examined.features
        if Path(path).read_bytes() in drawings:
            prediction = replace(prediction, gate="warn", note=DRAWING)
        if prediction.gate == "refuse":
            return None, verdict.refusal(f"{prediction.note} {verdict.TAKE_ANOTHER}"), None, None
        maps = evidence_maps(classifier, features, size=examined.size, method=method)
        kept = Judged(features, examined.size, display_photo(opened), method, maps, prediction.diagnosis)
        return kept, verdict.verdict(prediction, metrics), kept.drawn(opacity), prediction.diagnosis

    def redraw(kept: Judged | None, diagnosis: str | None, method: str, opacity: float) -> tuple[Any, ...]:
        if kept is None or diagnosis is None:
            raise gr.Error(NO_PHOTO, print_exception=False)
        if method != kept.method:
            maps = evidence_maps(classifier, kept.features, size=kept.size, method=method)
            kept = replace(kept, method=method, maps=maps)
        kept = replace(kept, diagnosis=diagnosis)
        return kept, kept.drawn(opacity)

    def fade(kept: Judged | None, opacity: float) -> Image.Image:
        if kept is None:
            raise gr.Error(NO_PHOTO, print_exception=False)
        return kept.drawn(opacity)

    photo.change(judge, [photo, method, opacity], [judged, words, picture, diagnosis], **ONE_AT_A_TIME)
    for control in (diagnosis, method):
        control.input(redraw, [judged, diagnosis, method, opacity], [judged, picture], **ONE_AT_A_TIME)
    opacity.release(fade, [judged, opacity], picture, **ONE_AT_A_TIME)
    _add_endpoint(classifier)


def _add_endpoint(classifier: Classifier) -> None:
    """`/classify`: an image file in, the columns of `skinnet predict` as JSON out."""

    def classify(image: str | None) -> dict[str, Any]:
        if image is None:
            raise gr.Error("No image was sent.", print_exception=False)
        try:
            prediction = classifier.predict(open_photo(image))
        except PhotoError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return prediction.as_answer()

    button = gr.Button(visible=False)
    button.click(
        classify, gr.File(label="image", visible=False), gr.JSON(visible=False), api_name="classify",
        api_description="Judge a photo of a skin lesion. Returns the diagnosis by the balanced rule, calibrated "
        "probabilities of the seven diagnoses, and p_malignant, the probability that it is malignant or pre-malignant; "
        "gate: ok, warn (the figures do not hold) or refuse (do not read them); note: why. Not a medical device.",
    )  # fmt: skip
