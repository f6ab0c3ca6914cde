"""Commands that get the data and make one table of them: acquire, prepare, data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from skinnet.cli.options import Commands, add_checkpoint, add_command, add_root, positive
from skinnet.data.download import sources
from skinnet.data.download.sources import LICENCES, OWN_COLUMNS, SOURCES
from skinnet.labels import CLASSES

WRONG_USE = 2


def add(commands: Commands) -> None:
    """Add the commands of this module and their options."""
    _add_acquire(commands)
    _add_prepare(commands)
    _add_data(commands)


def acquire(options: argparse.Namespace) -> int:
    from skinnet.data.download.acquire import acquire

    acquire(SOURCES[options.source], root=options.root, mirror=options.mirror)
    return 0


def acquire_isic(options: argparse.Namespace) -> int:
    from skinnet.data.download.acquire import acquire_isic
    from skinnet.data.download.isic_archive import Search

    search = Search(
        query=options.query,
        collections=tuple(options.collections),
        limit=options.limit,
        licences=tuple(options.licence),
        thumbnails=options.thumbnails,
    )
    acquire_isic(search, root=options.root, name=options.name, mirror=options.mirror, skip_failed=options.skip_failed)
    return 0


def acquire_own(options: argparse.Namespace) -> int:
    from skinnet.data.download.acquire import acquire_own

    acquire_own(
        root=options.root,
        name=options.name,
        images=options.images,
        csv=options.csv,
        columns=dict(options.column),
        diagnoses=dict(options.diagnosis),
    )
    return 0


def list_sources(options: argparse.Namespace) -> int:
    print(sources.list_sources())
    return 0 if options.list else WRONG_USE


def prepare(options: argparse.Namespace) -> int:
    import pandas as pd

    from skinnet.data.index import LEFT_OUT, prepare

    index = prepare(options.root, options.sources or None)
    table = index.table.assign(dx=index.table["dx"].fillna("none of ours"))
    print(pd.crosstab([table["source"], table["dx"]], table["split"], margins=True, margins_name="all").to_string())
    if not index.left_out.empty:
        print(index.left_out.value_counts(["source", "reason"]).rename("left out").to_frame().to_string())
        print(f"Each of them is named in {options.root / LEFT_OUT}.")
    return 0


def data_report(options: argparse.Namespace) -> int:
    from skinnet.reporting.data_report import report

    print(f"Written in {report(options.root)}: data.md, data.png, and contact_sheet.jpg, which is to stay local.")
    return 0


def data_duplicates(options: argparse.Namespace) -> int:
    from skinnet.inference.classifier import Classifier
    from skinnet.studies.duplicates import SHEET, find_duplicates

    path = find_duplicates(options.root, Classifier.load(options.checkpoint))
    print(f"Written: {path}, and the best pairs to look at in {path.with_name(SHEET)}, which is to stay local.")
    return 0


def _add_acquire(commands: Commands) -> None:
    command = add_command(
        commands, "acquire", list_sources, "Download and unpack a data set.",
        "A download that was stopped goes on where it was when the command is run again.",
    )  # fmt: skip
    command.add_argument("--list", action="store_true", help="print all sources: size, licence, what they are")
    kinds = command.add_subparsers(title="sources (each has --help)", metavar="SOURCE", dest="source")
    for source in SOURCES.values():
        mirrored = "take the files from a copy that has a SHA256SUMS list"
        _add_source(kinds, source.name, acquire, f"{source.title}.", f"{source.labels}", mirrored)
    _add_isic(kinds)
    _add_own(kinds)


def _add_source(
    kinds: Commands, name: str, run: Any, summary: str, details: str, mirrored: str | None
) -> argparse.ArgumentParser:
    command = add_command(kinds, name, run, summary, details)
    add_root(command)
    if mirrored:
        command.add_argument("--mirror", metavar="FOLDER_OR_URL", help=mirrored)
    return command


def _add_isic(kinds: Commands) -> None:
    command = _add_source(
        kinds, "isic", acquire_isic, "Any search of the ISIC Archive.",
        "Attribution and licences are written beside the pictures.",
        "an address that answers like the archive's API, or a folder with what an earlier acquire left and a "
        "SHA256SUMS list, which is copied whole",
    )  # fmt: skip
    command.add_argument("--query", default="", help='such as: diagnosis_3:"Melanoma Invasive" AND sex:male')
    command.add_argument("--collections", type=int, nargs="+", default=[], metavar="NUMBER", help="such as 212 249")
    command.add_argument("--limit", type=positive, metavar="N", help="at most this many pictures")
    command.add_argument("--licence", nargs="+", default=[], choices=LICENCES, help="keep only pictures under these")
    command.add_argument("--thumbnails", action="store_true", help="small pictures, 256 pixels at most")
    command.add_argument("--name", default="isic", help="folder under --root (default: isic)")
    command.add_argument(
        "--skip-failed", action="store_true", help="finish without pictures that cannot be had; failures.csv names them"
    )


def _add_own(kinds: Commands) -> None:
    command = _add_source(
        kinds, "folder", acquire_own, "Pictures of your own with a CSV table; nothing is copied.",
        f"A column may mean {', '.join(OWN_COLUMNS)}; the one that means image_id, a file name, must be named.",
        None,
    )  # fmt: skip
    command.add_argument("--name", required=True, help="what to call it")
    command.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the pictures")
    command.add_argument("--csv", type=Path, required=True, metavar="FILE", help="table with a row a picture")
    command.add_argument(
        "--column", type=_pair, action="append", default=[], metavar="MEANING=NAME",
        help="a column of the table, such as image_id=file (repeat for more)",
    )  # fmt: skip
    command.add_argument(
        "--diagnosis", type=_pair, action="append", default=[], metavar="WORD=DX",
        help=f"the table's word for one of {', '.join(CLASSES)} (repeat for more)",
    )  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    first, found, second = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} has no '='")
    return first, second


def _add_prepare(commands: Commands) -> None:
    command = add_command(
        commands, "prepare", prepare, "Check the images, decode them once, and split them.",
        "HAM10000 gets its published split; of any other source, training, validation and test get seven, one and two "
        "tenths. No lesion, patient or near-duplicate is in two of them. What cannot be used is listed.",
    )  # fmt: skip
    command.add_argument("sources", nargs="*", metavar="SOURCE", help="(default: all that were acquired)")
    add_root(command)


def _add_data(commands: Commands) -> None:
    group = commands.add_parser("data", help="Look at prepared data.", description="Look at prepared data.")
    kinds = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command = add_command(
        kinds, "report", data_report, "Draw one page about everything prepared.",
        "Diagnoses, ages, sites, clinics, sizes, duplicates and splits, as a figure and as tables, and a sheet of "
        "sample pictures.",
    )  # fmt: skip
    add_root(command)
    command = add_command(
        kinds, "duplicates", data_duplicates, "Search for images of one lesion under different ids.",
        "Finds other photos and other parts of a photo, however turned, shifted, zoomed or mirrored. It proposes; "
        'look at the pairs. Needs pip install -e ".[duplicates]".',
    )  # fmt: skip
    add_root(command)
    add_checkpoint(command)
