"""python -m skinnet recalibrate: refit calibration and thresholds on a clinic's own cases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.cli.options import DONE, Commands, add_command, out_folder
from skinnet.labels import MALIGNANT_MEANING

if TYPE_CHECKING:
    from skinnet.training.recalibrate import Recalibration


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "recalibrate", recalibrate, "Refit calibration and thresholds on a clinic's own cases.",
        "Reads the same kind of table as evaluate --predictions, and writes recalibration.json and the table with new "
        "probabilities. It needs 20 (pre)malignant and 20 benign lesions, and other cases to evaluate it on.",
    )  # fmt: skip
    parser.add_argument("--predictions", type=Path, required=True, metavar="CSV", help="table of the clinic's cases")
    parser.add_argument("--out", type=out_folder, required=True, metavar="DIR", help="folder to write")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="DIR",
        help="the checkpoint that made the probabilities: its config.json is written too, with the new values",
    )  # fmt: skip


def recalibrate(options: argparse.Namespace) -> int:
    from skinnet.checkpoint import PREDICTIONS, RECALIBRATION, load_config, save_config
    from skinnet.evaluation.external_table import read_external_table
    from skinnet.files import write_json
    from skinnet.inference.predictions import save_predictions
    from skinnet.training.recalibrate import recalibrate

    table = read_external_table(options.predictions)
    fitted = recalibrate(table)
    write_json(options.out / RECALIBRATION, fitted.as_json())
    save_predictions(fitted.apply(table), options.out / PREDICTIONS)
    if options.checkpoint is not None:
        save_config(fitted.for_checkpoint(load_config(options.checkpoint)), options.out)
    print(_summary(fitted))
    print(f"Written in {options.out}. Evaluate it on other cases: it was fitted to these.")
    return DONE


def _summary(fitted: Recalibration) -> str:
    shift = max(fitted.calibration.prior_shift, key=abs)
    lines = [
        f"Fitted on {fitted.lesions:,} lesions, {fitted.malignant:,} of them {MALIGNANT_MEANING}: temperature "
        f"{fitted.calibration.temperature:.3f}, log odds of {MALIGNANT_MEANING} {shift:+.3f}."
    ]
    lines += [
        f"p_malignant from {point.threshold:.4f} on finds {point.sensitivity:.1%} of them here."
        for point in fitted.decision.operating_points
    ]
    return "\n".join(lines)
