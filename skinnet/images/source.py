"""The bytes of a picture file, and the names by which files are taken for pictures.

data = read_bytes("mole.jpg")
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from skinnet.errors import PhotoError

MAX_FILE_BYTES = 100_000_000
PICTURE_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".avif", ".dcm"
)  # fmt: skip
"""File name suffixes of the formats that are read, in lower case."""
DICOM_MARK = slice(128, 132)
"""Where a DICOM file says `DICM`."""


def has_picture_suffix(name: str | Path) -> bool:
    """Tell from a file's name whether it is a picture of a format that is read."""
    return Path(name).suffix.lower() in PICTURE_SUFFIXES


def is_dicom(data: bytes) -> bool:
    """Tell from the first bytes of a file whether it is DICOM."""
    return data[DICOM_MARK] == b"DICM"


def read_bytes(source: str | Path | bytes | BinaryIO) -> bytes:
    """Read a file whole.

    Args:
        source: path, the bytes of a file, or an open binary file.

    Raises:
        PhotoError: if it is missing, empty, too large, or no regular file.
    """
    try:
        if isinstance(source, bytes):
            data = source
        elif isinstance(source, str | Path):
            with open_regular(Path(source)) as file:
                data = file.read(MAX_FILE_BYTES + 1)
        else:
            data = source.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError: a path with a null byte
        raise PhotoError(unreadable(error)) from error
    if not data:
        raise PhotoError("The file is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise PhotoError(f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    return data


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file; a pipe would keep its reader waiting, and a device may never end.

    Raises:
        PhotoError: if it is something else.
        OSError: if it cannot be opened.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise PhotoError("The file cannot be read: it is a folder.")
    if not stat.S_ISREG(mode):
        raise PhotoError("The file cannot be read: it is a pipe, a socket or a device.")
    return path.open("rb")


def unreadable(error: OSError | ValueError) -> str:
    """Turn the system's error about a file into a sentence."""
    if isinstance(error, FileNotFoundError):
        return "The file does not exist."
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return f"The file cannot be read: {reason}."
