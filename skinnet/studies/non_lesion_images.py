"""Pictures that show no lesion, to measure how many of them the gate lets through.

    for kind in KINDS: pictures = kind.collect(Places(packages=[Path("unpacked")], root=Path("data")))

They come from what is installed: photographs, textures and medical images of scikit-image, scikit-learn, matplotlib
and Gradio (`pip install -e ".[foreign]"`), wallpapers and stamps of Debian packages (unpacked anywhere, docs/gate.md
says how), skin cut from the corners of validation photos, and drawings by code (`synthetic_images`). What is not
installed is named and left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from skinnet.data.index import load_index
from skinnet.errors import DataError, PhotoError
from skinnet.images.lesion_masks import mask_path
from skinnet.images.photo import SQUASHED_SIZE, open_photo
from skinnet.studies import synthetic_images as scribbles

log = logging.getLogger(__name__)

Pictures = Iterator[Image.Image]

PACKAGED = {
    "skimage": ["astronaut", "chelsea", "coffee", "motorcycle_left", "motorcycle_right", "rocket", "hubble_deep_field"],
    "sklearn": ["china", "flower"],
    "matplotlib": ["grace_hopper", "Minduka_Present_Blue_Pack"],
    "gradio": ["cheetah1", "cheetah2", "groot", "lion", "tower"],
}
"""Photographs in colour, by package and file name."""
SIZE_SUFFIX = (".jpg", ".jpeg", ".png", ".webp")
LARGEST = 1200
"""Pixels of a picture's longest side: wallpapers are cut down to it, as a phone's gallery would."""
SKIN_SIDE = 64
"""Least side of a patch of skin, in pixels of the photo."""


@dataclass(frozen=True)
class Places:
    """Where foreign pictures may lie.

    Attributes:
        root: the prepared data; lesion-free skin is cut from its validation photos.
        packages: folders into which Debian packages were unpacked.
    """

    root: Path
    packages: Sequence[Path] = (Path("/"),)


@dataclass(frozen=True)
class Kind:
    """Foreign pictures of one kind.

    Attributes:
        chosen_on: whether the gate was designed on them; all others are only reported on.
    """

    name: str
    chosen_on: bool
    collect: Callable[[Places], Pictures]


def packaged(package: str, names: Iterable[str]) -> Pictures:
    """Pictures inside an installed package, by file name without its ending."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        log.warning('%s is not installed, its pictures are left out: pip install -e ".[foreign]"', package)
        return
    folder = Path(spec.submodule_search_locations[0])
    found = {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SIZE_SUFFIX}
    for name in names:
        if name in found:
            yield open_photo(found[name])
        else:
            log.warning("%s has no picture %s in this version: left out", package, name)


def unpacked(places: Places, parts: Iterable[str]) -> Pictures:
    """Pictures below usr/share/PART of unpacked Debian packages; of the sizes of one picture the first."""
    for part in parts:
        folders = [folder / "usr/share" / part for folder in places.packages]
        paths = [path for folder in folders for path in sorted(folder.rglob("*")) if _is_own_picture(path)]
        if not paths:
            log.warning("No pictures in usr/share/%s: install or unpack its Debian package (docs/gate.md)", part)
        for path in paths:
            try:
                photo = open_photo(path)
            except PhotoError:
                continue
            photo.thumbnail((LARGEST, LARGEST))
            yield photo


def _is_own_picture(path: Path) -> bool:
    """Whether it is a picture of some size, and not one of several sizes or a preview of another."""
    if path.suffix.lower() not in SIZE_SUFFIX or path.name.startswith("screenshot") or path.stat().st_size < 10_000:
        return False
    alike = sorted(other.name for other in path.parent.iterdir() if other.suffix == path.suffix)
    return not (path.stem[:1].isdigit() and "x" in path.stem and path.name != alike[0])


def crops(pictures: Iterable[Image.Image], *, each: int, seed: int) -> Pictures:
    """Square parts of pictures, a tenth to a half of the shorter side, anywhere."""
    rng = np.random.default_rng(seed)
    for picture in pictures:
        for _ in range(each):
            side = max(round(min(picture.size) * rng.uniform(0.1, 0.5)), 33)
            left = int(rng.integers(0, max(picture.width - side, 0) + 1))
            top = int(rng.integers(0, max(picture.height - side, 0) + 1))
            yield picture.crop((left, top, left + side, top + side))


