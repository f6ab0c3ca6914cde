"""Commands that measure: evaluate, recalibrate, robustness, fit-gate, faithfulness."""

from __future__ import annotations

import argparse
import dataclasses
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.cli.options import Commands, add_checkpoint, add_command, add_root, positive
from skinnet.errors import SkinnetError
from skinnet.labels import CLASSES, MALIGNANT_MEANING

if TYPE_CHECKING:
    import pandas as pd

    from skinnet.data.dataset import Images
    from skinnet.inference.calibration import Decision
    from skinnet.inference.classifier import Classifier

log = logging.getLogger("skinnet")


def add(commands: Commands) -> None:
    """Add the commands of this module and their options."""
    _add_evaluate(commands)
    _add_recalibrate(commands)
    _add_robustness(commands)
    _add_fit_gate(commands)
    _add_faithfulness(commands)


def evaluate(options: argparse.Namespace) -> int:
    from skinnet.evaluation.compare import compare, comparison_table
    from skinnet.evaluation.evaluate import evaluate
    from skinnet.files import write_text
    from skinnet.inference.predictions import save_predictions
    from skinnet.reporting.metric_tables import all_tables
    from skinnet.reporting.model_card import caption
    from skinnet.reporting.report import TABLE_FOLDER, write_evaluation
    from skinnet.reporting.table import titled

    judged = _judged(options)
    metrics = evaluate(judged.table, decision=judged.decision, prevalence=options.prevalence)
    heading = caption(metrics, judged.split, source=judged.source, apart=judged.apart, how=judged.how)
    print(heading, titled(all_tables(metrics)), sep="\n\n")
    if options.out is not None:
        save_predictions(judged.table, options.out / "predictions.csv")
        write_evaluation(
            judged.table,
            {judged.split: metrics},
            split=judged.split,
            folder=options.out,
            title=f"Evaluation of {judged.name}",
            source=judged.source,
            caption=heading,
            history=judged.history,
        )
    if options.against is not None:
        other, decision = _other(options.against, judged.split)
        differences = compare(judged.table, other, decisions=(judged.decision, decision))
        for unit, rows in differences.items():
            table = comparison_table(rows, unit)
            print(f"\n{titled([table])}")
            if options.out is not None:
                write_text(options.out / TABLE_FOLDER / f"{table.name}.csv", table.csv())
    return 0


@dataclasses.dataclass(frozen=True)
class _Judged:
    """What `evaluate` is about: a table of predictions, the rules, and the words for both."""

    table: pd.DataFrame
    decision: Decision | None
    split: str
    source: str
    name: str
    apart: bool = False
    how: str = ""
    history: pd.DataFrame | None = None


def _judged(options: argparse.Namespace) -> _Judged:
    from skinnet.evaluation.external_table import read_outside
    from skinnet.files import read_table
    from skinnet.inference.classifier import Classifier
    from skinnet.reporting.model_card import ONE_NETWORK, data_name, source_title

    if options.predictions is not None:
        if options.root or options.source or options.partition:
            raise SkinnetError("--predictions is judged by itself: leave out --root, --source, --partition.")
        table, rules = read_outside(options.predictions), _rules(options)
        return _Judged(table, rules, "all", options.predictions.stem, options.predictions.name)
    if options.rules or options.threshold is not None:
        raise SkinnetError("--rules and --threshold are for --predictions: a checkpoint has its own.")
    classifier = Classifier.load(options.checkpoint)
    apart = options.split in ("val", "test")
    if options.root is None:
        if options.source or options.partition:
            raise SkinnetError(
                "Without --root a checkpoint's own predictions are read: leave out --source, --partition."
            )
        table, source = _published(options.checkpoint, options.split), data_name(classifier.config)
    else:
        table, seen = _judge_anew(classifier, options)
        source = source_title(options.source or "ham10000")
        apart = apart and not seen
    history = read_table(options.checkpoint / "history.csv", mend="restore it")
    name = str(classifier.config.get("name", options.checkpoint.name))
    return _Judged(table, classifier.decision, options.split, source, name, apart, ONE_NETWORK, history)


def _published(checkpoint: Path, split: str) -> pd.DataFrame:
    from skinnet.inference.predictions import load_predictions

    predictions = load_predictions(checkpoint / "predictions.csv")
    chosen = predictions[predictions["split"] == split]
    if chosen.empty:
        raise SkinnetError(f"{checkpoint} publishes no {split} predictions: name the data with --root.")
    return chosen


def _rules(options: argparse.Namespace) -> Decision | None:
    """Of a table that came without a network."""
    from skinnet.files import read_json
    from skinnet.inference.calibration import VERDICT, Decision, OperatingPoint

    if options.rules is not None:
        try:
            return Decision.of(read_json(options.rules, mend="name what recalibrate wrote, or a config.json"))
        except (KeyError, TypeError, ValueError) as error:
            raise SkinnetError(f"{options.rules} holds no class_weights and operating_points.") from error
    if options.threshold is None:
        return None
    point = OperatingPoint(VERDICT, sensitivity=0.95, threshold=options.threshold)
    return Decision((1.0,) * len(CLASSES), (point,))


