"""python -m skinnet prepare: check, decode and split what was acquired."""

from __future__ import annotations

import argparse

from skinnet.cli.options import DONE, Commands, add_command, add_root


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "prepare", prepare, "Check the images, decode them once, and split them.",
        "HAM10000 gets its published split. Any other source is split 7 to 1 to 2 into training, validation and test. "
        "No lesion, patient or near-duplicate is in two of them. Unusable images are listed.",
    )  # fmt: skip
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="(default: all that were acquired)")
    add_root(parser)


def prepare(options: argparse.Namespace) -> int:
    import pandas as pd

    from skinnet.data.index import LEFT_OUT, prepare

    index = prepare(options.root, options.sources or None)
    table = index.table.assign(dx=index.table["dx"].fillna("none of ours"))
    print(pd.crosstab([table["source"], table["dx"]], table["split"], margins=True, margins_name="all").to_string())
    if not index.left_out.empty:
        print(index.left_out.value_counts(["source", "reason"]).rename("left out").to_frame().to_string())
        print(f"{options.root / LEFT_OUT} names each of them.")
    return DONE
