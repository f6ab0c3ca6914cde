"""The uint8 cache of decoded images: each file is decoded once, and read from disk as needed after that.

    cache = build_cache(paths, folder=Path("data/cache"), frame=(192, 256))
    cache[7]  # uint8 (H, W, 3), bit for bit what `predict` computes for paths[7]

`pixels.u8` holds a slot of fixed size for each image. `journal.jsonl` says what is in it: a line with the settings,
then one for each image, written after its pixels. A build that was stopped, even killed, goes on after the last whole
line and ends in the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import PIL

from skinnet.errors import PhotoError
from skinnet.files import LOCK, exclusive, naming, write_text
from skinnet.images.photo import open_photo, to_input
from skinnet.images.source import open_regular, unreadable
from skinnet.progress import progress

CACHE_VERSION = 3
"""Raised whenever preprocessing changes, so that no stale cache is read."""
PIXELS = "pixels.u8"
JOURNAL = "journal.jsonl"
AHEAD = 128
"""Images that may be decoded before their turn to be written: 20 MB of them."""


@dataclass(frozen=True)
class _Entry:
    """One line of the journal: a file, its state when it was decoded, and the result.

    Attributes:
        path: relative to the cache's folder.
        bytes, mtime_ns: of the file; where they differ it is decoded anew.
        shape: (height, width) of the pixels; (0, 0) if the file is no picture.
        size: (width, height) of the upright photo as it is opened: a large JPEG at a quarter.
        failure: what is wrong with the file, or "".
        slot: place in `pixels.u8`, in slots.
    """

    path: str
    bytes: int
    mtime_ns: int
    sha256: str
    shape: tuple[int, int]
    size: tuple[int, int]
    failure: str
    slot: int


Decoded = tuple[_Entry, np.ndarray]
"""A file's entry and its pixels, uint8 (H, W, 3)."""


class Cache:
    """Decoded images, in the order of the requested paths.

    Attributes:
        sha256: of each file; "" where it cannot be read.
        sizes: int (N, 2), width and height of each upright photo; 0 where it does not decode.
        failures: what is wrong with the files that do not decode, by position.
    """

    def __init__(self, pixels: np.ndarray, entries: Sequence[_Entry]) -> None:
        self._pixels = pixels  # (slots, stride)
        self._places = [(entry.slot, *entry.shape) for entry in entries]
        self.sha256 = [entry.sha256 for entry in entries]
        self.sizes = np.array([entry.size for entry in entries], dtype=int).reshape(-1, 2)
        self.failures = {position: entry.failure for position, entry in enumerate(entries) if entry.failure}

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, position: int) -> np.ndarray:
        """uint8 (H, W, 3), read-only; a KeyError for an image that does not decode."""
        slot, height, width = self._places[position]
        if not height:
            raise KeyError(f"image {position} does not decode: {self.failures[int(position)]}")
        return self._pixels[slot, : height * width * 3].reshape(height, width, 3)


def build_cache(paths: Sequence[Path], *, folder: Path, frame: tuple[int, int]) -> Cache:
    """Decode new and changed images into `folder`; read the others back.

    An image that does not decode stops nothing: it is listed in the cache's `failures`.

    Args:
        paths: the N image files, in any order.
        folder: where the cache lies; made if need be.
        frame: (height, width) whose area the network's input has, in pixels.
    """
    names = [os.path.relpath(path, folder) for path in paths]
    files = dict(zip(names, paths, strict=True))
    settings, stride = _settings(frame), _stride(frame)
    known = _read_journal(folder, settings, stride)
    stale = [name for name, path in files.items() if not _is_current(known.get(name), path)]
    unread: dict[str, _Entry] = {}
    if stale:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / LOCK, wait=True):
            known = _read_journal(folder, settings, stride)  # another process may have built meanwhile
            stale = [name for name, path in files.items() if not _is_current(known.get(name), path)]
            known, unread = _decode_into(folder, {name: files[name] for name in stale}, known, settings, frame)
    entries = [unread.get(name) or known[name] for name in names]
    return Cache(_open_pixels(folder, stride, entries), entries)


def _settings(frame: tuple[int, int]) -> str:
    """The journal's first line: everything that all pixels depend on, including Pillow's decoders."""
    return json.dumps({"version": CACHE_VERSION, "frame": frame, "pillow": PIL.__version__})