def _other(path: Path, split: str) -> tuple[pd.DataFrame, Decision | None]:
    """The table of another checkpoint or CSV file, and its rules."""
    from skinnet.evaluation.external_table import read_outside
    from skinnet.inference.calibration import Decision
    from skinnet.inference.classifier import read_config

    if path.is_dir():
        return _published(path, split), Decision.of(read_config(path))
    table = read_outside(path)
    return (table[table["split"] == split] if "split" in table and split != "all" else table), None


def _judge_anew(classifier: Classifier, options: argparse.Namespace) -> tuple[pd.DataFrame, int]:
    """Predictions of a split, and how many of its images the network was trained on."""
    from skinnet.data.index import load_cache, load_index
    from skinnet.inference.predictions import predict_split
    from skinnet.reporting.release import seen_in_training

    table = load_index(options.root, sources=[options.source or "ham10000"], partition=options.partition or "split")
    predictions = predict_split(classifier, table, load_cache(options.root, table), options.split)
    judged = table[table["image_id"].isin(predictions["image_id"])]
    seen = int(seen_in_training(options.checkpoint, judged).sum())
    if seen and options.split != "train":
        log.warning("The network was trained on %d of these %d images: the figures flatter it.", seen, len(judged))
    return predictions, seen


def recalibrate(options: argparse.Namespace) -> int:
    from skinnet.evaluation.external_table import read_outside
    from skinnet.files import write_json
    from skinnet.inference.classifier import read_config
    from skinnet.inference.predictions import save_predictions
    from skinnet.training.recalibrate import recalibrate

    table = read_outside(options.predictions)
    found = recalibrate(table)
    write_json(options.out / "recalibration.json", found.as_json())
    save_predictions(found.apply(table), options.out / "predictions.csv")
    if options.checkpoint is not None:
        write_json(options.out / "config.json", found.for_checkpoint(read_config(options.checkpoint)))
    shift = max(found.calibration.prior_shift, key=abs)
    print(
        f"Fitted on {found.lesions:,} lesions, {found.malignant:,} of them {MALIGNANT_MEANING}: temperature "
        f"{found.calibration.temperature:.3f}, log odds of {MALIGNANT_MEANING} {shift:+.3f}."
    )
    for point in found.decision.operating_points:
        print(f"p_malignant from {point.threshold:.4f} on finds {point.sensitivity:.1%} of them here.")
    print(f"Written in {options.out}. Judge it on other cases: these have been fitted to.")
    return 0


def robustness(options: argparse.Namespace) -> int:
    from skinnet.data.index import load_cache, load_index
    from skinnet.inference.classifier import Classifier
    from skinnet.reporting.table import titled
    from skinnet.studies.robustness import ROBUSTNESS, robustness, robustness_table, save_robustness

    table = load_index(options.root)
    images, chosen = load_cache(options.root, table), table[table["split"] == options.split]
    classifier, folder = Classifier.load(options.checkpoint), options.out or options.checkpoint
    measured = robustness(classifier, chosen, images, keep=options.cache)
    save_robustness(measured, folder)
    print(titled([robustness_table(measured)]))
    print(f"Written: {folder / ROBUSTNESS}")
    _controls(classifier, chosen, images, options, folder)
    return 0


def _controls(
    classifier: Classifier, table: pd.DataFrame, images: Images, options: argparse.Namespace, folder: Path
) -> None:
    """The second table of `robustness`, where the masks are there."""
    from skinnet.images.lesion_masks import MEND
    from skinnet.reporting.table import titled
    from skinnet.studies.lesion_hidden import CONTROLS, controls, controls_table, masks_missing, save_controls

    if missing := masks_missing(table, options.root):
        log.warning(
            "No lesion mask for %d of %d images in %s: no controls. For them %s.",
            missing, len(table), options.root, MEND,
        )  # fmt: skip
        return
    measured = controls(classifier, table, images, root=options.root, keep=options.cache)
    save_controls(measured, folder)
    print(f"\n{titled([controls_table(measured)])}")
    print(f"Written: {folder / CONTROLS}")


def fit_gate(options: argparse.Namespace) -> int:
    from skinnet.studies.gate_card import CARD
    from skinnet.studies.gate_study import fit_gate

    fit_gate(options.checkpoint, root=options.root, packages=options.packages or [Path("/")])
    print((options.checkpoint / CARD).read_text(encoding="utf-8"))
    return 0


