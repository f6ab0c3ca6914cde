"""python -m skinnet cases: classify the cases of the app's quiz beforehand."""

from __future__ import annotations

import argparse
from pathlib import Path

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, checkpoint_folder


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "cases", cases, "Classify the cases of the app's quiz beforehand.",
        "Writes cases.json into the checkpoint: the score, the verdict and the evidence for melanoma of each picture. "
        "The tab Learn draws its quiz from them. Run it again after a release.",
    )  # fmt: skip
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with the pictures, such as demo/cases")
    add_checkpoint(parser)


def cases(options: argparse.Namespace) -> int:
    checkpoint = checkpoint_folder(options)  # before the slow imports: a missing one is reported at once
    from skinnet.checkpoint import CASES
    from skinnet.studies.case_verdicts import write_verdicts

    count = write_verdicts(checkpoint, options.folder)
    print(f"{count} cases in {checkpoint / CASES}.")
    return DONE
