"""`predict` and `explain` where something goes wrong: odd names and targets, Ctrl-C, kills, thousands of bad files."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from skinnet.__main__ import main
from skinnet.cli.options import DONE, NOT_CLASSIFIED, STOPPED, WRONG_USE
from skinnet.files import exclusive
from skinnet.images.photo import open_photo
from skinnet.inference import batch
from skinnet.inference.classifier import Classifier
from tests.drawings import LOOKS, draw_lesion
from tests.mutations import mutations

COUNT = 6


class MeanColour(nn.Module):
    """A network that answers with the mean colour."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.cat([images.mean(dim=(2, 3)), images.mean(dim=(2, 3)), images.mean(dim=(1, 2, 3))[:, None]], dim=1)


@pytest.fixture(autouse=True)
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier that costs nothing takes the place of any checkpoint's."""
    classifier = Classifier(MeanColour(), frame=(48, 64), mean=(0.5, 0.5, 0.5), std=(0.1, 0.1, 0.1))
    monkeypatch.setattr(Classifier, "load", lambda _folder, **_options: classifier)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(COUNT):
        draw_lesion(LOOKS["nv"], seed=number, size=(80, 60)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], list[str]]:
    """Have Ctrl-C pressed when so many photos are done; gives the list of those that are opened."""
    opened: list[str] = []

    def arrange(count: int | None) -> list[str]:
        opened.clear()

        def open_or_stop(source: Any) -> Image.Image:
            if len(opened) == count:
                raise KeyboardInterrupt
            opened.append(Path(source).name)
            return open_photo(source)

        monkeypatch.setattr(batch, "open_photo", open_or_stop)
        return opened

    return arrange


@pytest.mark.parametrize("style", ["csv", "json", "table"])
def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(
    photos: Path, tmp_path: Path, stop_after: Callable[[int | None], list[str]], style: str
) -> None:
    (photos / "3.png").write_bytes(b"no picture")
    whole, out = tmp_path / "whole", tmp_path / "table"
    command = ["predict", str(photos), "--format", style, "--out"]
    assert main([*command, str(whole)]) == NOT_CLASSIFIED
    stop_after(4)
    assert main([*command, str(out)]) == STOPPED
    assert 0 < len(out.read_text()) < len(whole.read_text())
    opened = stop_after(None)
    assert main([*command, str(out), "--resume"]) == NOT_CLASSIFIED
    assert opened == ["3.png", "4.png", "5.png"]  # what could not be read is tried again
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "table", "whole"]