def photographs(_: Places) -> Pictures:
    for package, names in PACKAGED.items():
        yield from packaged(package, names)


def wallpapers(places: Places) -> Pictures:
    return unpacked(places, ["backgrounds", "wallpapers"])


def textures(_: Places) -> Pictures:
    surfaces = list(packaged("skimage", ["brick", "grass", "gravel"]))
    yield from surfaces
    yield from crops(surfaces, each=12, seed=1)


def tissue(_: Places) -> Pictures:
    stained = list(packaged("skimage", ["ihc"]))
    yield from stained
    yield from crops(stained, each=40, seed=2)


def eyes(_: Places) -> Pictures:
    for fundus in packaged("skimage", ["retina"]):
        yield from (fundus.rotate(angle) for angle in range(0, 360, 30))
        yield from crops([fundus], each=28, seed=3)


def bare_skin(places: Places) -> Pictures:
    """The largest corner of each validation photo that its lesion mask leaves free, if it is large enough."""
    folder = places.root / "ham10000" / "masks"
    if not folder.is_dir():
        log.warning("No lesion masks in %s: skin without a lesion is left out", folder)
        return
    table = load_index(places.root)
    for _, row in table[table["split"] == "val"].iterrows():
        mask = mask_path(places.root, row)
        if not mask.is_file():
            continue
        photo = open_photo(places.root / str(row["path"]))
        box = free_corner(np.asarray(Image.open(mask).convert("L").resize(photo.size)) > 0)
        if box is not None:
            yield photo.crop(box)


def mirrored_skin(places: Places) -> Pictures:
    """The same corners, continued by their mirror images to the size of a photo: as enlarged as photos are.

    A corner by itself is enlarged two- to threefold on the way to the network, which the gate notices, whatever there
    is to see.
    """
    for corner in bare_skin(places):
        pixels = np.asarray(corner)
        missing = [max(side - have, 0) for side, have in zip(reversed(SQUASHED_SIZE), pixels.shape, strict=False)]
        yield Image.fromarray(np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric"))


def free_corner(lesion: np.ndarray, *, margin: int = 6) -> tuple[int, int, int, int] | None:
    """The largest square in a corner that is free of the lesion, as (left, top, right, bottom).

    The outermost pixels are passed over: many photos have dark corners.

    Args:
        lesion: bool (H, W).
        margin: pixels passed over.
    """
    height, width = lesion.shape
    for side in range(min(height, width) - 2 * margin, SKIN_SIDE - 1, -4):
        for left in (margin, width - margin - side):
            for top in (margin, height - margin - side):
                if not lesion[top : top + side, left : left + side].any():
                    return left, top, left + side, top + side
    return None


KINDS = (
    Kind("photographs", True, photographs),
    Kind("parts of photographs", True, lambda places: crops(photographs(places), each=6, seed=0)),
    Kind("textures", True, textures),
    Kind("noise and plain colours", True, lambda _: scribbles.noises(count=60, seed=0)),
    Kind("documents", True, lambda _: scribbles.documents(count=40, seed=0)),
    Kind("wallpapers", False, wallpapers),
    Kind("parts of wallpapers", False, lambda places: crops(wallpapers(places), each=3, seed=4)),
    Kind("objects on white", False, lambda places: unpacked(places, ["tuxpaint/stamps"])),
    Kind("screenshots", False, lambda _: scribbles.screenshots(count=40, seed=1)),
    Kind("charts", False, lambda _: scribbles.charts(count=24, seed=2)),
    Kind("stained tissue", False, tissue),
    Kind("fundus of the eye", False, eyes),
    Kind("skin without a lesion, enlarged", False, bare_skin),
    Kind("skin without a lesion, mirrored", False, mirrored_skin),
)


def collect(places: Places) -> Iterator[tuple[Kind, list[Image.Image]]]:
    """Every kind with its pictures.

    Raises:
        DataError: if a kind that the gate is designed on has none.
    """
    for kind in KINDS:
        pictures = list(kind.collect(places))
        if kind.chosen_on and not pictures:
            raise DataError(f'No {kind.name}: pip install -e ".[foreign]"')
        yield kind, pictures
