"""Damaged pictures: real files of eight formats with bytes flipped, cut, repeated, inserted and spliced, by a seed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pillow_heif
from PIL import Image

from tests.drawings import LOOKS, draw_lesion

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "HEIF", "AVIF")
HEADER_BYTES = 160


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a picture file."""
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def whole_files() -> list[bytes]:
    """Two files of each format, one of them with EXIF, and what else the formats offer."""
    drawing = draw_lesion(LOOKS["mel"], seed=3, size=(96, 72))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a lesion"
    files = [encoded(drawing, kind, exif=exif) if kind != "BMP" else encoded(drawing, kind) for kind in FORMATS]
    files += [encoded(drawing, "JPEG", progressive=True), encoded(drawing.convert("RGBA"), "PNG")]
    files += [encoded(drawing, "WEBP", lossless=True), encoded(drawing, "TIFF", compression="tiff_lzw")]
    files += [encoded(drawing.convert("CMYK"), "JPEG"), encoded(drawing.convert("P"), "BMP")]
    files += [encoded(drawing, kind, save_all=True, append_images=[drawing.rotate(90)]) for kind in ("GIF", "TIFF")]
    return files


def mutations(count: int, *, seed: int) -> Iterator[bytes]:
    """Yield `count` damaged files."""
    rng = np.random.default_rng(seed)
    files = whole_files()
    for number in range(count):
        data = bytearray(files[number % len(files)])
        for _ in range(int(rng.integers(1, 4))):
            data = _mutated(data, rng, files)
        yield bytes(data)


def _mutated(data: bytearray, rng: np.random.Generator, files: list[bytes]) -> bytearray:
    """Change a file in one of seven ways, in its header as often as in its body."""
    end = len(data) if rng.random() < 0.5 else min(HEADER_BYTES, len(data))
    place, length = int(rng.integers(0, max(1, end))), int(rng.integers(1, 40))
    chosen = int(rng.integers(7))
    if chosen == 0:
        for position in rng.integers(0, max(1, end), size=length):
            data[position : position + 1] = bytes([int(rng.integers(256))])
    elif chosen == 1:
        data[place : place + 4] = [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"][int(rng.integers(3))]
    elif chosen == 2:
        del data[int(rng.integers(1, len(data) + 1)) :]
    elif chosen == 3:
        del data[place : place + length]
    elif chosen == 4:
        data[place:place] = data[place : place + length] * int(rng.integers(1, 50))
    elif chosen == 5:
        data[place:place] = rng.bytes(length)
    else:
        data[place:] = files[int(rng.integers(len(files)))][place:]
    return data or bytearray(b"\xff")
