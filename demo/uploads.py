"""Files that a visitor sends: where they lie, and the check that a path from the browser is one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo.words import Words
from skinnet.errors import PhotoError
from skinnet.images.source import MAX_FILE_BYTES

MAX_PHOTO_BYTES = 20_000_000
MAX_ARCHIVE_BYTES = MAX_FILE_BYTES
"""Most bytes of a photo, and of a ZIP archive of photos."""
TOO_LARGE = f"The photo is larger than {MAX_PHOTO_BYTES // 1_000_000} MB: make it smaller, or save it as a JPEG."
ARCHIVE_TOO_LARGE = f"The ZIP archive is larger than {MAX_ARCHIVE_BYTES // 1_000_000} MB: send it in parts."
NO_UPLOAD = "The file has been deleted, or was never sent: choose the photo once more."


def photo_limit(words: Words) -> dict[str, Any]:
    """What a script needs to tell of a photo that is too large before it sends it."""
    return {"bytes": MAX_PHOTO_BYTES, "words": words.sentence(TOO_LARGE)}


def uploaded(event: gr.EventData, *, name: str = "path") -> Path:
    """The file that a script uploaded before it triggered an event.

    Args:
        name: of the value of the event's data that holds the path.

    Raises:
        PhotoError: if the path does not lie in the folder of uploads, or the file is gone.
    """
    return checked(event._data.get(name) if isinstance(event._data, dict) else None)


def checked(value: Any) -> Path:
    """The uploaded file at a path from outside, which may be anything.

    Raises:
        PhotoError: if it does not lie in the folder of uploads, is gone, or is too large.
    """
    if not isinstance(value, str) or "\0" in value:
        raise PhotoError(NO_UPLOAD)
    path, folder = Path(value).resolve(), Path(get_upload_folder()).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise PhotoError(NO_UPLOAD)
    archive = path.suffix.lower() == ".zip"
    if path.stat().st_size > (MAX_ARCHIVE_BYTES if archive else MAX_PHOTO_BYTES):
        raise PhotoError(ARCHIVE_TOO_LARGE if archive else TOO_LARGE)
    return path
