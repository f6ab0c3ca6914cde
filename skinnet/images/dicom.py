"""The pixels of a DICOM photograph (`pip install "skinnet[dicom]"`).

    image = dicom_image(data)

Only the tags below are read: nothing of the patient is parsed, kept or logged.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from skinnet.errors import PhotoError
from skinnet.images.jpeg import open_jpeg

TAGS = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelData",
]  # fmt: skip
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
GREY = ("MONOCHROME1", "MONOCHROME2")
JPEG, JPEG2000 = b"\xff\xd8\xff", (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP")
"""How frames begin."""
DEFLATED = b"1.2.840.10008.1.2.1.99"
"""The transfer syntax whose whole file is packed, to any size."""


def dicom_image(data: bytes, *, check: Callable[[tuple[int, int]], None]) -> tuple[Image.Image, int]:
    """Decode the first frame of a DICOM photograph, 8 bits a channel.

    Args:
        check: of (width, height), before the pixels are decoded.

    Returns:
        The picture, RGB or L, and the number of frames in the file.

    Raises:
        PhotoError: if pydicom is not installed, or it is no photograph. Damaged files raise anything.
    """
    try:
        from pydicom import dcmread
        from pydicom.encaps import get_frame
        from pydicom.pixels.utils import pixel_array
    except ImportError as error:
        raise PhotoError('The file is DICOM, which needs pydicom: pip install "skinnet[dicom]".') from error
    if DEFLATED in data:
        raise PhotoError("The DICOM file is deflated as a whole: save it without that.")
    dataset = dcmread(io.BytesIO(data), specific_tags=list(TAGS))
    if "PixelData" not in dataset:
        raise PhotoError("The DICOM file holds no picture.")
    kind = str(dataset.PhotometricInterpretation)
    if kind not in COLOUR + GREY or dataset.BitsAllocated != 8:
        raise PhotoError("The DICOM file is no photograph of 8 bits a channel.")
    check((int(dataset.Columns), int(dataset.Rows)))
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        _check_frame(get_frame(dataset.PixelData, 0), (int(dataset.Columns), int(dataset.Rows)))
    pixels = np.asarray(pixel_array(dataset, index=0), dtype=np.uint8)  # (H, W, 3) or (H, W)
    if kind == "MONOCHROME1":
        pixels = 255 - pixels  # its zero is white
    return Image.fromarray(pixels), int(dataset.get("NumberOfFrames", 1) or 1)


def _check_frame(frame: bytes, size: tuple[int, int]) -> None:
    """Look at the header of a frame: one that is larger than the file says could fill the memory.

    Raises:
        ValueError: if it is of another size.
    """
    if frame.startswith(JPEG):
        inner: Image.Image = open_jpeg(frame)[0]
    elif frame.startswith(JPEG2000):
        inner = Image.open(io.BytesIO(frame), formats=["JPEG2000"])
    else:
        return  # run lengths, which pydicom unpacks to the size that the file says, or a kind that it lacks
    if inner.size != size:
        raise ValueError("the frame has another size")
