"""The API endpoint /classify: an image file in, the columns of `skinnet predict` as JSON out."""

from __future__ import annotations

from typing import Any

import gradio as gr

from skinnet.errors import PhotoError
from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier

DESCRIPTION = (
    "Classify a photo of a skin lesion. Returns the diagnosis by the balanced rule, calibrated probabilities of the "
    "seven diagnoses, and p_malignant, the probability that it is malignant or pre-malignant; gate: ok, warn (the "
    "probabilities do not hold) or refuse (do not read them); note: why. Not a medical device."
)


def add_endpoint(classifier: Classifier) -> None:
    """Add the endpoint to the interface that is being built."""

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
        api_description=DESCRIPTION,
    )  # fmt: skip
