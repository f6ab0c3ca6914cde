"""python -m skinnet acquire SOURCE: download a data set. Each source has its own options."""

from __future__ import annotations

import argparse
from pathlib import Path

from skinnet.cli.options import DONE, WRONG_USE, Command, Commands, add_command, add_root, pair, positive, word
from skinnet.data.download import sources
from skinnet.data.download.sources import FOLDER_COLUMNS, LICENCES, SOURCES
from skinnet.labels import CLASSES


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "acquire", list_sources, "Download and unpack a data set.",
        "An interrupted download continues when the command is run again.",
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="print all sources: size, licence, contents")
    kinds = parser.add_subparsers(title="sources (each has --help)", metavar="SOURCE", dest="source")
    for source in SOURCES.values():
        mirrored = "take the files from a copy: a folder, or an address that has a SHA256SUMS list"
        _add_source(kinds, source.name, acquire, f"{source.title}.", f"{source.labels}", mirrored)
    _add_isic(kinds)
    _add_folder(kinds)


def list_sources(options: argparse.Namespace) -> int:
    print(sources.list_sources())
    return DONE if options.list else WRONG_USE


def acquire(options: argparse.Namespace) -> int:
    from skinnet.data.download.acquire import acquire

    acquire(SOURCES[options.source], root=options.root, mirror=options.mirror)
    return DONE


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
    return DONE


def acquire_folder(options: argparse.Namespace) -> int:
    from skinnet.data.download.acquire import acquire_folder

    acquire_folder(
        root=options.root,
        name=options.name,
        images=options.images,
        csv=options.csv,
        columns=dict(options.column),
        diagnoses=dict(options.diagnosis),
    )
    return DONE


def _add_source(
    kinds: Commands, name: str, command: Command, summary: str, details: str, mirrored: str | None
) -> argparse.ArgumentParser:
    parser = add_command(kinds, name, command, summary, details)
    add_root(parser)
    if mirrored:
        parser.add_argument("--mirror", type=word, metavar="FOLDER_OR_URL", help=mirrored)
    return parser


def _add_isic(kinds: Commands) -> None:
    parser = _add_source(
        kinds, "isic", acquire_isic, "Any search of the ISIC Archive.",
        "Attribution and licences are written beside the pictures.",
        "an address that answers like the archive's API, or a folder that an earlier acquire filled and that has a "
        "SHA256SUMS list; the whole folder is copied",
    )  # fmt: skip
    parser.add_argument("--query", default="", help='such as: diagnosis_3:"Melanoma Invasive" AND sex:male')
    parser.add_argument("--collections", type=int, nargs="+", default=[], metavar="NUMBER", help="such as 212 249")
    parser.add_argument("--limit", type=positive, metavar="N", help="at most this many pictures")
    parser.add_argument("--licence", nargs="+", default=[], choices=LICENCES, help="keep only pictures under these")
    parser.add_argument("--thumbnails", action="store_true", help="small pictures, 256 pixels at most")
    parser.add_argument("--name", default="isic", help="folder under --root (default: isic)")
    parser.add_argument(
        "--skip-failed", action="store_true",
        help="finish without pictures that cannot be downloaded; failures.csv names them",
    )  # fmt: skip


def _add_folder(kinds: Commands) -> None:
    parser = _add_source(
        kinds, "folder", acquire_folder, "Your own pictures with a CSV table; nothing is copied.",
        f"A column may mean {', '.join(FOLDER_COLUMNS)}; one that has such a name itself needs no option. The one that "
        "means image_id holds file names.",
        None,
    )  # fmt: skip
    parser.add_argument("--name", required=True, help="name of the data set")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the pictures")
    parser.add_argument("--csv", type=Path, required=True, metavar="FILE", help="table with one row per picture")
    parser.add_argument(
        "--column", type=pair, action="append", default=[], metavar="MEANING=NAME",
        help="a column of the table, such as image_id=file (repeat for more)",
    )  # fmt: skip
    parser.add_argument(
        "--diagnosis", type=pair, action="append", default=[], metavar="WORD=DX",
        help=f"the table's word for one of {', '.join(CLASSES)} (repeat for more)",
    )  # fmt: skip
