"""From the bytes of a file to an upright RGB picture: the one place where decoders may fail.

    photo, note = decode(data)

Whatever a decoder raises on a damaged file leaves here as a PhotoError. Memory is bounded: sizes are checked before
pixels are decoded, and pictures above `ORDINARY_PIXELS` are halved on the way, large JPEGs even quartered.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress

from PIL import ExifTags, Image, JpegImagePlugin, UnidentifiedImageError

from skinnet.errors import PhotoError
from skinnet.images.colours import to_rgb
from skinnet.images.dicom import dicom_image
from skinnet.images.heif import halved_heif, register_heif
from skinnet.images.jpeg import most_jpeg_pixels, open_jpeg
from skinnet.images.source import is_dicom

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
"""The formats that are read, with AVIF, HEIC and DICOM. Pillow would pass some of the others to external programs."""
MAX_PIXELS = 89_000_000
"""Of a picture of one or two bytes a pixel; the others take four."""
ORDINARY_PIXELS = 32_000_000
"""Larger pictures are halved while they are decoded or converted. No photo of the data sets is larger."""
DRAFT_SIDE = 640
"""Pixels: a JPEG is decoded at a quarter of its width and height if each side keeps as many. That is over twice what
the network gets, and enough to display. How little it changes: docs/performance.md."""
COLOUR_PIXELS = 50_000_000
FORMAT_PIXELS = {"WEBP": 17_000_000, "AVIF": 30_000_000, "TIFF": 35_000_000}
"""What the decoders of these formats open in about 280 MB."""
CLEAR_HEIF_PIXELS = 40_000_000
"""With transparency; the pictures of phones, of up to 49 million, have none."""
DICOM_PIXELS = 20_000_000
MIN_SIDE = 32
MAX_PAGES = 100
"""Pages of a file among which the largest is looked for."""
LEAST_SHARE = 0.95
"""Of a picture whose file ends early."""
ENDED_EARLY = (OSError, SyntaxError, EOFError, struct.error)
DAMAGED = "The picture is damaged or incomplete: save or copy it again."
UNKNOWN = "The file is not a picture that can be read: use JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC, AVIF or DICOM."
SIGNATURES = (b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF")
"""How files begin that Pillow does not open if their header or directory is damaged."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""By the orientation in the EXIF."""


def decode(data: bytes) -> tuple[Image.Image, str]:
    """Decode a file's largest picture, or its first where all are of one size.

    Returns:
        RGB, upright; and a note about what was left out, or "".

    Raises:
        PhotoError: if it is no picture, damaged, too small or too large.
    """
    try:
        return _decode(data)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(_too_large(MAX_PIXELS)) from error
    except UnidentifiedImageError as error:
        raise PhotoError(DAMAGED if data.startswith(SIGNATURES) else UNKNOWN) from error
    except MemoryError as error:
        raise PhotoError("There is not enough memory for this picture: save it smaller.") from error
    except Exception as error:  # decoders raise anything on damaged files, and one must not stop a whole folder
        raise PhotoError(DAMAGED) from error


def _decode(data: bytes) -> tuple[Image.Image, str]:
    if is_dicom(data):
        image, frames = dicom_image(data, check=lambda size: _check_size(size, most=DICOM_PIXELS))
        return to_rgb(image), _several("first") if frames > 1 else ""
    image, cut = _opened(data)
    notes = [cut, _choose_page(image)]
    if image.mode in ("I", "F"):
        raise PhotoError("The picture has 32 bits a pixel, whose scale is not known: save it with 8 bits.")
    _check_size(image.size, most=_most_pixels(image, data))
    photo, missing = _as_rgb(image, data)
    orientation = image.getexif().get(ExifTags.Base.Orientation)  # which a PNG may hold behind its pixels
    del image  # up to 200 MB
    if orientation in TURNS:
        photo = photo.transpose(TURNS[orientation])
    return photo, " ".join(filter(None, [*notes, missing]))


