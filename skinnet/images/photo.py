"""The one route from a picture file to the network's input.

Validation, test, command line, app and heat map all use it:

    photo = open_photo("mole.jpg")              # PIL RGB: upright, sRGB, 8 bits a channel, transparency on white
    pixels = to_input(photo, frame=(192, 256))  # uint8 (H, W, 3), about 192 x 256 pixels, same aspect

The network averages over positions, so its input may have any aspect. A photo is scaled to the *area* of the frame.
Nothing is cut off, unless the photo is longer than 2:1, and nothing is distorted.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from skinnet.images.decode import decode
from skinnet.images.source import read_bytes

MAX_ASPECT = 2.0
SQUASHED_SIZE = (224, 224)
SQUASHED_ASPECT = 4 / 3
EXPORT_FRAME = (168, 224)
"""Exports of HAM10000 for machine learning, such as MedMNIST's, squash its 600 x 450 photos to 224 x 224. A picture of
exactly this size is therefore unsquashed. A square photo of that size that was not squashed becomes a third wider,
which is within the range of the training augmentation."""
DISPLAY_SIDE = 640
"""Pixels: the longest side of a displayed photo."""
NOTE = "note"
"""Among the facts that a photo carries."""


def open_photo(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Read a picture as RGB: upright, 8 bits a channel, transparency on white.

    Of several pictures in a file the largest is read, or the first of an animation. Colours are converted to sRGB by
    the ICC profile in the file. A profile that is damaged, or meant for another kind of picture, is ignored.

    Args:
        source: path, the bytes of a file, or an open binary file.

    Returns:
        The picture; `photo_note` gives what was left out of it. It carries nothing else of the file.

    Raises:
        PhotoError: if the file is missing, empty, no picture, damaged, or too large.
    """
    photo, note = decode(read_bytes(source))
    photo.info = {NOTE: note} if note else {}
    return photo


def photo_note(photo: Image.Image) -> str:
    """What `open_photo` left out of the file, in a sentence, or ""."""
    return str(photo.info.get(NOTE, ""))


def input_size(photo_size: tuple[int, int], *, frame: tuple[int, int]) -> tuple[int, int]:
    """Compute the size of the network's input for a photo.

    Args:
        photo_size: (width, height) in pixels.
        frame: (height, width), whose area the input gets.

    Returns:
        (width, height) in pixels: the photo's aspect, limited to 1:2 and 2:1, and about the area of the frame.
    """
    aspect = SQUASHED_ASPECT if photo_size == SQUASHED_SIZE else photo_size[0] / photo_size[1]
    aspect = min(max(aspect, 1 / MAX_ASPECT), MAX_ASPECT)
    area = frame[0] * frame[1]
    return round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))


def visible_part(photo: Image.Image) -> Image.Image:
    """Crop a photo to the part that the network sees: all of it, or the central 2:1 part of a longer one."""
    width, height = photo.size
    longest = round(min(width, height) * MAX_ASPECT)
    if max(width, height) <= longest:
        return photo
    return ImageOps.fit(photo, (min(width, longest), min(height, longest)))


def unsquash(photo: Image.Image) -> Image.Image:
    """Stretch a squashed export to the 4:3 of the photo that it was made from."""
    return photo.resize((round(photo.height * SQUASHED_ASPECT), photo.height), Image.Resampling.BICUBIC)


def display_photo(photo: Image.Image, *, longest_side: int = DISPLAY_SIDE) -> Image.Image:
    """Prepare a photo for display, alone or under a heat map: its visible part, unsquashed, and not too large.

    Args:
        photo: RGB, any size.
        longest_side: most pixels that a side may have.
    """
    photo = visible_part(photo)
    width, height = photo.size
    if photo.size == SQUASHED_SIZE:
        width = round(height * SQUASHED_ASPECT)
    scale = min(1.0, longest_side / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return photo.resize(size, Image.Resampling.BICUBIC)


def to_input(photo: Image.Image, *, frame: tuple[int, int]) -> np.ndarray:
    """Scale a photo for the network.

    A larger photo is first averaged down to the geometry of the 224 x 224 exports that the network was trained on.
    So a full-size photo and its export become the same input.

    Args:
        photo: RGB, any size.
        frame: (height, width), whose area the input gets.

    Returns:
        uint8 (H, W, 3).
    """
    photo = visible_part(photo)
    width, height = input_size(photo.size, frame=frame)
    export = input_size(photo.size, frame=EXPORT_FRAME)
    squashed = (export[0], round(export[1] * SQUASHED_ASPECT))
    if photo.width >= squashed[0] and photo.height >= squashed[1]:
        photo = photo.resize(squashed, Image.Resampling.BOX)
    return np.array(photo.resize((width, height), Image.Resampling.BICUBIC))
