from __future__ import annotations

import io
import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from skinnet.errors import PhotoError
from skinnet.images.decode import MAX_PIXELS
from skinnet.images.photo import display_photo, open_photo, to_input, unsquash, visible_part
from tests.drawings import LOOKS, draw_lesion

FRAME = (168, 224)
WIDE_PRIMARIES = [(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)]
SRGB_PRIMARIES = [(0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)]
"""Red, green and blue of Adobe RGB (1998) and of sRGB in XYZ, seen by the light D50."""


@pytest.fixture
def drawing() -> Image.Image:
    return draw_lesion(LOOKS["mel"], seed=1)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, float) - np.asarray(second, float)).mean())


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG"])
def test_common_formats_are_read(drawing: Image.Image, kind: str) -> None:
    assert difference(open_photo(encoded(drawing, kind)), drawing) < 12


def test_cmyk_is_converted(drawing: Image.Image) -> None:
    assert difference(open_photo(encoded(drawing.convert("CMYK"), "JPEG", quality=95)), drawing) < 4


def test_a_palette_with_transparency_is_laid_on_white(drawing: Image.Image) -> None:
    palette = drawing.convert("P", palette=Image.Palette.ADAPTIVE)
    clear = palette.getpixel((0, 0))
    photo = open_photo(encoded(palette, "PNG", transparency=clear))
    assert photo.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(drawing: Image.Image, mode: str) -> None:
    clear = drawing.convert(mode)
    clear.putalpha(0)
    assert np.asarray(open_photo(encoded(clear, "PNG"))).min() == 255


