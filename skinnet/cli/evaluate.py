"""python -m skinnet evaluate: print how good a network is, and write a report."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, out_folder, share, word

if TYPE_CHECKING:
    from skinnet.cli.evaluate_input import EvaluateInput
    from skinnet.evaluation.evaluate import Metrics


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "evaluate", evaluate, "Print how good a network is, with 95 percent intervals.",
        "With --root, a checkpoint's network predicts the images again; without, its published predictions are read; "
        "with --predictions, those of any other network.",
    )  # fmt: skip
    add_checkpoint(parser)
    _add_data_options(parser)
    _add_table_options(parser)
    _add_report_options(parser)


def evaluate(options: argparse.Namespace) -> int:
    from skinnet.cli.evaluate_input import read_input
    from skinnet.evaluation.evaluate import evaluate
    from skinnet.files import LOCK, exclusive
    from skinnet.reporting.captions import caption
    from skinnet.reporting.metric_tables import all_tables
    from skinnet.reporting.table import titled

    given = read_input(options)
    with exclusive(options.out / LOCK) if options.out is not None else nullcontext():
        metrics = evaluate(given.predictions, decision=given.decision, prevalence=options.prevalence)
        heading = caption(metrics, given.split, source=given.source, held_out=given.held_out, method=given.method)
        print(heading, titled(all_tables(metrics)), sep="\n\n")
        if options.out is not None:
            _write(given, metrics, heading, folder=options.out)
        if options.against is not None:
            _compare(given, options.against, folder=options.out)
    return DONE


def _write(given: EvaluateInput, metrics: Mapping[str, Metrics], heading: str, *, folder: Path) -> None:
    from skinnet.checkpoint import PREDICTIONS
    from skinnet.evaluation.scored_cases import by_lesion
    from skinnet.files import remove_leftovers
    from skinnet.inference.predictions import save_predictions
    from skinnet.reporting.captions import SPLIT_NAMES
    from skinnet.reporting.report import write_evaluation
    from skinnet.reporting.results.measured import DataSet
    from skinnet.reporting.results.page import Evaluation

    remove_leftovers(folder)
    save_predictions(given.predictions, folder / PREDICTIONS)
    evaluation = Evaluation(
        [DataSet(given.source, metrics, by_lesion(given.predictions))],
        title=f"Evaluation of {given.name}",
        caption=heading,
        split=SPLIT_NAMES[given.split],
        history=given.history,
    )
    write_evaluation(evaluation, {given.split: metrics}, folder, source=given.source)


def _compare(given: EvaluateInput, other: Path, *, folder: Path | None) -> None:
    """Print the differences to another checkpoint or table, and write them where a folder is given."""
    from skinnet.checkpoint import TABLE_FOLDER
    from skinnet.cli.evaluate_input import read_other
    from skinnet.evaluation.compare import compare
    from skinnet.files import write_text
    from skinnet.reporting.comparison_table import comparison_table
    from skinnet.reporting.table import titled

    predictions, decision = read_other(other, given.split)
    differences = compare(given.predictions, predictions, decisions=(given.decision, decision))
    for unit, rows in differences.items():
        table = comparison_table(rows, unit)
        print(f"\n{titled([table])}")
        if folder is not None:
            write_text(folder / TABLE_FOLDER / f"{table.name}.csv", table.csv())


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=out_folder, help="folder of the data sets, after prepare")
    parser.add_argument("--split", choices=["train", "val", "test", "all"], default="test", help="(default: test)")
    parser.add_argument("--source", type=word, help="data set below --root (default: ham10000)")
    parser.add_argument("--partition", type=word, help="as in train (default: split)")


def _add_table_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--predictions", type=Path, metavar="CSV",
        help="table with the diagnosis (dx, or MEL .. VASC of 0 and 1) and the seven probabilities p_akiec .. p_vasc",
    )  # fmt: skip
    parser.add_argument("--rules", type=Path, metavar="JSON", help="for --predictions: the file that recalibrate wrote")
    parser.add_argument("--threshold", type=share, metavar="P", help="for --predictions: threshold on p_malignant")


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prevalence", type=share, metavar="P", help="share of (pre)malignant lesions where you work, such as 0.05"
    )
    parser.add_argument(
        "--against", type=Path, metavar="OTHER", help="compare with another checkpoint or CSV of the same images"
    )
    parser.add_argument(
        "--out",
        type=out_folder,
        metavar="DIR",
        help="folder for predictions, metrics, tables, figures and report.html",
    )