def test_ctrl_c_keeps_the_rows_that_were_printed(
    photos: Path, stop_after: Callable[[int | None], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    for style, lines in (("csv", 3), ("json", 2 * 19)):
        stop_after(2)
        assert main(["predict", str(photos), "--format", style]) == STOPPED
        printed = capsys.readouterr()
        assert len(printed.out.splitlines()) >= lines
        assert printed.out.count(".png") == 2
        assert "interrupted after 2 of 6 pictures" in printed.err


def test_a_killed_batch_goes_on_after_its_last_whole_row(
    photos: Path, tmp_path: Path, stop_after: Callable[[int | None], list[str]]
) -> None:
    out, part = tmp_path / "table.csv", tmp_path / "table.csv.part"
    command = ["predict", str(photos), "--format", "csv", "--out", str(out)]
    assert main(command) == DONE
    whole = out.read_bytes()
    stop_after(5)
    assert main(command) == STOPPED
    out.unlink()
    part.write_bytes(part.read_bytes()[:-30])  # a kill cut the last row off
    draw_lesion(LOOKS["nv"], seed=0, size=(80, 60)).save(photos / "0.png", compress_level=1)  # another file by now
    opened = stop_after(None)
    assert main([*command, "--resume"]) == DONE
    assert opened == ["0.png", "4.png", "5.png"]
    assert out.read_bytes() == whole
    assert not part.exists()


def test_rows_of_another_checkpoint_are_not_taken_over(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = tmp_path / "table.csv.part"
    command = ["predict", str(photos), "--out", str(tmp_path / "table.csv"), "--resume"]
    for text, words in (
        (json.dumps({"config.json": "another"}), "from another checkpoint"),
        ("[1]\n[2]", "is damaged"),
    ):
        part.write_text(text + "\n")
        assert main(command) == 1
        assert words in capsys.readouterr().err
    assert main(["predict", str(photos), "--resume"]) == 1
    assert "needs --out FILE" in capsys.readouterr().err


def test_odd_names_are_escaped_and_end_nothing(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = (photos / "0.png").read_bytes()
    for name in (b"caf\xe9.png", b"two\nlines.png", b"\x1b[31mred.png", "Rücken 皮膚.png".encode()):
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(picture)
    out = tmp_path / "table.csv"
    assert main(["predict", str(photos), "", str(photos / "absent\n.png"), "--format", "csv", "--out", str(out)]) == 3
    table = pd.read_csv(out, keep_default_na=False)
    names = {Path(path).name: error for path, error in zip(table["path"], table["error"], strict=True)}
    assert {"caf\\xe9.png", "two\\x0alines.png", "\\x1b[31mred.png", "Rücken 皮膚.png"} < set(names)
    assert names["absent\\x0a.png"] == "The file does not exist."
    assert names[""] == "The name of the file is empty."
    assert sum(error == "" for error in names.values()) == COUNT + 4
    for style in ("table", "json"):
        assert main(["predict", str(photos), "--format", style]) == DONE
        assert "\x1b" not in capsys.readouterr().out
    main(["explain", str(photos / "\x1b[31m.png"), "--out", str(tmp_path / "map.png")])
    assert "\x1b" not in capsys.readouterr().err


def test_what_is_no_picture_is_counted_in_one_closing_line(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.txt", "b.txt", "c.pdf", "Thumbs.db"):
        (photos / name).write_bytes(b"text")
    assert main(["predict", str(photos), "--format", "csv"]) == DONE
    assert capsys.readouterr().err == "Passed over, since they are no pictures: 1 .pdf, 2 .txt.\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["predict", "a.jpg", "--out", "/dev/null"], "is a link, a folder or a device"),
        (["predict", "a.jpg", "--out", "{folder}"], "is a link, a folder or a device"),
        (["predict", "a.jpg", "--out", "{folder}/link.csv"], "is a link, a folder or a device"),
        (["predict", "a.jpg", "--out", "{folder}/0.png/a.csv"], "cannot be written"),
        (["predict", "a.jpg", "--out", "{folder}/" + "x" * 300], "cannot be written"),
        (["predict", "a.jpg", "--out", ""], "it is empty"),
        (["predict", "--out", "{folder}/0.png", "{folder}/1.png"], "has the name of a picture or an archive"),
        (["predict", "--out", "{folder}/photos.zip", "{folder}/1.png"], "has the name of a picture or an archive"),
        (["explain", "{folder}/1.png", "--out", "{folder}/0.jpg"], "must end in .png"),
        (["explain", "a.jpg", "--out", "/dev/null"], "is a link, a folder or a device"),
        (["explain", "a.jpg", "--out", "a.png", "--opacity", "7"], "is no number from 0 to 1"),
        (["explain", "a.jpg", "--out", "a.png", "--opacity", "nan"], "is no number from 0 to 1"),
    ],
)
def test_targets_and_options_are_checked_before_work_starts(
    command: list[str], words: str, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "link.csv").symlink_to(photos / "elsewhere.csv")
    with pytest.raises(SystemExit) as stopped:
        main([word.format(folder=photos) for word in command])
    assert stopped.value.code == WRONG_USE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(("command", "name"), [("predict", "photo"), ("explain", "0.png")])
def test_no_picture_is_replaced_by_what_is_said_of_it(
    command: str, name: str, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "photo").write_bytes((photos / "0.png").read_bytes())
    before = (photos / name).read_bytes()
    roundabout = photos / ".." / "photos" / name
    assert main([command, str(photos / name), "--out", str(roundabout)]) == 1
    assert "would replace a picture" in capsys.readouterr().err
    assert (photos / name).read_bytes() == before


def test_a_second_batch_into_the_same_table_is_told_and_changes_nothing(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, part = tmp_path / "table.csv", tmp_path / "table.csv.part"
    part.write_text("rows of the first")
    with exclusive(tmp_path / ".table.csv.lock"):
        assert main(["predict", str(photos), "--out", str(out)]) == 1
        assert "Another skinnet is at work" in capsys.readouterr().err
        assert part.read_text() == "rows of the first"
        assert (tmp_path / ".table.csv.lock").exists()
    assert not out.exists()


def test_a_full_disk_ends_in_one_line_and_resume_goes_on(
    photos: Path, tmp_path: Path, stop_after: Callable[[int | None], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "table.csv"
    command = ["predict", str(photos), "--format", "csv", "--out"]
    assert main([*command, str(whole)]) == DONE
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    capsys.readouterr()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
        assert main([*command, str(out)]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"skinnet: {out}.part: File too large"
    assert not out.exists()
    opened = stop_after(None)
    assert main([*command, str(out), "--resume"]) == DONE
    assert 0 < len(opened) < COUNT
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("name", ["absent.png", "text.png", "empty.png", "pipe.png", "."])
def test_explain_names_the_picture_that_cannot_be_read(
    name: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "text.png").write_text("text")
    (photos / "empty.png").touch()
    os.mkfifo(photos / "pipe.png")
    assert main(["explain", str(photos / name), "--out", str(tmp_path / "map.png")]) == NOT_CLASSIFIED
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"skinnet: {photos / name}: The file ")
    assert not (tmp_path / "map.png").exists()


class NoCluster:
    """A Ray that never starts."""

    exceptions = SimpleNamespace(RayError=ChildProcessError, RayTaskError=BrokenPipeError)

    def __init__(self) -> None:
        self.calls: list[str] = []

    def init(self, **options: Any) -> None:
        self.calls.append("init")
        raise RuntimeError("The current node timed out.\nSee the logs.")

    def shutdown(self) -> None:
        self.calls.append("shutdown")


def test_a_cluster_that_cannot_be_had_is_one_sentence(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "")  # set by skinnet, and set back after the test
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    command = ["predict", str(photos), "--engine", "ray"]
    assert main(command) == 1
    assert "so it needs --out FILE." in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*command, "--out", str(tmp_path / "table.csv")]) == 1
    assert capsys.readouterr().err == 'skinnet: --engine ray needs Ray: pip install "skinnet[ray]".\n'
    cluster = NoCluster()
    monkeypatch.setitem(sys.modules, "ray", cluster)
    assert main([*command, "--out", str(tmp_path / "table.csv")]) == 1
    assert capsys.readouterr().err == "skinnet: Ray did not start: The current node timed out.\n"
    assert cluster.calls == [*["init", "shutdown"] * 3, "shutdown"]
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    vars(cluster).update(init=lambda **_: None, remote=lambda **_: str, cluster_resources=dict)
    assert main([*command, "--out", str(tmp_path / "table.csv")]) == 1
    assert capsys.readouterr().err == "skinnet: The Ray cluster has no core that may work.\n"


@pytest.mark.stress
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::Warning:PIL")
def test_five_thousand_damaged_files_are_a_row_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "damaged", tmp_path / "table.csv"
    folder.mkdir()
    for number, data in enumerate(mutations(5000, seed=2026)):
        (folder / f"{number:04d}.jpg").write_bytes(data)
    seconds: list[float] = []

    def timed(source: Any) -> Image.Image:
        begin = time.perf_counter()
        try:
            return open_photo(source)
        finally:
            seconds.append(time.perf_counter() - begin)

    monkeypatch.setattr(batch, "open_photo", timed)
    assert main(["predict", str(folder), "--format", "csv", "--out", str(out)]) == NOT_CLASSIFIED
    table = pd.read_csv(out, keep_default_na=False)
    errors = table["error"][table["error"] != ""]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    with capsys.disabled():
        print(f"\n5,000 files: {5000 - len(errors)} classified, slowest {max(seconds):.2f} s, peak {peak:.2f} GB")
        print(errors.str.replace(r"\d+ x \d+", "N x N", regex=True).value_counts().to_string())
    assert len(table) == len(seconds) == 5000
    assert 500 < len(errors) < 4500
    assert errors.str.fullmatch(r"[^\n]+\.").all()
    assert max(seconds) < 5
    assert peak < 1.2
