from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinnet.data import cache as module
from skinnet.data.cache import JOURNAL, PIXELS, build_cache
from skinnet.images.photo import open_photo, to_input
from tests.drawings import LOOKS, draw_lesion
from tests.images.test_photo import icc_profile

FRAME = (48, 64)
COUNT = 6


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Drawings of six aspects from 2:1 to 1:2 and beyond."""
    sizes = [(120, 90), (90, 120), (224, 224), (150, 75), (60, 200), (100, 100)]
    paths = [tmp_path / "images" / f"{number}.png" for number in range(COUNT)]
    (tmp_path / "images").mkdir()
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        draw_lesion(LOOKS["nv"], seed=number, size=size).save(path)
    return paths


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are decoded from here on."""
    names = []

    def record(file: io.BufferedReader) -> Image.Image:
        names.append(Path(file.name).name)
        return open_photo(file)

    monkeypatch.setattr(module, "open_photo", record)
    return names


def expected(path: Path) -> np.ndarray:
    return to_input(open_photo(path), frame=FRAME)


def files_of(folder: Path) -> tuple[bytes, bytes]:
    return (folder / PIXELS).read_bytes(), (folder / JOURNAL).read_bytes()


def test_photos_of_any_aspect_are_kept_as_predict_sees_them(paths: list[Path], tmp_path: Path) -> None:
    cache = build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    assert len(cache) == COUNT
    assert [cache[position].shape[:2] for position in range(COUNT)] == [
        (48, 64), (64, 48), (48, 64), (39, 78), (78, 39), (55, 55)
    ]  # fmt: skip
    for position, path in enumerate(paths):
        assert (cache[position] == expected(path)).all()
    assert cache.sizes.tolist() == [[120, 90], [90, 120], [224, 224], [150, 75], [60, 200], [100, 100]]


def test_turned_profiled_and_transparent_pictures_are_kept_as_predict_sees_them(tmp_path: Path) -> None:
    drawing = draw_lesion(LOOKS["mel"], seed=1, size=(120, 90))
    turned = Image.Exif()
    turned[0x0112] = 6
    clear = drawing.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(drawing.size))
    drawing.save(tmp_path / "turned.jpg", exif=turned)
    drawing.save(tmp_path / "wide.jpg", icc_profile=icc_profile("wide RGB"))
    clear.save(tmp_path / "clear.png")
    paths = [tmp_path / name for name in ("turned.jpg", "wide.jpg", "clear.png")]
    cache = build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    for position, path in enumerate(paths):
        assert (cache[position] == expected(path)).all()
    assert cache.sizes.tolist() == [[90, 120], [120, 90], [120, 90]]


def test_real_images_are_kept_as_predict_sees_them(shared_mirror: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_mirror / "HAM10000_images_part_1.zip") as archive:
        names = archive.namelist()[::500]
        archive.extractall(tmp_path, names)
    paths = [tmp_path / name for name in names]
    cache = build_cache(paths, folder=tmp_path / "cache", frame=(192, 256))
    for position, path in enumerate(paths):
        assert (cache[position] == to_input(open_photo(path), frame=(192, 256))).all()


def test_a_second_call_decodes_nothing_in_any_order_of_the_paths(
    paths: list[Path], tmp_path: Path, decoded: list[str]
) -> None:
    first = build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    assert len(decoded) == COUNT
    before = files_of(tmp_path / "cache")
    second = build_cache(paths[::-1], folder=tmp_path / "cache", frame=FRAME)
    assert len(decoded) == COUNT
    assert files_of(tmp_path / "cache") == before
    assert second.sha256 == first.sha256[::-1]
    assert all((second[COUNT - 1 - position] == first[position]).all() for position in range(COUNT))


def test_a_changed_file_rebuilds_only_itself(paths: list[Path], tmp_path: Path, decoded: list[str]) -> None:
    build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    size = (tmp_path / "cache" / PIXELS).stat().st_size
    decoded.clear()
    draw_lesion(LOOKS["mel"], seed=9, size=(80, 60)).save(paths[3])
    cache = build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    assert decoded == ["3.png"]
    assert all((cache[position] == expected(path)).all() for position, path in enumerate(paths))
    assert (tmp_path / "cache" / PIXELS).stat().st_size == size


def test_a_new_file_is_appended_and_takes_the_place_of_a_deleted_one(
    paths: list[Path], tmp_path: Path, decoded: list[str]
) -> None:
    build_cache(paths[:4], folder=tmp_path / "cache", frame=FRAME)
    before = (tmp_path / "cache" / PIXELS).read_bytes()
    build_cache(paths[:5], folder=tmp_path / "cache", frame=FRAME)
    assert sorted(decoded) == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    after = (tmp_path / "cache" / PIXELS).read_bytes()
    assert after.startswith(before)
    paths[1].unlink()
    kept = [path for path in paths if path != paths[1]]
    cache = build_cache(kept, folder=tmp_path / "cache", frame=FRAME)
    assert decoded[5:] == ["5.png"]
    assert (tmp_path / "cache" / PIXELS).stat().st_size == len(after)
    assert all((cache[position] == expected(path)).all() for position, path in enumerate(kept))


