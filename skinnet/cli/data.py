"""python -m skinnet data report, and data duplicates: inspect what was prepared."""

from __future__ import annotations

import argparse

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, add_root, checkpoint_folder


def add(commands: Commands) -> None:
    group = commands.add_parser("data", help="Inspect prepared data.", description="Inspect prepared data.")
    kinds = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_report(kinds)
    _add_duplicates(kinds)


def report(options: argparse.Namespace) -> int:
    from skinnet.reporting.data_report import write_data_report

    folder = write_data_report(options.root)
    print(f"Written in {folder}: data.md, data.png, and contact_sheet.jpg, which must stay local.")
    return DONE


def duplicates(options: argparse.Namespace) -> int:
    from skinnet.inference.classifier import Classifier
    from skinnet.studies.duplicates.search import SHEET, find_duplicates

    path = find_duplicates(options.root, Classifier.load(checkpoint_folder(options)))
    print(f"Written: {path}, and the best pairs as pictures in {path.with_name(SHEET)}, which must stay local.")
    return DONE


def _add_report(kinds: Commands) -> None:
    parser = add_command(
        kinds, "report", report, "Draw one page about everything prepared.",
        "Diagnoses, ages, sites, clinics, sizes, duplicates and splits, as a figure and as tables, and a sheet of "
        "sample pictures.",
    )  # fmt: skip
    add_root(parser)


def _add_duplicates(kinds: Commands) -> None:
    parser = add_command(
        kinds, "duplicates", duplicates, "Search for images of one lesion under different ids.",
        "Finds other photos and other parts of a photo, even if turned, shifted, zoomed or mirrored. It only proposes: "
        'check each pair by eye. Needs pip install -e ".[duplicates]".',
    )  # fmt: skip
    add_root(parser)
    add_checkpoint(parser)