def faithfulness(options: argparse.Namespace) -> int:
    from skinnet.device import keep_freed_memory
    from skinnet.inference.classifier import Classifier
    from skinnet.reporting.table import titled
    from skinnet.studies.faithfulness.measure import measure
    from skinnet.studies.faithfulness.summary import faithfulness_table, write_report

    keep_freed_memory()
    classifier = Classifier.load(options.checkpoint)
    measured = measure(
        classifier, root=options.root, split=options.split, limit=options.limit, curve_lesions=options.curve_lesions
    )
    report = write_report(measured, folder=options.out, checkpoint=classifier.config["name"])
    print(titled([faithfulness_table(report)]))
    print(f"Written in {options.out}: faithfulness.csv, faithfulness.json, faithfulness.png and .svg.")
    return 0


def _add_evaluate(commands: Commands) -> None:
    command = add_command(
        commands, "evaluate", evaluate, "Print how good a network is, with intervals of 95 percent.",
        "With --root a checkpoint's network judges the images anew; without, its published predictions are read; with "
        "--predictions, those of any other network.",
    )  # fmt: skip
    add_checkpoint(command)
    command.add_argument("--root", type=Path, help="folder of the data sets, after prepare")
    command.add_argument("--split", choices=["train", "val", "test", "all"], default="test", help="(default: test)")
    command.add_argument("--source", help="data set below --root (default: ham10000)")
    command.add_argument("--partition", help="as in train (default: split)")
    command.add_argument(
        "--predictions", type=Path, metavar="CSV",
        help="table with the truth (dx, or MEL .. VASC of 0 and 1) and the seven probabilities p_akiec .. p_vasc",
    )  # fmt: skip
    command.add_argument("--rules", type=Path, metavar="JSON", help="for --predictions: what recalibrate wrote")
    command.add_argument("--threshold", type=_share, metavar="P", help="for --predictions: of p_malignant")
    command.add_argument(
        "--prevalence", type=_share, metavar="P", help="share of (pre)malignant lesions where you work, such as 0.05"
    )
    command.add_argument(
        "--against", type=Path, metavar="OTHER", help="compare with another checkpoint or CSV of the same images"
    )
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="also write predictions, metrics, tables, figures and report.html there"
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return share


def _add_recalibrate(commands: Commands) -> None:
    command = add_command(
        commands, "recalibrate", recalibrate, "Refit calibration and thresholds on a clinic's own cases.",
        "Reads the same kind of table as evaluate --predictions, and writes recalibration.json and the table with new "
        "probabilities. It needs 20 (pre)malignant and 20 benign lesions, and other cases to judge it on.",
    )  # fmt: skip
    command.add_argument("--predictions", type=Path, required=True, metavar="CSV", help="table of the clinic's cases")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    command.add_argument(
        "--checkpoint", type=Path, metavar="DIR",
        help="the checkpoint that made the probabilities: its config.json is written too, with the new values",
    )  # fmt: skip


def _add_robustness(commands: Commands) -> None:
    command = add_command(
        commands, "robustness", robustness, "Measure what blur, noise, other light, hair or ink do to the verdict.",
        "Judges HAM10000's split in 60 ways, some thirty minutes on two cores, then with and without the lesion: "
        "docs/evaluation.md says how. Stopped and called again, it goes on after the last kind that was done.",
    )  # fmt: skip
    add_root(command)
    add_checkpoint(command)
    command.add_argument("--split", choices=["val", "test"], default="test", help="(default: test)")
    command.add_argument("--out", type=Path, metavar="DIR", help="(default: the checkpoint)")
    command.add_argument(
        "--cache", type=Path, default=Path("runs/robustness"), metavar="DIR",
        help="where what the network says of each kind of picture is kept; may be deleted (default: runs/robustness)",
    )  # fmt: skip


def _add_fit_gate(commands: Commands) -> None:
    command = add_command(
        commands, "fit-gate", fit_gate, "Fit and measure what turns foreign pictures away.",
        "Writes gate.safetensors, gate.json, uncertainty.json and GATE.md into the checkpoint. Foreign pictures come "
        'from installed packages: pip install -e ".[foreign]".',
    )  # fmt: skip
    add_checkpoint(command)
    add_root(command)
    command.add_argument(
        "--packages", type=Path, nargs="+", metavar="DIR",
        help="folders into which Debian packages with pictures were unpacked (default: /, what is installed)",
    )  # fmt: skip


def _add_faithfulness(commands: Commands) -> None:
    command = add_command(
        commands, "faithfulness", faithfulness, "Measure whether the heat maps show what the network used.",
        "On photos with lesion masks (HAM10000), against blobs that look at nothing: docs/heatmaps.md says how.",
    )  # fmt: skip
    add_root(command)
    add_checkpoint(command)
    command.add_argument("--split", choices=["val", "test"], default="test", help="(default: test)")
    command.add_argument("--limit", type=positive, metavar="N", help="at most this many photos, diagnoses in turn")
    command.add_argument(
        "--curve-lesions", type=positive, default=25, metavar="N",
        help="lesions of each diagnosis for insertion and deletion (default: 25)",
    )  # fmt: skip
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
