"""JPEG: what a file costs in memory and time, and files that are cut in their last scan.

image, note = open_jpeg(data)
most_jpeg_pixels(image, data)
"""

from __future__ import annotations

import io
import re
import struct

from PIL import JpegImagePlugin

from skinnet.errors import PhotoError

JPEG_PIXELS = 250_000_000
"""A JPEG of one scan is decoded at a half or a quarter of its size without ever being whole in memory."""
COEFFICIENT_BYTES = 170_000_000
"""What a JPEG in several scans keeps of all of its pixels while it is decoded."""
MOST_SCANS = 64
"""Encoders write about ten. A scan of a few bytes costs the time of all pixels, so thousands would take hours."""
SEGMENT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""What begins a segment, also amid compressed pixels."""
SCAN, END = 0xDA, 0xD9
LAST_BIT = 0x10
"""The step of a scan that adds the last bit to values that are there."""


def open_jpeg(data: bytes) -> tuple[JpegImagePlugin.JpegImageFile, str]:
    """Read the header; a file that is cut in the scan of the last bits gets its end, and a note.

    Raises:
        PhotoError: if decoding it would take minutes.
    """
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))  # Image.open would refuse the size that a draft can take
    if image.fp is None or _has_one_scan(image, data):
        return image, ""
    headers, ended = _scans(data, image.fp.tell())
    if len(headers) > MOST_SCANS:
        raise PhotoError("The JPEG has too many scans: save it again.")
    if ended or not _lacks_last_bits(headers, {layer[0] for layer in image.layer}):
        return image, ""
    whole = JpegImagePlugin.JpegImageFile(io.BytesIO(data + bytes([0xFF, END])))
    return whole, "The file ends early: some fine detail is missing."


def most_jpeg_pixels(image: JpegImagePlugin.JpegImageFile, data: bytes) -> int:
    """The most pixels that a JPEG of its kind may have, so that decoding it stays within memory."""
    if _has_one_scan(image, data):
        return JPEG_PIXELS
    samples = [(across, down) for _, across, down, _ in image.layer]
    densest = max(across for across, _ in samples) * max(down for _, down in samples)
    return int(COEFFICIENT_BYTES / (2 * sum(across * down for across, down in samples) / densest))


def _has_one_scan(image: JpegImagePlugin.JpegImageFile, data: bytes) -> bool:
    if image.fp is None or image.info.get("progressive"):
        return False
    components = len(image.layer)
    length = 6 + 2 * components
    begin = image.fp.tell() - length  # of the first scan's header
    return data[begin : begin + 3] == struct.pack(">HB", length, components)


def _scans(data: bytes, place: int) -> tuple[list[bytes], bool]:
    """The headers of the scans that begin after `place`, and whether the file has an end mark."""
    headers: list[bytes] = []
    while found := SEGMENT.search(data, place):
        kind, begin = found[0][1], found.end()
        if kind == END:
            return headers, True
        length = int.from_bytes(data[begin : begin + 2], "big")
        if kind == SCAN:
            headers.append(data[begin : begin + length])
        place = begin + length
    return headers, False


def _lacks_last_bits(headers: list[bytes], components: set[int]) -> bool:
    """Tell whether a file was cut in a scan that adds last bits, when all values of all components were there.

    A header: length (2 bytes), number of components, 2 bytes for each, first value, last value, step.
    """
    fine = {header[3] for header in headers if header[2:3] == b"\1" and header[-2] == 63 and not header[-1] & 15}
    return fine == components and headers[-1][-1] == LAST_BIT
