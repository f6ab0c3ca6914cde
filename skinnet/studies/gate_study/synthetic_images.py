"""Pictures without skin, drawn by code: noise, plain colours, documents, screenshots, charts.

    for picture in documents(count=40, seed=0): ...  # PIL RGB

The same seed gives the same pictures.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

SIZE = (640, 480)
MAPS = ("viridis", "magma", "coolwarm")


def noises(*, count: int, seed: int) -> Iterator[Image.Image]:
    """Draw white and smooth noise, grey and coloured, ramps and plain colours, in turn."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    for number in range(count):
        kind = number % 5
        channels = 3 if number % 2 else 1
        if kind < 3:
            noise = rng.normal(size=(height, width, channels))
            if grain := (0, 3, 30)[kind]:
                noise = gaussian_filter(noise, (grain, grain, 0))
            pixels = 128 + 128 * rng.uniform(0.2, 0.6) * noise / noise.std()
        elif kind == 3:
            start, end = rng.uniform(0, 255, (2, 3))
            pixels = start + (end - start) * np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
        else:
            pixels = np.ones((height, width, 1)) * rng.uniform(0, 255, 3)
        pixels = np.broadcast_to(pixels, (height, width, 3))
        yield Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def documents(*, count: int, seed: int) -> Iterator[Image.Image]:
    """Draw pages of text, some with lines or a coloured heading, some slightly turned as in a photo."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        paper = int(rng.integers(215, 256))
        page = Image.new("RGB", (600, 800), (paper, paper, int(paper * rng.uniform(0.88, 1))))
        draw = ImageDraw.Draw(page)
        size = int(rng.integers(11, 26))
        for line, y in enumerate(range(40, 760, round(size * 1.5))):
            if number % 3 == 0 and line % 4 == 3:
                draw.line((40, y, 560, y), fill=(90, 90, 90), width=2)
            else:
                draw.text((40, y), _words(rng, round(900 / size)), fill=(30, 30, 40), font=_font(size))
        if number % 2:
            draw.rectangle((0, 0, 600, 34), fill=_colour(rng))
        yield page.rotate(rng.uniform(-8, 8), fillcolor=(90, 80, 70)) if number % 4 == 1 else page


def screenshots(*, count: int, seed: int) -> Iterator[Image.Image]:
    """Draw windows with a title, text and a button."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        dark = number % 3 == 0
        ground, ink = ((32, 34, 40), (210, 210, 215)) if dark else ((244, 245, 247), (40, 42, 48))
        screen = Image.new("RGB", (800, 600), _colour(rng))
        draw = ImageDraw.Draw(screen)
        for _ in range(1 + number % 3):
            left, top = rng.integers(0, (300, 200)).tolist()
            right, bottom = left + int(rng.integers(300, 500)), top + int(rng.integers(250, 400))
            draw.rectangle((left, top, right, bottom), fill=ground, outline=ink)
            draw.rectangle((left, top, right, top + 26), fill=_colour(rng))
            draw.text((left + 8, top + 5), _words(rng, 24), fill="white", font=_font(14))
            for y in range(top + 40, bottom - 50, 22):
                draw.text((left + 12, y), _words(rng, int(rng.integers(8, 40))), fill=ink, font=_font(13))
            draw.rounded_rectangle((right - 90, bottom - 36, right - 12, bottom - 10), 6, fill=_colour(rng))
        yield screen


def charts(*, count: int, seed: int) -> Iterator[Image.Image]:
    """Draw curves, bars, points and maps with matplotlib."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        figure = Figure(figsize=(6, 4.5), dpi=80)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        values = rng.normal(size=40).cumsum()
        if number % 4 == 0:
            axes.plot(values)
        elif number % 4 == 1:
            axes.bar(range(12), rng.uniform(1, 9, 12), color=tuple(rng.uniform(0, 1, 3)))
        elif number % 4 == 2:
            axes.scatter(values, rng.normal(size=40), c=values, s=80)
        else:
            axes.imshow(gaussian_filter(rng.normal(size=(60, 80)), 4), cmap=MAPS[number % 3])
        axes.set_title(_words(rng, 24))
        canvas.draw()  # type: ignore[no-untyped-call]
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())  # type: ignore[no-untyped-call]


def _words(rng: np.random.Generator, characters: int) -> str:
    letters = rng.choice([*string.ascii_lowercase, *"     "], characters)
    return "".join(letters).capitalize()


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(20, 230, 3).tolist()
    return red, green, blue


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
