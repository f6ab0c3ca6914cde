from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from skinnet.errors import PhotoError
from skinnet.images import colours, decode, heif
from skinnet.images.photo import open_photo, photo_note, to_input
from tests.conftest import PROJECT
from tests.drawings import LOOKS, draw_lesion
from tests.mutations import encoded, mutations


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    return draw_lesion(LOOKS["mel"], seed=1)


def difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, float) - np.asarray(second, float)).mean())


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_pictures_of_phones_are_read_upright_and_in_colour(drawing: Image.Image, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = open_photo(encoded(drawing.transpose(Image.Transpose.ROTATE_90), kind, exif=exif.tobytes(), quality=95))
    assert photo.size == drawing.size
    assert difference(photo, drawing) < 4
    assert photo.info == {}


def huge_text_png(drawing: Image.Image) -> bytes:
    """A PNG whose compressed text unpacks to 80 MB: Pillow raises a ValueError."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000)))
    return encoded(drawing, "PNG", pnginfo=chunks)


def test_whatever_a_decoder_raises_becomes_a_sentence(drawing: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    webp = encoded(drawing, "WEBP")
    odd = bytearray(encoded(drawing, "BMP"))
    odd[14:18] = struct.pack("<I", 77)  # a header of no known length
    for data in (webp[:-500], bytes(odd), huge_text_png(drawing), encoded(drawing, "HEIF")[:2000]):
        with pytest.raises(PhotoError, match=r"^(The picture is damaged|The file is not a picture)") as caught:
            open_photo(data)
        assert "\n" not in str(caught.value)
    for error in (struct.error, SyntaxError, EOFError, ValueError, OverflowError, TypeError, RecursionError, KeyError):
        monkeypatch.setattr(decode, "to_rgb", lambda *_, error=error, **__: (_ for _ in ()).throw(error("late")))
        with pytest.raises(PhotoError, match="damaged or incomplete"):
            open_photo(webp)
    monkeypatch.setattr(decode, "to_rgb", lambda *_, **__: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(PhotoError, match="not enough memory"):
        open_photo(webp)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::Warning:PIL")
def test_mutated_files_are_photos_or_sentences() -> None:
    answers = []
    for data in mutations(320, seed=13):
        begin = time.process_time()
        try:
            answers.append(open_photo(data).mode)
        except PhotoError as error:
            answers.append(str(error))
        assert time.process_time() - begin < 5
    assert 20 < answers.count("RGB") < 300
    assert all(answer == "RGB" or (answer.endswith(".") and "\n" not in answer) for answer in answers)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_file_that_lacks_its_last_bytes_is_read_with_a_note(drawing: Image.Image, kind: str) -> None:
    whole = encoded(drawing, kind)
    assert photo_note(open_photo(whole)) == ""
    cut = open_photo(whole[: -max(200, len(whole) // 100)])
    assert cut.width == drawing.width
    assert 0.95 <= cut.height / drawing.height < 1
    assert photo_note(cut).startswith("The file ends early: ")
    top = drawing.height - cut.height if kind == "BMP" else 0  # a BMP begins at the bottom
    box = (0, top, drawing.width, top + cut.height)
    assert difference(cut, open_photo(whole).crop(box)) == 0
    for share in (0.5, 0.9):
        with pytest.raises(PhotoError, match="damaged or incomplete"):
            open_photo(whole[: int(share * len(whole))])


def test_a_progressive_jpeg_is_read_if_only_last_bits_are_missing(drawing: Image.Image) -> None:
    whole = encoded(drawing, "JPEG", progressive=True)
    last_scan = whole.rindex(b"\xff\xda")
    for end in (len(whole) - 1, len(whole) - 2, len(whole) - 200, last_scan + 40):
        photo = open_photo(whole[:end])
        assert photo_note(photo) == "The file ends early: some fine detail is missing."
        assert difference(photo, open_photo(whole)) < 2
    for end in (last_scan - 2, len(whole) // 2):
        with pytest.raises(PhotoError, match="damaged or incomplete"):
            open_photo(whole[:end])


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_takes_minutes() -> None:
    whole = encoded(Image.new("L", (4000, 4000), 128), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    assert open_photo(whole[:-2] + 50 * scan + b"\xff\xd9").size == (1000, 1000)
    begin = time.process_time()
    for hidden in (b"", b"\xff\xfe\0\4\xff\xd9"):  # a comment that looks like the end
        with pytest.raises(PhotoError, match="too many scans"):
            open_photo(whole[:-2] + hidden + 5000 * scan + b"\xff\xd9")
    assert time.process_time() - begin < 1


def test_a_damaged_picture_is_told_from_a_file_of_another_kind(drawing: Image.Image) -> None:
    for kind in ("TIFF", "PNG", "GIF", "WEBP"):
        options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
        with pytest.raises(PhotoError, match="damaged or incomplete"):
            open_photo(encoded(drawing, kind, **options)[:30])
    for other in (b"%PDF-1.7" + bytes(500), bytes(4) + b"ftypisom" + bytes(500)):  # a video
        with pytest.raises(PhotoError, match="not a picture that can be read"):
            open_photo(other)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("GIF", {})])
def test_half_a_picture_is_refused_in_every_format(drawing: Image.Image, kind: str, options: dict[str, bool]) -> None:
    whole = encoded(drawing, kind, **options)
    with pytest.raises(PhotoError, match=r"damaged or incomplete"):
        open_photo(whole[: len(whole) // 2])


def test_the_largest_of_several_pages_is_read_and_said(drawing: Image.Image) -> None:
    small = drawing.resize((120, 90))
    for kind in ("TIFF", "HEIF"):
        photo = open_photo(encoded(small, kind, save_all=True, append_images=[drawing, small]))
        assert photo.size == drawing.size
        assert photo_note(photo) == "The file holds several pictures; this is the largest."
    white = Image.new("RGB", drawing.size, "white")
    for kind in ("WEBP", "PNG", "GIF"):
        photo = open_photo(encoded(drawing, kind, save_all=True, append_images=[white]))
        assert difference(photo, drawing) < 12
        assert photo_note(photo) == "The file holds several pictures; this is the first."


def test_a_picture_in_strips_is_bit_for_bit_the_picture_at_once(
    drawing: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = drawing.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(drawing.size))
    files = [encoded(clear, "PNG"), encoded(drawing.convert("CMYK"), "JPEG"), encoded(drawing.convert("P"), "GIF")]
    at_once = [open_photo(data).tobytes() for data in files]
    monkeypatch.setattr(colours, "STRIP_PIXELS", 7 * drawing.width)
    assert [open_photo(data).tobytes() for data in files] == at_once


def test_pictures_beyond_the_ordinary_are_halved(drawing: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "ORDINARY_PIXELS", drawing.width * drawing.height - 1)
    half = drawing.reduce(2)
    monkeypatch.setattr(heif, "STRIP_ROWS", 64)
    heic = encoded(drawing, "HEIF", quality=95, save_all=True, append_images=[drawing.resize((64, 48))])
    for data in (encoded(drawing, "JPEG", quality=95), encoded(drawing.convert("RGBA"), "PNG"), heic):
        photo = open_photo(data)
        assert photo.size == half.size
        assert difference(photo, half) < 3


def test_a_large_jpeg_is_opened_at_a_quarter_and_gives_nearly_the_same_input(drawing: Image.Image) -> None:
    for size, opened in [((3413, 2560), (854, 640)), ((3413, 2559), (3413, 2559)), ((2559, 3413), (2559, 3413))]:
        large = drawing.resize(size)
        photo = open_photo(encoded(large, "JPEG", quality=90))
        assert photo.size == opened
        inputs = [to_input(each, frame=(192, 256)).astype(float) for each in (photo, large)]
        assert np.abs(inputs[0] - inputs[1]).mean() < 1


def test_a_phone_jpeg_of_200_megapixels_is_read_in_draft_and_its_worst_kinds_refused() -> None:
    plain = Image.new("L", (16_320, 12_240), 128)
    photo = open_photo(encoded(plain, "JPEG"))
    assert photo.size == (4080, 3060)
    assert photo.getpixel((2000, 1500)) == (128, 128, 128)
    with pytest.raises(PhotoError, match="at most 28 million pixels"):
        open_photo(encoded(Image.new("RGB", (5400, 5400)), "JPEG", progressive=True, subsampling=0))


def test_each_format_has_its_own_limit_of_memory() -> None:
    for size, mode, kind, words in [
        ((4200, 4100), "RGB", "WEBP", "at most 17 million pixels"),
        ((7100, 7100), "RGBA", "PNG", "at most 50 million pixels"),
    ]:
        with pytest.raises(PhotoError, match=words):
            open_photo(encoded(Image.new(mode, size), kind))


def test_pipes_and_devices_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    for path, words in [
        (tmp_path / "pipe.jpg", "a pipe, a socket or a device"),
        ("/dev/zero", "a pipe, a socket or a device"),
        (tmp_path, "it is a folder"),
        (tmp_path / "loop.jpg", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read"),
        ("a\0b.jpg", "cannot be read"),
    ]:
        with pytest.raises(PhotoError, match=words):
            open_photo(path)


def dicom(drawing: Image.Image, *, kind: str = "RGB", **values: object) -> bytes:
    """A DICOM photograph of a patient."""
    pydicom = pytest.importorskip("pydicom")
    pixels = np.asarray(drawing if kind == "RGB" else drawing.convert("L"))
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.4"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = pydicom.dataset.FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    dataset.PatientName, dataset.PatientID = "Secret^Person", "ID-4711"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 3 if kind == "RGB" else 1
    dataset.PhotometricInterpretation = kind
    if kind == "RGB":
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = pixels.tobytes()
    for name, value in values.items():
        setattr(dataset, name, value)
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def dicom_jpeg(drawing: Image.Image, **values: object) -> bytes:
    """A DICOM photograph whose frame is a JPEG."""
    pydicom = pytest.importorskip("pydicom")
    dataset = pydicom.dcmread(io.BytesIO(dicom(drawing, PhotometricInterpretation="YBR_FULL_422", **values)))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
    dataset.PixelData = pydicom.encaps.encapsulate([encoded(drawing, "JPEG", quality=95)])
    dataset["PixelData"].is_undefined_length = True
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def test_a_deflated_dicom_file_is_refused_before_it_fills_the_memory(drawing: Image.Image) -> None:
    pydicom = pytest.importorskip("pydicom")
    dataset = pydicom.dcmread(io.BytesIO(dicom(drawing)))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    dataset.file_meta.FileMetaInformationVersion = bytes(9000)  # pushes the transfer syntax away from the beginning
    file = io.BytesIO()
    dataset.save_as(file)
    with pytest.raises(PhotoError, match="deflated as a whole"):
        open_photo(file.getvalue())


def test_the_pixels_of_a_dicom_photograph_are_read_and_nothing_of_the_patient(
    drawing: Image.Image, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    data = dicom(drawing)
    assert b"Secret^Person" in data
    photo = open_photo(data)
    assert difference(photo, drawing) == 0
    assert photo.info == {}
    assert difference(open_photo(dicom_jpeg(drawing)), drawing) < 3
    grey = drawing.convert("L").convert("RGB")
    assert difference(open_photo(dicom(drawing, kind="MONOCHROME2")), grey) == 0
    inverted = Image.fromarray(255 - np.asarray(grey))
    assert difference(open_photo(dicom(drawing, kind="MONOCHROME1")), inverted) == 0
    for bad in (
        data[: len(data) // 2],
        dicom(drawing, Rows=60_000, Columns=60_000),
        dicom(drawing, BitsAllocated=16),
        dicom(drawing, PhotometricInterpretation="PALETTE COLOR"),
        dicom_jpeg(drawing, Rows=60, Columns=80),  # the frame is larger than the file says
    ):
        with pytest.raises(PhotoError) as caught:
            open_photo(bad)
        assert "Secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
    assert "Secret" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.stress
@pytest.mark.parametrize(
    ("mode", "size", "kind", "options"),
    [
        ("RGB", (7000, 7000), "PNG", {"compress_level": 1}),
        ("RGBA", (7000, 7000), "PNG", {"compress_level": 1}),
        ("L", (9400, 9400), "PNG", {"compress_level": 1}),
        ("RGBA", (5900, 5900), "TIFF", {"compression": "tiff_lzw", "tiffinfo": {278: 5900}}),
        ("RGBA", (4100, 4100), "WEBP", {}),
        ("RGB", (5470, 5470), "AVIF", {"speed": 10}),
        ("RGB", (8064, 6048), "HEIF", {}),
        ("RGB", (16_320, 12_240), "JPEG", {}),
        ("RGB", (7480, 7480), "JPEG", {"progressive": True}),
    ],
)
def test_the_largest_pictures_are_classified_in_little_memory(
    mode: str, size: tuple[int, int], kind: str, options: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(encoded(Image.new(mode, size), kind, **options))
    code = """
import sys
from pathlib import Path
from skinnet.__main__ import main
assert main(["predict", sys.argv[1], "--format", "csv"]) == 0
status = Path("/proc/self/status").read_text()  # not ru_maxrss, which begins at the peak of the process before
print(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
"""
    done = subprocess.run([sys.executable, "-c", code, path], cwd=PROJECT, capture_output=True, text=True, check=True)
    megabytes = int(done.stdout.split()[-1]) / 1000
    print(f"{kind} {mode} {size}: {megabytes:.0f} MB")
    assert 300 < megabytes < 1200
