"""Pictures that show no lesion, to measure how many of them the gate turns away.

    for kind, pictures in collect(Places(root=Path("data"), packages=[Path("unpacked")])): ...

The sources are installed packages: photographs, textures and medical images of scikit-image, scikit-learn, matplotlib
and Gradio (`pip install -e ".[foreign]"`), wallpapers and stamps of Debian packages (unpacked anywhere, docs/gate.md
says how). Skin is cut from the corners of validation photos, and code draws the rest
(`synthetic_images`). A package that is not installed is named in a warning and left out.
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
from skinnet.images.photo import open_photo
from skinnet.studies.gate_study.synthetic_images import charts, documents, noises, screenshots
from skinnet.training.skin_crops import mirrored, skin_crops

log = logging.getLogger(__name__)

Pictures = Iterator[Image.Image]

PACKAGED = {
    "skimage": ["astronaut", "chelsea", "coffee", "motorcycle_left", "motorcycle_right", "rocket", "hubble_deep_field"],
    "sklearn": ["china", "flower"],
    "matplotlib": ["grace_hopper", "Minduka_Present_Blue_Pack"],
    "gradio": ["cheetah1", "cheetah2", "groot", "lion", "tower"],
}
"""Photographs in colour, by package and file name."""
FACES = {("skimage", "astronaut"): (178, 75, 272, 185), ("matplotlib", "grace_hopper"): (156, 130, 373, 320)}
"""Faces in these photographs, by package and file name: left, top, right, bottom."""
CLOSE_UP_WIDTH = 600
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LARGEST = 1200
"""Pixels of a picture's longest side: wallpapers are scaled down to it, as a phone's gallery does."""


@dataclass(frozen=True)
class Places:
    """Folders that the pictures come from.

    Attributes:
        root: the prepared data; lesion-free skin is cut from its validation photos.
        packages: folders into which Debian packages were unpacked.
    """

    root: Path
    packages: Sequence[Path] = (Path("/"),)


@dataclass(frozen=True)
class Kind:
    """Pictures of one kind.

    Attributes:
        for_design: whether the gate was designed on them; the others are only reported.
    """

    name: str
    for_design: bool
    collect: Callable[[Places], Pictures]


def packaged(package: str, names: Iterable[str]) -> Pictures:
    """Pictures inside an installed package, by file name without its suffix."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        log.warning('%s is not installed, its pictures are left out: pip install -e ".[foreign]"', package)
        return
    folder = Path(spec.submodule_search_locations[0])
    found = {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in IMAGE_SUFFIXES}
    for name in names:
        if name in found:
            yield open_photo(found[name])
        else:
            log.warning("%s has no picture %s in this version: left out", package, name)


def unpacked(places: Places, parts: Iterable[str]) -> Pictures:
    """Pictures below usr/share/PART of unpacked Debian packages; one size of each picture."""
    for part in parts:
        folders = [folder / "usr/share" / part for folder in places.packages]
        paths = [path for folder in folders for path in sorted(folder.rglob("*")) if _is_picture(path)]
        if not paths:
            log.warning("No pictures in usr/share/%s: install or unpack its Debian package (docs/gate.md)", part)
        for path in paths:
            try:
                photo = open_photo(path)
            except PhotoError:
                continue
            photo.thumbnail((LARGEST, LARGEST))
            yield photo


def _is_picture(path: Path) -> bool:
    """Whether a file is a picture, and neither an icon, nor a preview, nor a second size of another picture."""
    if path.suffix.lower() not in IMAGE_SUFFIXES or path.name.startswith("screenshot"):
        return False
    if not path.is_file() or path.stat().st_size < 10_000:  # packages hold links to files of others
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
    """Photographs of people, animals, things and places."""
    for package, names in PACKAGED.items():
        yield from packaged(package, names)


def wallpapers(places: Places) -> Pictures:
    """Desktop backgrounds."""
    return unpacked(places, ["backgrounds", "wallpapers"])


def textures(_: Places) -> Pictures:
    """Brick, grass and gravel, whole and in parts."""
    surfaces = list(packaged("skimage", ["brick", "grass", "gravel"]))
    yield from surfaces
    yield from crops(surfaces, each=12, seed=1)


def tissue(_: Places) -> Pictures:
    """Stained tissue under the microscope, whole and in parts."""
    stained = list(packaged("skimage", ["ihc"]))
    yield from stained
    yield from crops(stained, each=40, seed=2)


def eyes(_: Places) -> Pictures:
    """The fundus of an eye, turned and in parts."""
    for fundus in packaged("skimage", ["retina"]):
        yield from (fundus.rotate(angle) for angle in range(0, 360, 30))
        yield from crops([fundus], each=28, seed=3)


def close_ups(_: Places) -> Pictures:
    """Parts of faces, as a phone without a dermatoscope might see them: square and 4:3, enlarged to a photo's size."""
    rng = np.random.default_rng(5)
    for (package, name), box in FACES.items():
        for photo in packaged(package, [name]):
            face = photo.crop(box)
            for number in range(40):
                aspect = (1, 4 / 3)[number % 2]
                width = min(face.width, face.height * aspect) * rng.uniform(0.4, 1)
                left, top = rng.uniform(0, face.width - width), rng.uniform(0, face.height - width / aspect)
                part = (left, top, left + width, top + width / aspect)
                size = (CLOSE_UP_WIDTH, round(CLOSE_UP_WIDTH / aspect))
                yield face.resize(size, Image.Resampling.BICUBIC, box=part)


def bare_skin(places: Places) -> Pictures:
    """The largest lesion-free corner of each validation photo of which there is a mask."""
    table = load_index(places.root)
    corners = [crops.skin for crops in skin_crops(table[table["split"] == "val"], places.root)]
    if not corners:
        log.warning("No lesion masks in %s: skin without a lesion is left out", places.root)
    yield from corners


KINDS = (
    Kind("photographs", True, photographs),
    Kind("parts of photographs", True, lambda places: crops(photographs(places), each=6, seed=0)),
    Kind("textures", True, textures),
    Kind("noise and plain colours", True, lambda _: noises(count=60, seed=0)),
    Kind("documents", True, lambda _: documents(count=40, seed=0)),
    Kind("wallpapers", False, wallpapers),
    Kind("parts of wallpapers", False, lambda places: crops(wallpapers(places), each=3, seed=4)),
    Kind("objects on white", False, lambda places: unpacked(places, ["tuxpaint/stamps"])),
    Kind("screenshots", False, lambda _: screenshots(count=40, seed=1)),
    Kind("charts", False, lambda _: charts(count=24, seed=2)),
    Kind("stained tissue", False, tissue),
    Kind("fundus of the eye", False, eyes),
    Kind("close-ups of faces, no dermatoscope", False, close_ups),
    Kind("skin without a lesion, enlarged", False, bare_skin),
    Kind("skin without a lesion, mirrored", False, lambda places: map(mirrored, bare_skin(places))),
)


def collect(places: Places) -> Iterator[tuple[Kind, list[Image.Image]]]:
    """Every kind with its pictures.

    Raises:
        DataError: if a kind that the gate is designed on has none.
    """
    for kind in KINDS:
        pictures = list(kind.collect(places))
        if kind.for_design and not pictures:
            raise DataError(f'No {kind.name}: pip install -e ".[foreign]"')
        yield kind, pictures