def _stride(frame: tuple[int, int]) -> int:
    """Bytes of a slot: no input of this area, of whatever aspect, has more pixels than a frame one row and one
    column larger."""
    return (frame[0] + 1) * (frame[1] + 1) * 3


def _is_current(entry: _Entry | None, path: Path) -> bool:
    if entry is None:
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    return (entry.bytes, entry.mtime_ns) == (status.st_size, status.st_mtime_ns)


def _read_journal(folder: Path, settings: str, stride: int) -> dict[str, _Entry]:
    """Read the entries by path, without damaged ones and those whose pixels are missing."""
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8").splitlines()
        slots = (folder / PIXELS).stat().st_size // stride
    except (OSError, ValueError):  # absent or damaged: made anew
        return {}
    if not lines or lines[0] != settings:
        return {}
    entries = {}
    for line in lines[1:]:
        try:
            entry = _Entry(**json.loads(line))
            if entry.slot < slots:
                entries[entry.path] = entry
        except (ValueError, TypeError):
            continue
    return entries


def _decode_into(
    folder: Path, files: dict[str, Path], known: dict[str, _Entry], settings: str, frame: tuple[int, int]
) -> tuple[dict[str, _Entry], dict[str, _Entry]]:
    """Decode `files` into free slots; return all entries of the journal, and those of unreadable files."""
    known = {name: entry for name, entry in known.items() if name not in files and _exists(folder, name)}
    # The journal forgets what is about to be overwritten before the first byte is.
    write_text(folder / JOURNAL, "".join(f"{line}\n" for line in [settings, *map(_line, known.values())]))
    unread = {}
    taken = {entry.slot for entry in known.values()}
    free = (slot for slot in count() if slot not in taken)
    stride = _stride(frame)
    with (
        naming(folder / PIXELS),
        (folder / PIXELS).open("r+b" if known else "wb") as pixels_file,
        (folder / JOURNAL).open("a", encoding="utf-8", newline="\n") as journal,
        closing(_in_order(lambda name: _decode(name, files[name], frame), files)) as decoded,
    ):
        for entry, pixels in progress(decoded, "decoding", total=len(files), unit="image"):
            if not entry.sha256:
                unread[entry.path] = entry
                continue
            placed = replace(entry, slot=next(free))
            pixels_file.seek(placed.slot * stride)
            pixels_file.write(pixels.tobytes().ljust(stride, b"\0"))
            pixels_file.flush()
            journal.write(_line(placed) + "\n")
            journal.flush()
            known[placed.path] = placed
    return known, unread


def _exists(folder: Path, name: str) -> bool:
    return Path(os.path.normpath(folder / name)).exists()  # the system would follow a link before its ..


def _line(entry: _Entry) -> str:
    return json.dumps(asdict(entry))


def _in_order(decode: Callable[[str], Decoded], names: Iterable[str]) -> Generator[Decoded]:
    """Decode in parallel and yield in order; stopping early cancels what has not begun."""
    pool = ThreadPoolExecutor()  # Pillow decodes and scales outside the interpreter's lock
    waiting: deque[Future[Decoded]] = deque()
    try:
        for name in names:
            waiting.append(pool.submit(decode, name))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decode(name: str, path: Path, frame: tuple[int, int]) -> Decoded:
    """An entry without a slot, and its pixels; without a hash if the file cannot be read, without pixels if it is no
    picture."""
    entry = _Entry(name, bytes=0, mtime_ns=0, sha256="", shape=(0, 0), size=(0, 0), failure="", slot=-1)
    pixels = np.zeros((0, 0, 3), np.uint8)
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            entry = replace(entry, bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=sha256)
            file.seek(0)
            photo = open_photo(file)
        pixels = to_input(photo, frame=frame)
        return replace(entry, shape=pixels.shape[:2], size=photo.size), pixels
    except PhotoError as error:
        return replace(entry, failure=str(error)), pixels
    except OSError as error:
        return replace(entry, failure=unreadable(error)), pixels


def _open_pixels(folder: Path, stride: int, entries: Sequence[_Entry]) -> np.ndarray:
    """uint8 (slots, stride), a memory map."""
    if all(entry.failure for entry in entries):
        return np.zeros((0, stride), np.uint8)
    path = folder / PIXELS
    return np.asarray(np.memmap(path, np.uint8, "r", shape=(path.stat().st_size // stride, stride)))
