"""The Batch tab: many photos at once, a clinic's own check, and several photos of one lesion.

The script sends the photos one by one, so that visitors take turns and whoever stops keeps what is done. The server
keeps nothing between two photos.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from demo.batch_rows import (
    MAX_BYTES,
    MAX_PHOTOS,
    PICTURE_SIDES,
    archive_names,
    archived,
    photo_row,
)
from demo.part import part
from demo.site import Site
from demo.uploads import ARCHIVE_TOO_LARGE, MAX_ARCHIVE_BYTES, MAX_PHOTO_BYTES, TOO_LARGE, checked
from demo.words import Words
from skinnet.checkpoint import PREDICTIONS
from skinnet.errors import DataError, PhotoError, SkinnetError
from skinnet.evaluation.repeat_photos import Scatter, repeat_scatter
from skinnet.evaluation.truth_table import read_truth
from skinnet.images.source import PICTURE_SUFFIXES
from skinnet.inference.batch import COLUMNS, HEADER
from skinnet.inference.classifier import Classifier
from skinnet.inference.predictions import load_predictions
from skinnet.labels import CLASSES, probability_columns

MAX_NAME = 300
"""Characters of a file's name that are kept."""
TOO_LARGE_TO_SEND = {"too large": TOO_LARGE, "archive too large": ARCHIVE_TOO_LARGE}
"""By what the script says in place of a path."""
NO_PHOTOS = "There are no photos to check the table against: classify some first."
QUIETLY: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private"}
Answer = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """The answers to what the script asks; each carries the question's number, and none raises."""

    classifier: Classifier
    words: Words

    def photo(self, event: gr.EventData) -> Answer:
        """Classify one photo: an uploaded file, or a member of an uploaded archive."""
        asked = _asked(event)
        name, side, number = str(asked.get("name", ""))[:MAX_NAME], asked.get("side"), asked.get("member")
        row = photo_row(
            name,
            partial(_photo_file, asked.get("path"), number),
            classifier=self.classifier,
            words=self.words,
            side=side if isinstance(side, str) and side in PICTURE_SIDES else "small",
        )
        return {"id": asked.get("id"), "row": row}

    def archive(self, event: gr.EventData) -> Answer:
        """Name the pictures in an uploaded archive."""
        return self._answer(event, lambda asked: {"names": archive_names(checked(asked.get("path")))})

    def check(self, event: gr.EventData) -> Answer:
        """Compare the batch with an uploaded table of diagnoses; `lines` are those of the rows."""
        return self._answer(event, self._check)

    def _check(self, asked: Answer) -> Answer:
        table = _batch_table(asked.get("lines"))
        path = checked(asked.get("path"))
        try:
            truth = read_truth(path)
        except DataError as error:  # its messages name the file, whose place on this machine is nobody's business
            raise DataError(str(error).replace(str(path), "The table")) from error
        from demo.clinic_tables import check_page  # slow to import: fitting code and scikit-learn
        from skinnet.studies.clinic_check import clinic_check

        return {"check": check_page(clinic_check(table, truth, decision=self.classifier.decision), self.words)}

    def _answer(self, event: gr.EventData, find: Callable[[Answer], Answer]) -> Answer:
        asked = _asked(event)
        try:
            return {"id": asked.get("id"), **find(asked)}
        except SkinnetError as error:
            return {"id": asked.get("id"), "error": self.words.sentence(str(error))}


def _asked(event: gr.EventData) -> Answer:
    """What the browser sent, which may be anything."""
    return event._data if isinstance(event._data, dict) else {}


def _photo_file(name: Any, member: Any) -> bytes | Path:
    if name in TOO_LARGE_TO_SEND:
        raise PhotoError(TOO_LARGE_TO_SEND[name])
    path = checked(name)
    if path.suffix.lower() != ".zip":
        return path
    return archived(path, member if type(member) is int else None)


def _batch_table(lines: Any) -> pd.DataFrame:
    """The table of a batch, from the lines that the page was given with its rows and sends back."""
    if not isinstance(lines, list) or not 0 < len(lines) <= MAX_PHOTOS:
        raise PhotoError(NO_PHOTOS)
    try:
        text = HEADER + "".join(lines)
        table = pd.read_csv(io.StringIO(text), converters={"path": str}, dtype={"error": str, "gate": str})
        numbers = table[[*probability_columns(), "p_malignant"]]
        sound = bool((numbers.isna() | ((numbers >= 0) & (numbers <= 1))).all(axis=None))
    except (TypeError, ValueError) as error:
        raise PhotoError(NO_PHOTOS) from error
    if not sound:
        raise PhotoError(NO_PHOTOS)
    return table


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    predictions = load_predictions(site.checkpoint / PREDICTIONS)
    scatter = repeat_scatter(predictions[predictions["split"] == "test"])
    scripts = ("make", "batch_send", "batch_table", "batch_lesion", "batch_check")
    batch = part("batch", _start(site, scatter), scripts=scripts, texts=site.words.section("batch"))
    answers = Answers(site.classifier, site.words)
    batch.photo(answers.photo, outputs=batch, concurrency_id="photo", concurrency_limit=1, **QUIETLY)
    batch.archive(answers.archive, outputs=batch, **QUIETLY)
    batch.check(answers.check, outputs=batch, **QUIETLY)


def _start(site: Site, scatter: Scatter) -> Answer:
    threshold, words = site.classifier.decision.malignant_threshold, site.words
    return {
        "threshold": threshold,
        "thresholdWords": words.sentence(f"{100 * threshold:.2f} %"),
        "names": {name: words.diagnosis(name, short=True) for name in CLASSES},
        "inSentence": {name: words.within(name) for name in CLASSES},
        "header": HEADER,
        "columns": COLUMNS,
        "scatter": asdict(scatter),
        "limits": {
            "photos": MAX_PHOTOS,
            "bytes": MAX_BYTES,
            "size": MAX_BYTES // 1_000_000,
            "photo": MAX_PHOTO_BYTES,
            "photoSize": MAX_PHOTO_BYTES // 1_000_000,
            "archive": MAX_ARCHIVE_BYTES,
            "archiveSize": MAX_ARCHIVE_BYTES // 1_000_000,
        },
        "suffixes": list(PICTURE_SUFFIXES),
    }
