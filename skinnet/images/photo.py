"""The one route from a picture file to the network's input.

Validation, test, command line, app and heat map all use it:

    photo = open_photo("mole.jpg")              # PIL RGB: upright, sRGB, 8 bits a channel, transparency on white
    pixels = to_input(photo, frame=(192, 256))  # uint8 (H, W, 3), about 192 x 256 pixels, same aspect

The network averages over positions, so its input may have any aspect. A photo is scaled to the *area* of the frame.
Nothing is cut off, unless the photo is longer than 2:1, and nothing is distorted.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from skinnet.errors import PhotoError

MAX_PIXELS = 89_000_000
TOO_LARGE = f"The picture is too large: save it with at most {MAX_PIXELS // 1_000_000} million pixels."
MAX_FILE_BYTES = 100_000_000
MIN_SIDE = 32
MAX_ASPECT = 2.0
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
"""The formats that are read. Pillow would pass some of the others to external programs."""
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif")
"""File name suffixes of these formats, in lower case."""
SAME_COLOUR = 2
"""A profile that moves no colour by more levels of 255 is sRGB: makers round its tables differently."""
SQUASHED_SIZE = (224, 224)
SQUASHED_ASPECT = 4 / 3
EXPORT_FRAME = (168, 224)
"""Exports of HAM10000 for machine learning, such as MedMNIST's, squash its 600 x 450 photos to 224 x 224. A picture of
exactly this size is therefore unsquashed. A square photo of that size that was not squashed becomes a third wider,
which is within the range of the training augmentation."""
DISPLAY_SIDE = 640
"""Pixels: the longest side of a displayed photo."""


def has_picture_suffix(name: str | Path) -> bool:
    """Tell from a file's name whether it is a picture of a format that is read."""
    return Path(name).suffix.lower() in PICTURE_SUFFIXES


def open_photo(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Read a picture as RGB: upright, 8 bits a channel, transparency on white, the first frame of an animation.

    Colours are converted to sRGB by the ICC profile in the file. A profile that is damaged, or meant for another kind
    of picture, is ignored.

    Args:
        source: path, the bytes of a file, or an open binary file.

    Raises:
        PhotoError: if the file is missing, empty, no picture, damaged, or larger than `MAX_PIXELS`.
    """
    try:
        image = Image.open(io.BytesIO(_read(source)), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise PhotoError(
            "The file is not a picture that can be read: use JPEG, PNG, WebP, TIFF, BMP or GIF."
        ) from error
    _check_header(image)
    try:
        image.seek(0)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)  # a copy of the largest picture would take 360 MB
        return _to_rgb(image)
    except Exception as error:  # decoders raise anything on damaged files, and one must not stop a whole folder
        raise PhotoError("The picture is damaged or incomplete: save or copy it again.") from error


def _check_header(image: Image.Image) -> None:
    """Refuse a picture by its size or kind of pixels, before it is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(TOO_LARGE)
    if min(width, height) < MIN_SIDE:
        raise PhotoError(
            f"The picture is too small ({width} x {height} pixels): each side needs at least {MIN_SIDE} pixels."
        )
    if image.mode in ("I", "F"):
        raise PhotoError("The picture has 32 bits a pixel, whose scale is not known: save it with 8 bits.")


def _read(source: str | Path | bytes | BinaryIO) -> bytes:
    try:
        if isinstance(source, bytes):
            data = source
        elif isinstance(source, str | Path):
            with Path(source).open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        else:
            data = source.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PhotoError(unreadable(error)) from error
    if not data:
        raise PhotoError("The file is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise PhotoError(f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    return data


def unreadable(error: OSError) -> str:
    """Turn the system's error about a file into a sentence."""
    if isinstance(error, FileNotFoundError):
        return "The file does not exist."
    return f"The file cannot be read: {error.strerror or error}."


def _to_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))  # Pillow's own conversion clips at 255
    alpha = None
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A")
        image = rgba.convert("L" if image.mode in ("LA", "La") else "RGB")
    if profile:
        image = _to_srgb(image, profile)
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a picture to sRGB by its ICC profile; leave it if that is sRGB, damaged, or for other channels."""
    if image.mode not in ("L", "CMYK"):
        image = image.convert("RGB")
    try:
        if image.mode == "RGB" and _is_srgb(profile):
            return image
        return _srgb_transform(profile, image.mode).apply(image)
    except (OSError, ImageCms.PyCMSError):
        return image


def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.buildTransform(source, target, mode, "RGB")


@lru_cache(maxsize=8)
def _is_srgb(profile: bytes) -> bool:
    """Tell whether a profile leaves all colours as they are; its name could be anything.

    The answers are cached, since most pictures share a few profiles.
    """
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    converted = np.asarray(_srgb_transform(profile, "RGB").apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= SAME_COLOUR)


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
