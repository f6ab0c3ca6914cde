"""The Classify tab: a photo in, a verdict and a heat map out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demo import verdict
from demo.site import Case, Site
from skinnet.errors import PhotoError
from skinnet.evaluation.evaluate import Metrics
from skinnet.explain.heatmaps import DEFAULT_METHOD, OFFERED, SCALE, evidence_maps, overlay
from skinnet.images.photo import display_photo, open_photo
from skinnet.inference.classifier import Classifier, Examined
from skinnet.labels import CLASS_NUMBERS, CLASSES, FULL_NAMES

TITLE = "Classify"
OPACITY = 0.45
NO_PHOTO = "There is no photo to draw a map of: upload one. It is kept for ten minutes at most."
ONE_AT_A_TIME: dict[str, Any] = {
    "concurrency_id": "photo",
    "concurrency_limit": 1,
    "trigger_mode": "always_last",
    "api_visibility": "private",
}
"""Events run in the order they came, so that a map never stands beside another photo's verdict."""

Shown = tuple["ShownPhoto | None", str, Image.Image | None, str | None]
"""The visit's photo, the verdict, the picture with the map, and the diagnosis whose map it is."""


@dataclass(frozen=True)
class ShownPhoto:
    """The last photo of a visit, kept in memory: enough to draw other maps of it.

    Attributes:
        examined: the network's pass over it: another method needs no more.
        picture: the photo as displayed.
        method: of the maps.
        maps: float32 (7, H, W) in [0, 1]: another diagnosis needs no more.
        diagnosis: whose map is displayed.
    """

    examined: Examined
    picture: Image.Image
    method: str
    maps: np.ndarray
    diagnosis: str

    def with_map(self, opacity: float) -> Image.Image:
        """Draw the photo under the displayed map."""
        return overlay(self.picture, self.maps[CLASS_NUMBERS[self.diagnosis]], opacity=opacity)


@dataclass(frozen=True)
class Answers:
    """The answers to the tab's events.

    Attributes:
        metrics: of the test split.
    """

    classifier: Classifier
    metrics: Metrics

    def examine(self, path: str | None, method: str, opacity: float) -> Shown:
        """Classify an uploaded file and draw the map of its diagnosis; anything that fails clears both."""
        if path is None:
            return None, verdict.invitation(), None, None
        try:
            photo = open_photo(path)
        except PhotoError as error:
            return None, verdict.refusal(str(error)), None, None
        examined = self.classifier.examine(photo)
        prediction = examined.prediction
        if prediction.gate == "refuse":
            return None, verdict.refusal(f"{prediction.note} {verdict.TAKE_ANOTHER}"), None, None
        maps = self._maps(examined, method)
        shown = ShownPhoto(examined, display_photo(photo), method, maps, prediction.diagnosis)
        return shown, verdict.verdict(prediction, self.metrics), shown.with_map(opacity), prediction.diagnosis

    def redraw(
        self, shown: ShownPhoto | None, diagnosis: str | None, method: str, opacity: float
    ) -> tuple[ShownPhoto, Image.Image]:
        """Draw the map of another diagnosis, or by another method."""
        if shown is None or diagnosis is None:
            raise gr.Error(NO_PHOTO, print_exception=False)
        if method != shown.method:
            shown = replace(shown, method=method, maps=self._maps(shown.examined, method))
        shown = replace(shown, diagnosis=diagnosis)
        return shown, shown.with_map(opacity)

    def fade(self, shown: ShownPhoto | None, opacity: float) -> Image.Image:
        """Draw the same map with another opacity."""
        if shown is None:
            raise gr.Error(NO_PHOTO, print_exception=False)
        return shown.with_map(opacity)

    def _maps(self, examined: Examined, method: str) -> np.ndarray:
        return evidence_maps(self.classifier, examined.features, size=examined.size, method=method)


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    answers = Answers(site.classifier, site.metrics[site.config.sources[0]])
    shown = gr.State(None, time_to_live=600)
    with gr.Row():
        with gr.Column(min_width=300):
            photo = _photo_input(site.cases[:6])
        with gr.Column(min_width=300):
            words = gr.HTML(verdict.invitation(), elem_id="verdict")
        with gr.Column(min_width=300):
            picture, diagnosis, method, opacity = _map_viewer()
    outputs = [shown, words, picture, diagnosis]
    photo.change(answers.examine, [photo, method, opacity], outputs, **ONE_AT_A_TIME)
    for control in (diagnosis, method):
        control.input(answers.redraw, [shown, diagnosis, method, opacity], [shown, picture], **ONE_AT_A_TIME)
    opacity.release(answers.fade, [shown, opacity], picture, **ONE_AT_A_TIME)


def _photo_input(cases: tuple[Case, ...]) -> gr.Image:
    photo = gr.Image(
        type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], height=340,
        label="Dermatoscopic photo of a lesion", elem_id="photo",
    )  # fmt: skip
    photo.preprocess = _uploaded_file  # type: ignore[method-assign]
    gr.Examples(
        [[str(case.path)] for case in cases], photo, label="Real cases",
        examples_per_page=10, api_visibility="private",
    )  # fmt: skip
    return photo


def _uploaded_file(payload: Any) -> str | None:
    """Hand over an uploaded file untouched; Gradio would open it first, and fail in its own words."""
    return None if payload is None else str(payload.path)


def _map_viewer() -> tuple[gr.Image, gr.Dropdown, gr.Dropdown, gr.Slider]:
    picture = gr.Image(
        label="Heat map", interactive=False, format="png", height=340, elem_id="heat-map", buttons=["download"],
        alt_text="The photo with a heat map of the evidence for the chosen diagnosis",
    )  # fmt: skip
    diagnosis = gr.Dropdown(
        [(FULL_NAMES[name], name) for name in CLASSES], value=None, label="Evidence for", interactive=True
    )
    titles = [(kind.title, name) for name, kind in OFFERED.items()]
    method = gr.Dropdown(titles, value=DEFAULT_METHOD, label="Method", interactive=True)
    opacity = gr.Slider(0, 1, OPACITY, step=0.05, label="Opacity of the map")
    methods = " ".join(f"*{kind.title}*: {kind.meaning}." for kind in OFFERED.values())
    gr.Markdown(
        f"{SCALE} The probabilities, not the map, say how sure the network is. No map can tell whether the evidence is "
        f"medically sound. {methods}",
        elem_classes="hint",
    )
    return picture, diagnosis, method, opacity
