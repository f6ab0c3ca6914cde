"""The API: /classify, /explain and /batch, with examples in docs/api.md. Their columns are kept for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from demo.batch_rows import MAX_BYTES, MAX_PHOTOS, TOO_MUCH
from demo.uploads import checked
from skinnet.errors import PhotoError, SkinnetError
from skinnet.explain.heatmaps import evidence_maps, overlay
from skinnet.images.photo import display_photo, open_photo
from skinnet.inference.batch import COLUMNS, predict_picture
from skinnet.inference.classifier import Classifier
from skinnet.inference.pictures import Picture, pictures_at
from skinnet.labels import CLASS_NUMBERS, CLASSES

OPACITY = 0.5
CLASSIFY = (
    "Classify a photo of a skin lesion. Returns the diagnosis by the balanced rule, calibrated probabilities of the "
    "seven diagnoses, and p_malignant, the probability that it is malignant or pre-malignant; gate: ok, warn (the "
    "probabilities do not hold) or refuse (do not read them); note: why. Not a medical device."
)
EXPLAIN = (
    "Draw where a photo of a skin lesion raised the network's score for a diagnosis. Returns a PNG of the photo under "
    "the map, and the diagnosis: akiec, bcc, bkl, df, mel, nv or vasc; without one, that of /classify. The map is no "
    "reason for a diagnosis. Not a medical device."
)
BATCH = (
    "Classify many photos of skin lesions, or ZIP archives of them. Returns a row for each photo with the columns of "
    "`skinnet predict`, but `file` in place of `path`; `error` says why one cannot be read. Not a medical device."
)
"""What each endpoint says of itself, on the API page and to an MCP client."""


@dataclass(frozen=True)
class Answers:
    """The answers of the endpoints to what was sent, which may be anything; what fails becomes one sentence."""

    classifier: Classifier

    def classify(self, image: Any) -> dict[str, Any]:
        """The columns of `skinnet predict` for one photo."""
        with _in_a_sentence():
            return self.classifier.predict(open_photo(_sent(image))).as_answer()

    def explain(self, image: Any, diagnosis: Any) -> tuple[Image.Image, str]:
        """The map of a diagnosis over its photo, and the diagnosis."""
        with _in_a_sentence():
            if diagnosis and diagnosis not in CLASSES:
                raise PhotoError(f"There is no such diagnosis: send one of {', '.join(CLASSES)}, or none.")
            photo = open_photo(_sent(image))
            examined = self.classifier.examine(photo)
            if examined.prediction.gate == "refuse":
                raise PhotoError(f"No map: {examined.prediction.note}")
            shown = diagnosis or examined.prediction.diagnosis
            maps = evidence_maps(self.classifier, examined.features, size=examined.size)
            return overlay(display_photo(photo), maps[CLASS_NUMBERS[shown]], opacity=OPACITY), shown

    def batch(self, files: Any) -> list[dict[str, Any]]:
        """The rows of `skinnet predict` for many photos, with `file` for `path`: gradio_client would fetch a path."""
        with _in_a_sentence(), ExitStack() as archives:
            paths = [_path(file) for file in files] if isinstance(files, list) else []
            if not paths:
                raise PhotoError("No files were sent.")
            found = [(path, picture) for path in paths for picture in pictures_at(path, archives)]
            if len(found) > MAX_PHOTOS or sum(path.stat().st_size for path in paths) > MAX_BYTES:
                raise PhotoError(TOO_MUCH)
            return [self._row(path, picture) for path, picture in found]

    def _row(self, path: Path, picture: Picture) -> dict[str, Any]:
        """A row with every column; its file is a name, without the folder of this machine."""
        picture = replace(picture, name=picture.name.removeprefix(f"{path.parent}/"))
        row = {**dict.fromkeys(COLUMNS), **predict_picture(self.classifier, picture)}
        return {"file": row.pop("path"), **row}


def _sent(image: Any) -> Path:
    if image is None:
        raise PhotoError("No image was sent.")
    return _path(image)


def _path(file: Any) -> Path:
    return checked(file.get("path") if isinstance(file, dict) else None)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except SkinnetError as error:
        raise gr.Error(str(error), print_exception=False) from error


def add_endpoint(classifier: Classifier) -> None:
    """Add the endpoints to the interface that is being built."""
    answers = Answers(classifier)
    image, images = gr.File(label="image"), gr.File(label="files", file_count="multiple")
    diagnosis = gr.Textbox("", label="diagnosis")
    map_outputs = [gr.Image(format="png", label="overlay"), gr.Textbox(label="diagnosis")]
    for answer, inputs, outputs, words in (
        (answers.classify, image, gr.JSON(), CLASSIFY),
        (answers.explain, [image, diagnosis], map_outputs, EXPLAIN),
        (answers.batch, images, gr.JSON(), BATCH),
    ):
        gr.Button().click(
            answer, inputs, outputs, preprocess=False, api_name=answer.__name__, api_description=words,
        )  # fmt: skip
