"""Files that a visitor sends: where they lie, and the check that a path from the browser is one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from skinnet.errors import PhotoError

NO_UPLOAD = "The file has been deleted, or was never sent: choose the photo once more."


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
        PhotoError: if it does not lie in the folder of uploads, or is gone.
    """
    if not isinstance(value, str) or "\0" in value:
        raise PhotoError(NO_UPLOAD)
    path, folder = Path(value).resolve(), Path(get_upload_folder()).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise PhotoError(NO_UPLOAD)
    return path
