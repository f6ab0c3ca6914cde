"""One photo of a batch: what the page shows of it, and its line of the CSV file.

row = photo_row("mole.jpg", path, classifier=classifier)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo.answer import data_uri
from demo.uploads import MAX_PHOTO_BYTES, TOO_LARGE
from demo.words import Words
from skinnet.errors import PhotoError, printable
from skinnet.images.photo import display_photo, open_photo
from skinnet.inference.batch import classified_row, csv_line, failed_row
from skinnet.inference.classifier import Classifier
from skinnet.inference.pictures import pictures_at
from skinnet.inference.prediction import Prediction

MAX_PHOTOS = 500
MAX_BYTES = 200_000_000
"""Most photos, and most bytes, of one batch."""
TOO_MUCH = f"At most {MAX_PHOTOS} photos and {MAX_BYTES // 1_000_000} MB can be classified at once."
PICTURE_SIDES = {"small": 160, "large": 480}
"""Pixels: the longest side of the picture in a row."""


def photo_row(
    name: str, read: Callable[[], bytes | Path], *, classifier: Classifier, words: Words, side: str = "small"
) -> dict[str, Any]:
    """Classify a photo of a batch.

    Args:
        name: of the file, as the visitor knows it.
        read: gets its bytes or its path, or raises PhotoError.
        side: of `PICTURE_SIDES`.

    Returns:
        JSON for the page. `state` is suspicious, below, warn, refuse or unreadable. Only the first two have figures
        (`score, low, high, words, range, likeliest, possible`); the others have a `reason`. `line` is the photo's line
        below `HEADER`.
    """
    try:
        photo = open_photo(read())
    except PhotoError as error:
        shown: dict[str, Any] = {"state": "unreadable", "reason": words.sentence(str(error)), "picture": ""}
        return shown | {"name": name, "line": csv_line(failed_row(name, error))}
    prediction = classifier.predict(photo)
    shown = {"name": name, "picture": data_uri(display_photo(photo, longest_side=PICTURE_SIDES[side]))}
    return (
        shown
        | _verdict(prediction, classifier.decision.malignant_threshold, words)
        | {"line": csv_line(classified_row(name, prediction))}
    )


def _verdict(prediction: Prediction, threshold: float, words: Words) -> dict[str, Any]:
    if prediction.gate != "ok":
        return {"state": prediction.gate, "reason": words.sentence(prediction.note)}
    score, scores = prediction.p_malignant, prediction.scores or (prediction.p_malignant,)
    low, high = (words.percent(end) for end in (min(scores), max(scores)))
    return {
        "state": "suspicious" if prediction.suspicious else "below",
        "score": score,
        "low": min(scores),
        "high": max(scores),
        "words": words.apart(score, threshold)[0],
        "range": words("batch.low_to_high", low=low, high=high),
        "likeliest": prediction.most_likely,
        "possible": [name for name in prediction.possible if name != prediction.most_likely],
    }


def archive_names(path: Path) -> list[str]:
    """The names of an archive's pictures, in its order.

    Raises:
        PhotoError: if it cannot be read, or holds no picture or too many.
    """
    with ExitStack() as archives:
        pictures = list(pictures_at(path, archives))
        if not pictures:
            raise PhotoError("The archive holds no pictures.")
        if len(pictures) > MAX_PHOTOS:
            raise PhotoError(f"The archive holds {len(pictures)} pictures. {TOO_MUCH}")
        if pictures[0].name == str(path):
            pictures[0].read()  # an archive that cannot be read is its own only picture, which says why
        return [printable(picture.name.removeprefix(f"{path}/")) for picture in pictures]


def archived(path: Path, number: int | None) -> bytes | Path:
    """The bytes of an archive's picture, by its place in `archive_names`.

    Raises:
        PhotoError: if it cannot be read; without a number, why the archive cannot.
    """
    if number is None:
        archive_names(path)
    os.utime(path)  # what was used lately is not swept away between two of its pictures
    with ExitStack() as archives:
        pictures = list(pictures_at(path, archives))
        if number is None or not 0 <= number < len(pictures):
            raise PhotoError("The archive has no such picture.")
        data = pictures[number].read()
        if isinstance(data, bytes) and len(data) > MAX_PHOTO_BYTES:
            raise PhotoError(TOO_LARGE)
        return data