def _as_rgb(image: Image.Image, data: bytes) -> tuple[Image.Image, str]:
    """Decode the pixels, fewer if there are very many; and a note about missing ones."""
    is_large = image.width * image.height > ORDINARY_PIXELS
    if is_large and image.format == "HEIF":
        return to_rgb(halved_heif(data, page=image.tell())), ""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        _draft(image)
    whole, missing = _loaded(image)
    return to_rgb(whole, halved=whole.width * whole.height > ORDINARY_PIXELS), missing


def _opened(data: bytes) -> tuple[Image.Image, str]:
    """Read a picture's header; and a note about a cut that was mended."""
    if data.startswith(b"\xff\xd8\xff"):
        return open_jpeg(data)
    file = io.BytesIO(data)
    if data[4:8] != b"ftyp":
        return Image.open(file, formats=FORMATS), ""
    register_heif()
    return Image.open(file, formats=("AVIF", "HEIF")), ""


def _choose_page(image: Image.Image) -> str:
    """Go to the largest page of a TIFF or HEIC file, or the first frame of an animation; return a note if several."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return ""
    if image.format not in ("TIFF", "HEIF"):
        several = False
        with suppress(*ENDED_EARLY, ValueError):  # of a later frame
            several = bool(getattr(image, "is_animated", False))
        image.seek(0)
        return _several("first") if several else ""
    chosen, largest, page = image.tell(), image.width * image.height, 0
    with suppress(*ENDED_EARLY, ValueError):
        for page in range(MAX_PAGES):
            image.seek(page)
            if image.width * image.height > largest:
                chosen, largest = page, image.width * image.height
    image.seek(chosen)
    return _several("largest") if page > 1 else ""


def _several(chosen: str) -> str:
    return f"The file holds several pictures; this is the {chosen}."


def _most_pixels(image: Image.Image, data: bytes) -> int:
    """The most pixels that a picture of this kind may have, so that decoding it stays within memory."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return most_jpeg_pixels(image, data)
    if image.format == "HEIF" and image.mode == "RGBA":
        return CLEAR_HEIF_PIXELS
    by_mode = MAX_PIXELS if image.mode in ("1", "L", "P") or image.mode.startswith("I;16") else COLOUR_PIXELS
    return FORMAT_PIXELS.get(image.format or "", by_mode)


def _check_size(size: tuple[int, int], *, most: int) -> None:
    width, height = size
    if width * height > most:
        raise PhotoError(_too_large(most))
    if min(width, height) < MIN_SIDE:
        raise PhotoError(
            f"The picture is too small ({width} x {height} pixels): each side needs at least {MIN_SIDE} pixels."
        )


def _too_large(most: int) -> str:
    return f"The picture is too large: save it with at most {most // 1_000_000} million pixels."


def _draft(image: JpegImagePlugin.JpegImageFile) -> None:
    """Have a large JPEG decoded at a quarter or a half of its size, which is quicker, too."""
    width, height = image.size
    if min(width, height) >= 4 * DRAFT_SIDE or width * height > 4 * ORDINARY_PIXELS:
        scale = 4
    elif width * height > ORDINARY_PIXELS:
        scale = 2
    else:
        return
    image.draft(None, (width // scale, height // scale))


def _loaded(image: Image.Image) -> tuple[Image.Image, str]:
    """Decode the pixels; where the file ends early, the rows that are there, and a note.

    Raises:
        PhotoError: if too much is missing.
    """
    try:
        image.load()
        return image, ""
    except ENDED_EARLY as error:
        in_rows = image.format in ("JPEG", "PNG", "BMP") and not {"progressive", "interlace"} & image.info.keys()
        if not in_rows:
            raise
        image.tile = []  # type: ignore[attr-defined]  # the rows are in memory: Pillow must not decode them again
        box = image.getbbox(alpha_only=False)  # rows that were not decoded are 0
        top, bottom = (box[1], box[3]) if box else (0, 0)
        if image.format != "BMP":  # which begins at the bottom
            top = 0
        share = (bottom - top) / image.height
        if share < LEAST_SHARE:
            raise PhotoError(DAMAGED) from error
        missing = max(1, round(100 * (1 - share)))
        return image.crop((0, top, image.width, bottom)), f"The file ends early: {missing} % of the picture is missing."