def test_grey_becomes_three_equal_channels(drawing: Image.Image) -> None:
    pixels = np.asarray(open_photo(encoded(drawing.convert("L"), "PNG")))
    assert pixels.shape == (450, 600, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_sixteen_bits_are_scaled_and_not_clipped(drawing: Image.Image) -> None:
    grey = np.asarray(drawing.convert("L"), dtype=np.uint16)
    deep = Image.fromarray(grey * 257)
    assert deep.mode == "I;16"
    assert difference(open_photo(encoded(deep, "PNG")), Image.fromarray(grey.astype(np.uint8)).convert("RGB")) < 1


def test_the_first_frame_of_an_animation_is_read(drawing: Image.Image) -> None:
    white = Image.new("RGB", drawing.size, "white")
    photo = open_photo(encoded(drawing, "WEBP", save_all=True, append_images=[white], lossless=True))
    assert difference(photo, drawing) < 1


def test_exif_rotation_is_applied(drawing: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    stored = drawing.transpose(Image.Transpose.ROTATE_90)
    photo = open_photo(encoded(stored, "PNG", exif=exif))
    assert difference(photo, drawing) == 0


def icc_profile(kind: str) -> bytes:
    """A small ICC profile, version 2: "wide RGB" (Adobe's primaries), "linear grey" or "inverted CMYK".

    The last one is a table: each channel of ink is the other way round, so white paper is full ink.
    """

    def numbers(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))  # s15Fixed16

    def curve(gamma: float) -> bytes:
        return b"curv" + struct.pack(">IIH2x", 0, 1, round(gamma * 256))

    tags = {b"wtpt": b"XYZ " + bytes(4) + numbers(0.9642, 1, 0.8249)}
    if kind == "wide RGB":
        for name, column in zip((b"r", b"g", b"b"), WIDE_PRIMARIES, strict=True):
            tags |= {name + b"XYZ": b"XYZ " + bytes(4) + numbers(*column), name + b"TRC": curve(2.2)}
    elif kind == "linear grey":
        tags[b"kTRC"] = curve(1.0)
    else:
        lightness = [round(255 * sum(ink) / 4) for ink in itertools.product((0, 1), repeat=4)]
        identity = bytes(range(256))
        table = b"".join(bytes([value, 128, 128]) for value in lightness)  # 2 ^ 4 corners, in Lab
        matrix = numbers(1, 0, 0, 0, 1, 0, 0, 0, 1)
        tags[b"A2B0"] = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + identity * 4 + table + identity * 3
    space = {"wide RGB": b"RGB ", "linear grey": b"GRAY"}.get(kind, b"CMYK")
    pcs = b"Lab " if space == b"CMYK" else b"XYZ "
    device = b"prtr" if space == b"CMYK" else b"mntr"
    body, entries, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        entries += name + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytes(4) + struct.pack(">I", 0x02100000) + device + space + pcs + bytes(12) + b"acsp" + bytes(28)
    head += numbers(0.9642, 1, 0.8249)
    content = head.ljust(124, b"\0") + struct.pack(">I", len(tags)) + entries + body
    return struct.pack(">I", len(content) + 4) + content


def srgb_level(light: np.ndarray) -> np.ndarray:
    """0 to 255 for a share of light above 0.0031 (IEC 61966-2-1)."""
    return np.asarray(255 * (1.055 * light ** (1 / 2.4) - 0.055))


def test_an_embedded_profile_is_converted_to_srgb(drawing: Image.Image) -> None:
    colour = (120, 150, 110)
    wide = open_photo(encoded(Image.new("RGB", (64, 48), colour), "PNG", icc_profile=icc_profile("wide RGB")))
    xyz = np.array(WIDE_PRIMARIES).T @ (np.array(colour) / 255) ** 2.2
    light = np.linalg.solve(np.array(SRGB_PRIMARIES).T, xyz)
    assert wide.getpixel((5, 5)) == pytest.approx(srgb_level(light), abs=1)
    assert wide.getpixel((5, 5)) != pytest.approx(colour, abs=5)
    linear = open_photo(encoded(Image.new("L", (64, 48), 55), "PNG", icc_profile=icc_profile("linear grey")))
    assert linear.getpixel((5, 5)) == pytest.approx(srgb_level(np.full(3, 55 / 255)), abs=1)
    ink = Image.new("CMYK", (64, 48), (255, 255, 255, 255))
    inverted = open_photo(encoded(ink, "TIFF", icc_profile=icc_profile("inverted CMYK")))
    assert inverted.getpixel((5, 5)) == (255, 255, 255)


def test_transparency_survives_a_profile(drawing: Image.Image) -> None:
    for mode, kind in [("RGBA", "wide RGB"), ("LA", "linear grey")]:
        clear = drawing.convert(mode)
        clear.putalpha(0)
        assert np.asarray(open_photo(encoded(clear, "PNG", icc_profile=icc_profile(kind)))).min() == 255


def test_srgb_profiles_change_no_bit(drawing: Image.Image) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, tagged = encoded(drawing, "JPEG"), encoded(drawing, "JPEG", icc_profile=profile)
    assert plain != tagged
    assert open_photo(plain).tobytes() == open_photo(tagged).tobytes()


def test_damaged_and_odd_profiles_are_passed_over(drawing: Image.Image) -> None:
    wide = icc_profile("wide RGB")
    for mode, kind, profile in [
        ("RGB", "JPEG", b"junk"), ("RGB", "JPEG", wide[:200]), ("RGB", "JPEG", icc_profile("linear grey")),
        ("L", "JPEG", wide), ("CMYK", "JPEG", wide), ("RGBA", "PNG", icc_profile("inverted CMYK")), ("1", "PNG", wide),
    ]:  # fmt: skip
        picture = drawing.convert(mode)
        plain, tagged = encoded(picture, kind), encoded(picture, kind, icc_profile=profile)
        assert difference(open_photo(tagged), open_photo(plain)) == 0, (mode, profile[:20])


def png_of_size(width: int, height: int) -> bytes:
    """A small PNG that claims a huge size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [11_000, 20_000])
def test_a_huge_picture_is_refused_before_it_is_decoded(side: int) -> None:
    assert side * side > MAX_PIXELS
    with pytest.raises(PhotoError, match="too large"):
        open_photo(png_of_size(side, side))


def test_other_bad_files_are_refused_in_a_sentence(drawing: Image.Image, tmp_path: Path) -> None:
    jpeg = encoded(drawing, "JPEG")
    for data, words in [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"%PDF-1.7 not a picture", "not a picture"),
        (jpeg[: len(jpeg) // 2], "damaged or incomplete"),
        (encoded(drawing, "PNG")[:5000], "damaged or incomplete"),
        (encoded(drawing.resize((20, 300)), "PNG"), "too small"),
        (encoded(drawing.convert("F"), "TIFF"), "32 bits a pixel"),
        (encoded(drawing.convert("RGB"), "PPM"), "not a picture"),
    ]:
        with pytest.raises(PhotoError, match=words) as caught:
            open_photo(data)
        assert "\n" not in str(caught.value)
    with pytest.raises(PhotoError, match="does not exist"):
        open_photo(tmp_path / "absent.jpg")
    with pytest.raises(PhotoError, match="cannot be read"):
        open_photo(tmp_path)


@pytest.mark.parametrize(
    ("size", "shape"),
    [((600, 450), (168, 224)), ((4000, 3000), (168, 224)), ((450, 600), (224, 168)), ((500, 500), (194, 194)),
     ((224, 224), (168, 224)), ((100, 75), (168, 224)), ((3000, 300), (137, 274))],
)  # fmt: skip
def test_the_input_keeps_the_aspect_and_the_area(size: tuple[int, int], shape: tuple[int, int]) -> None:
    pixels = to_input(Image.new("RGB", size, "red"), frame=FRAME)
    assert pixels.shape == (*shape, 3)
    assert pixels.dtype == np.uint8
    assert shape[0] * shape[1] == pytest.approx(FRAME[0] * FRAME[1], rel=0.01)


@pytest.mark.parametrize("frame", [(168, 224), (192, 256)])
def test_a_full_size_photo_and_its_squashed_export_give_the_same_input(
    drawing: Image.Image, frame: tuple[int, int]
) -> None:
    squashed = drawing.resize((224, 224), Image.Resampling.BOX)
    assert to_input(drawing, frame=frame).shape == (*frame, 3)
    assert (to_input(drawing, frame=frame) == to_input(squashed, frame=frame)).all()


def test_a_long_photo_is_cut_to_its_middle() -> None:
    photo = Image.new("RGB", (1000, 100), "red")
    photo.paste("blue", (400, 0, 600, 100))
    assert visible_part(photo).size == (200, 100)
    assert visible_part(photo).getpixel((100, 50)) == (0, 0, 255)


def test_the_displayed_photo_is_unsquashed_and_bounded(drawing: Image.Image) -> None:
    assert display_photo(drawing.resize((224, 224))).size == (299, 224)
    assert display_photo(drawing.resize((4000, 3000))).size == (640, 480)
    assert display_photo(drawing).size == (600, 450)


def test_an_export_gets_its_aspect_back() -> None:
    assert unsquash(draw_lesion(LOOKS["nv"], seed=0, size=(224, 224))).size == (299, 224)
