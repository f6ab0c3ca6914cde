"""The answer to a photo, as the JSON that the viewer shows.

    answer(site, path)["state"]  # "classified", "refused" or "unreadable"

Whatever fails becomes an answer of its own, so that no verdict stays beside another photo.
"""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from demo import verdict
from demo.coach import coach
from demo.frequencies import prevalences
from demo.ledger import first_choice, ledger
from demo.site import Case, Site
from demo.words import Words
from skinnet.errors import PhotoError, SkinnetError
from skinnet.explain.cam import class_maps
from skinnet.images.photo import display_photo, open_photo
from skinnet.inference.prediction import Examined
from skinnet.labels import CLASS_NUMBERS, CLASSES
from skinnet.models.backbone import head
from skinnet.reporting.results.counts import SourceCounts

log = logging.getLogger(__name__)
JPEG_QUALITY = 88


def answer(site: Site, path: Path, *, case: Case | None = None) -> dict[str, Any]:
    """Classify a file; any failure is an answer, too.

    Args:
        case: which case it is, if it is one.
    """
    try:
        photo = open_photo(path)
        shown = display_photo(photo)
        examined = site.classifier.examine(photo)
        return {"photo": data_uri(shown), "size": shown.size} | _answer(site, examined, case)
    except PhotoError as error:
        return failed(str(error), site.words)
    except (SkinnetError, ValueError, RuntimeError, MemoryError, OSError):
        log.exception("A photo could not be classified.")
        return failed(site.words("common.failed"), site.words)


def failed(reason: str, words: Words) -> dict[str, Any]:
    """The answer to a file that is no photo, or that a failure met."""
    return {"state": "unreadable", "photo": None, "html": verdict.unreadable(reason, words)}


def _answer(site: Site, examined: Examined, case: Case | None) -> dict[str, Any]:
    prediction, words = examined.prediction, site.words
    if prediction.gate == "refuse":
        return {
            "state": "refused",
            "html": verdict.refusal(prediction.note, words) + coach(site.classifier, examined, words),
        }
    maps = signed_maps(site, examined)
    html = verdict.verdict(
        prediction,
        threshold=site.classifier.decision.malignant_threshold,
        tests=[SourceCounts.of(source, metrics) for source, metrics in site.metrics.items()],
        prevalences=prevalences(site.config),
        words=words,
        truth=case.dx if case else "",
    )
    if prediction.gate == "warn":
        html = verdict.warning(prediction.note, html, words)
    return {
        "state": "warned" if prediction.gate == "warn" else "classified",
        "html": html + coach(site.classifier, examined, words),
        "ledger": ledger(prediction, maps, words),
        "chosen": first_choice(prediction),
        "names": {name: words.diagnosis(name) for name in CLASSES},
        "numbers": dict(CLASS_NUMBERS),
        "maps": np.round(maps, 4).tolist(),
    }


def signed_maps(site: Site, examined: Examined) -> np.ndarray:
    """Evidence for and against each diagnosis: float32 (7, h, w) in logits; zeros for a network without maps."""
    if examined.features is None:
        return np.zeros((len(CLASSES), 1, 1), np.float32)
    return np.asarray(class_maps(head(site.classifier.network), examined.features[None])[0].numpy())


def data_uri(picture: Image.Image) -> str:
    """A picture inside the answer itself, so that no file needs to be served."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
