"""The one route from a picture to the network's input.

Validation, test, command line, app and heat map all come through here:

    photo = open_photo("mole.jpg")          # PIL RGB: turned upright, 8 bits, transparency on white
    pixels = to_input(photo, frame=(192, 256))  # uint8 (H, W, 3), about 192 x 256 pixels, aspect kept

The network averages over positions, so its input may have any aspect: a photo is scaled to the *area* of the
frame, nothing is cut off (unless it is longer than 2:1) and nothing is distorted.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from skinnet.errors import PhotoError

MAX_PIXELS = 89_000_000
TOO_LARGE = f"The picture is too large: save it with at most {MAX_PIXELS // 1_000_000} million pixels."
MAX_FILE_BYTES = 100_000_000
MIN_SIDE = 32
MAX_ASPECT = 2.0
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
"""No others: Pillow would hand some of them to outside programs."""
SQUASHED_SIZE = (224, 224)
SQUASHED_ASPECT = 4 / 3
EXPORT_FRAME = (168, 224)
"""Exports of HAM10000 for machine learning (MedMNIST's among them) squash its 600 x 450 photos to 224 x 224.
A picture of exactly this size is therefore un-squashed. A square 224 x 224 photo that was not squashed is
widened by a third, which is within what the network met in training."""


def open_photo(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Read a picture as RGB, upright, 8 bits a channel, transparency on white, first frame of an animation.

    Args:
        source: path, the bytes of a file, or an open binary file.

    Raises:
        PhotoError: if it is missing, empty, no picture, damaged, or larger than `MAX_PIXELS`.
    """
    try:
        image = Image.open(io.BytesIO(_read(source)), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise PhotoError(
            "The file is not a picture that can be read: use JPEG, PNG, WebP, TIFF, BMP or GIF."
        ) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(TOO_LARGE)
    if min(width, height) < MIN_SIDE:
        raise PhotoError(
            f"The picture is too small ({width} x {height} pixels): each side needs at least {MIN_SIDE} pixels."
        )
    if image.mode in ("I", "F"):
        raise PhotoError("The picture has 32 bits a pixel, whose scale is not known: save it with 8 bits.")
    try:
        image.seek(0)
        image.load()
        return _to_rgb(ImageOps.exif_transpose(image))
    except Exception as error:  # decoders raise anything on damaged files, and one must not stop a whole folder
        raise PhotoError("The picture is damaged or incomplete: save or copy it again.") from error


def _read(source: str | Path | bytes | BinaryIO) -> bytes:
    try:
        if isinstance(source, bytes):
            data = source
        elif isinstance(source, str | Path):
            with Path(source).open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        else:
            data = source.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise PhotoError("The file does not exist.") from error
    except OSError as error:
        raise PhotoError(f"The file cannot be read: {error.strerror or error}.") from error
    if not data:
        raise PhotoError("The file is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise PhotoError(f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    return data


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))  # Pillow's own conversion clips at 255
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba)
    return image.convert("RGB")


def input_size(photo_size: tuple[int, int], *, frame: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the network's input for a photo of `photo_size` (width, height).

    Args:
        photo_size: (width, height) in pixels.
        frame: (height, width) whose area the input gets.

    Returns:
        (width, height) in pixels, the photo's aspect (clamped to 1:2 .. 2:1), about the area of the frame.
    """
    aspect = SQUASHED_ASPECT if photo_size == SQUASHED_SIZE else photo_size[0] / photo_size[1]
    aspect = min(max(aspect, 1 / MAX_ASPECT), MAX_ASPECT)
    area = frame[0] * frame[1]
    return round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))


def visible_part(photo: Image.Image) -> Image.Image:
    """The part of a photo that the network sees: all of it, or the central 2:1 part of a longer one."""
    width, height = photo.size
    longest = round(min(width, height) * MAX_ASPECT)
    if max(width, height) <= longest:
        return photo
    return ImageOps.fit(photo, (min(width, longest), min(height, longest)))


DISPLAY_SIDE = 640


def display_photo(photo: Image.Image, *, longest_side: int = DISPLAY_SIDE) -> Image.Image:
    """The visible part, un-squashed, at most `longest_side` pixels long: what a heat map is laid over."""
    photo = visible_part(photo)
    width, height = photo.size
    if photo.size == SQUASHED_SIZE:
        width = round(height * SQUASHED_ASPECT)
    scale = min(1.0, longest_side / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return photo.resize(size, Image.Resampling.BICUBIC)


def to_input(photo: Image.Image, *, frame: tuple[int, int]) -> np.ndarray:
    """Scale a photo for the network.

    A larger photo is first averaged down to the geometry of the 224 x 224 exports that the network was trained on, so
    that a full-size photo and its export become the same input.

    Args:
        photo: RGB, any size.
        frame: (height, width) whose area the input gets.

    Returns:
        uint8 (H, W, 3).
    """
    photo = visible_part(photo)
    width, height = input_size(photo.size, frame=frame)
    export = input_size(photo.size, frame=EXPORT_FRAME)
    between = (export[0], round(export[1] * SQUASHED_ASPECT))
    if photo.width >= between[0] and photo.height >= between[1]:
        photo = photo.resize(between, Image.Resampling.BOX)
    return np.array(photo.resize((width, height), Image.Resampling.BICUBIC))
