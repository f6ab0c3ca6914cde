"""python -m skinnet predict: classify pictures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.cli.options import DONE, NOT_CLASSIFIED, Commands, add_checkpoint, add_command, checkpoint_folder
from skinnet.labels import DISCLAIMER, MALIGNANT_MEANING

if TYPE_CHECKING:
    import pandas as pd


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "predict", predict, "Classify pictures.",
        "The column p_malignant is the probability that a lesion is malignant or pre-malignant "
        "(akiec + bcc + mel); diagnosis follows the balanced rule, most_likely the largest probability. "
        "A picture that cannot be read becomes a row with its error, and the exit code is 3. The column gate is ok, "
        "warn (the numbers are unreliable) or refuse (do not use them); note says why. " + DISCLAIMER,
    )  # fmt: skip
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="picture, folder or ZIP archive")
    add_checkpoint(parser)
    parser.add_argument("--format", choices=["table", "csv", "json"], default="table", help="(default: table)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")


def predict(options: argparse.Namespace) -> int:
    checkpoint = checkpoint_folder(options)  # before the slow imports: a missing one is reported at once
    from skinnet.files import write_text
    from skinnet.inference.batch import predict_paths
    from skinnet.inference.classifier import Classifier

    table = predict_paths(Classifier.load(checkpoint), options.paths)
    text = _formatted(table, options.format)
    if options.out is None:
        sys.stdout.write(text)
    else:
        write_text(options.out, text)
    if refused := int((table["gate"] == "refuse").sum()):
        print(f"{refused} of {len(table)} pictures show no lesion to classify: see the column note.", file=sys.stderr)
    if failed := int((table["error"] != "").sum()):
        print(f"{failed} of {len(table)} pictures could not be read: see the column error.", file=sys.stderr)
        return NOT_CLASSIFIED
    return DONE


def _formatted(table: pd.DataFrame, style: str) -> str:
    if style == "csv":
        from skinnet.inference.batch import csv_text

        return csv_text(table)
    if style == "json":
        return f"{table.to_json(orient='records', indent=2)}\n"
    rows = table.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep="")
    return f"{rows}\np_malignant: probability that the lesion is {MALIGNANT_MEANING}.\n{DISCLAIMER}\n"