@pytest.mark.parametrize("change", ["frame", "version"])
def test_another_frame_or_version_rebuilds_everything(
    paths: list[Path], tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    decoded.clear()
    if change == "version":
        monkeypatch.setattr(module, "CACHE_VERSION", module.CACHE_VERSION + 1)
    build_cache(paths, folder=tmp_path / "cache", frame=(24, 32) if change == "frame" else FRAME)
    assert len(decoded) == COUNT


def test_a_damaged_picture_is_listed_and_stops_no_other(paths: list[Path], tmp_path: Path, decoded: list[str]) -> None:
    paths[1].write_bytes(paths[1].read_bytes()[:500])
    paths[4].unlink()
    cache = build_cache(paths, folder=tmp_path / "cache", frame=FRAME)
    assert cache.failures == {
        1: "The picture is damaged or incomplete: save or copy it again.",
        4: "The file does not exist.",
    }
    assert len(cache.sha256[1]) == 64
    assert cache.sha256[4] == ""
    assert cache.sizes[[1, 4]].tolist() == [[0, 0], [0, 0]]
    assert all((cache[position] == expected(paths[position])).all() for position in (0, 2, 3, 5))
    with pytest.raises(KeyError, match="image 1 does not decode: The picture is damaged"):
        cache[1]
    decoded.clear()
    assert build_cache(paths, folder=tmp_path / "cache", frame=FRAME).failures == cache.failures
    assert decoded == []
    draw_lesion(LOOKS["nv"], seed=1, size=(90, 120)).save(paths[1])
    assert build_cache(paths, folder=tmp_path / "cache", frame=FRAME).failures.keys() == {4}


def test_nothing_but_damaged_pictures_and_nothing_at_all_are_caches_too(tmp_path: Path) -> None:
    assert len(build_cache([], folder=tmp_path / "cache", frame=FRAME)) == 0
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"broken")
    assert build_cache([path], folder=tmp_path / "cache", frame=FRAME).failures.keys() == {0}


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / JOURNAL).write_bytes((folder / JOURNAL).read_bytes()[:-10]),
        lambda folder: (folder / JOURNAL).write_bytes(b"\xff\xfe\x00"),
        lambda folder: (folder / JOURNAL).unlink(),
        lambda folder: (folder / PIXELS).write_bytes((folder / PIXELS).read_bytes()[:20_000]),
        lambda folder: (folder / PIXELS).unlink(),
    ],
    ids=["torn journal", "no journal", "lost journal", "short pixels", "lost pixels"],
)
def test_a_damaged_cache_is_mended(paths: list[Path], tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = tmp_path / "cache"
    build_cache(paths, folder=folder, frame=FRAME)
    before = files_of(folder)
    damage(folder)
    cache = build_cache(paths, folder=folder, frame=FRAME)
    assert all((cache[position] == expected(path)).all() for position, path in enumerate(paths))
    assert files_of(folder) == before


SLOW_BUILD = """
import sys, time
from pathlib import Path
from skinnet.data import cache
original = cache.open_photo
cache.open_photo = lambda file: (time.sleep(0.05), original(file))[1]
cache.build_cache(sorted(Path(sys.argv[1]).glob("*.png")), folder=Path(sys.argv[2]), frame=(48, 64))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_build_that_was_stopped_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, decoded: list[str], how: signal.Signals
) -> None:
    images, folder = tmp_path / "images", tmp_path / "cache"
    images.mkdir()
    for number in range(200):
        draw_lesion(LOOKS["nv"], seed=number, size=(64, 48)).save(images / f"{number:03d}.png")
    paths = sorted(images.iterdir())
    build_cache(paths, folder=tmp_path / "unbroken", frame=FRAME)
    decoded.clear()
    build = subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD, str(images), str(folder)],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background job ignores it
    )
    while not (folder / JOURNAL).exists() or (folder / JOURNAL).read_bytes().count(b"\n") < 20:
        assert build.poll() is None
        time.sleep(0.01)
    build.send_signal(how)
    build.wait(30)
    done = (folder / JOURNAL).read_bytes().count(b"\n") - 1
    assert 19 <= done < 199
    build_cache(paths, folder=folder, frame=FRAME)
    assert len(decoded) == 200 - done
    assert files_of(folder) == files_of(tmp_path / "unbroken")


def test_two_processes_that_build_at_once_share_the_work(tmp_path: Path) -> None:
    images, folder = tmp_path / "images", tmp_path / "cache"
    images.mkdir()
    for number in range(40):
        draw_lesion(LOOKS["nv"], seed=number, size=(64, 48)).save(images / f"{number:03d}.png")
    arguments = [sys.executable, "-c", SLOW_BUILD, str(images), str(folder)]
    builds = [subprocess.Popen(arguments, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [build.wait(60) for build in builds] == [0, 0]
    slots = [json.loads(line)["slot"] for line in (folder / JOURNAL).read_text().splitlines()[1:]]
    assert slots == list(range(40))


def test_the_cache_does_not_import_torch() -> None:
    code = "import sys, skinnet.data.cache; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
