"""The command line: python -m skinnet COMMAND. Each command has --help.

Exit codes: 0 done; 1 an error, told in one line; 2 wrong use; 3 some pictures could not be judged; 130 stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skinnet import __version__, sources
from skinnet.config import TrainConfig
from skinnet.errors import SkinnetError
from skinnet.labels import CLASSES, DISCLAIMER, FULL_NAMES, MALIGNANT_MEANING
from skinnet.sources import LICENCES, OWN_COLUMNS, SOURCES

if TYPE_CHECKING:
    import pandas as pd

    from skinnet.calibrate import Decision
    from skinnet.classifier import Classifier

log = logging.getLogger("skinnet")

DEFAULT_CHECKPOINT = Path(__file__).parent.parent / "checkpoints" / "ham10000-lite0"
MAP_METHODS = ("gradcam", "layercam", "eigencam", "hirescam", "gradcam++")
"""Of `skinnet.explain`, the default first; importing it takes seconds, so a test compares the two lists."""
SOME_FAILED = 3
STOPPED = 130
WRONG_USE = 2


def acquire(options: argparse.Namespace) -> int:
    from skinnet.acquire import acquire

    acquire(SOURCES[options.source], root=options.root, mirror=options.mirror)
    return 0


def acquire_isic(options: argparse.Namespace) -> int:
    from skinnet.acquire import acquire_isic
    from skinnet.isic import Search

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
    from skinnet.acquire import acquire_own

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

    from skinnet.index import LEFT_OUT, prepare

    index = prepare(options.root, options.sources or None)
    table = index.table.assign(dx=index.table["dx"].fillna("none of ours"))
    print(pd.crosstab([table["source"], table["dx"]], table["split"], margins=True, margins_name="all").to_string())
    if not index.left_out.empty:
        print(index.left_out.value_counts(["source", "reason"]).rename("left out").to_frame().to_string())
        print(f"Each of them is named in {options.root / LEFT_OUT}.")
    return 0


def data_report(options: argparse.Namespace) -> int:
    from skinnet.data_report import report

    print(f"Written in {report(options.root)}: data.md, data.png, and contact_sheet.jpg, which is to stay local.")
    return 0


def data_duplicates(options: argparse.Namespace) -> int:
    from skinnet.classifier import Classifier
    from skinnet.duplicates import SHEET, find_duplicates

    path = find_duplicates(options.root, Classifier.load(options.checkpoint))
    print(f"Written: {path}, and the best pairs to look at in {path.with_name(SHEET)}, which is to stay local.")
    return 0


def train(options: argparse.Namespace) -> int:
    from skinnet.train import train

    settings = {field.name: getattr(options, field.name) for field in dataclasses.fields(TrainConfig)}
    train(TrainConfig(**settings), root=options.root, out=options.out, resume=options.resume)
    print(f"Done. Publish it with: python -m skinnet release --run {options.out} --root {options.root}")
    return 0


def cross_validate(options: argparse.Namespace) -> int:
    from skinnet.crossval import OUT_OF_FOLD, cross_validate

    settings = {field.name: getattr(options, field.name) for field in dataclasses.fields(TrainConfig)}
    table = cross_validate(TrainConfig(**settings), root=options.root, out=options.out)
    print(f"Written: {options.out / OUT_OF_FOLD}, what five networks say of {len(table):,} images they did not see.")
    return 0


def teach(options: argparse.Namespace) -> int:
    from skinnet.release import teach

    table = teach(options.run, root=options.root, out=options.out)
    print(f"Written: {options.out}, {len(table):,} images. Learn from it with train --soft-labels {options.out}")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    from skinnet.card import caption
    from skinnet.compare import compare, comparison_table
    from skinnet.evaluate import evaluate
    from skinnet.files import write_text
    from skinnet.predictions import save_predictions
    from skinnet.printed import titled
    from skinnet.report import TABLE_FOLDER, write_evaluation
    from skinnet.tables import all_tables

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
    from skinnet.card import ONE_NETWORK, data_name, source_title
    from skinnet.classifier import Classifier
    from skinnet.files import read_table
    from skinnet.outside import read_outside

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
    from skinnet.predictions import load_predictions

    predictions = load_predictions(checkpoint / "predictions.csv")
    chosen = predictions[predictions["split"] == split]
    if chosen.empty:
        raise SkinnetError(f"{checkpoint} publishes no {split} predictions: name the data with --root.")
    return chosen


def _rules(options: argparse.Namespace) -> Decision | None:
    """Of a table that came without a network."""
    from skinnet.calibrate import VERDICT, Decision, OperatingPoint
    from skinnet.files import read_json

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
    from skinnet.calibrate import Decision
    from skinnet.classifier import read_config
    from skinnet.outside import read_outside

    if path.is_dir():
        return _published(path, split), Decision.of(read_config(path))
    table = read_outside(path)
    return (table[table["split"] == split] if "split" in table and split != "all" else table), None


def recalibrate(options: argparse.Namespace) -> int:
    from skinnet.classifier import read_config
    from skinnet.files import write_json
    from skinnet.outside import read_outside
    from skinnet.predictions import save_predictions
    from skinnet.recalibrate import recalibrate

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


def _judge_anew(classifier: Classifier, options: argparse.Namespace) -> tuple[pd.DataFrame, int]:
    """Predictions of a split, and how many of its images the network was trained on."""
    from skinnet.index import load_cache, load_index
    from skinnet.predictions import predict_split
    from skinnet.release import seen_in_training

    table = load_index(options.root, sources=[options.source or "ham10000"], partition=options.partition or "split")
    predictions = predict_split(classifier, table, load_cache(options.root, table), options.split)
    judged = table[table["image_id"].isin(predictions["image_id"])]
    seen = int(seen_in_training(options.checkpoint, judged).sum())
    if seen and options.split != "train":
        log.warning("The network was trained on %d of these %d images: the figures flatter it.", seen, len(judged))
    return predictions, seen


def robustness(options: argparse.Namespace) -> int:
    from skinnet.classifier import Classifier
    from skinnet.index import load_cache, load_index
    from skinnet.robustness import ROBUSTNESS, printed, robustness, save_robustness

    table = load_index(options.root)
    images = load_cache(options.root, table)
    measured = robustness(Classifier.load(options.checkpoint), table[table["split"] == options.split], images)
    save_robustness(measured, options.out or options.checkpoint)
    print(printed(measured))
    print(f"Written: {(options.out or options.checkpoint) / ROBUSTNESS}")
    return 0


def predict(options: argparse.Namespace) -> int:
    from skinnet.classifier import Classifier
    from skinnet.predict import predict_paths

    table = predict_paths(Classifier.load(options.checkpoint), options.paths)
    if options.format == "csv":
        text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    elif options.format == "json":
        text = table.to_json(orient="records", indent=2) + "\n"
    else:
        text = table.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep="") + "\n"
        text += f"p_malignant: probability that the lesion is {MALIGNANT_MEANING}.\n{DISCLAIMER}\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        from skinnet.files import write_text

        write_text(options.out, text)
    if refused := int((table["gate"] == "refuse").sum()):
        print(f"{refused} of {len(table)} pictures show no lesion to judge: see the column note.", file=sys.stderr)
    failed = int((table["error"] != "").sum())
    if failed:
        print(f"{failed} of {len(table)} pictures could not be judged: see the column error.", file=sys.stderr)
    return SOME_FAILED if failed else 0


def explain(options: argparse.Namespace) -> int:
    from skinnet.classifier import Classifier
    from skinnet.explain import SCALE, heat_map, overlay
    from skinnet.files import atomic_path
    from skinnet.preprocess import display_photo, open_photo, to_input

    classifier = Classifier.load(options.checkpoint)
    photo = open_photo(options.image)
    pixels = to_input(photo, frame=classifier.frame)
    prediction = classifier.judge(classifier.logits(pixels[None]))[0]
    diagnosis = options.diagnosis or prediction.diagnosis
    evidence = heat_map(classifier, pixels, diagnosis=diagnosis, method=options.method)
    with atomic_path(options.out) as temporary:
        overlay(display_photo(photo), evidence, opacity=options.opacity).save(temporary, format="PNG")
    probability = prediction.probabilities[diagnosis]
    print(
        f"{options.out}: what spoke for {FULL_NAMES[diagnosis]} (probability {probability:.3f}). {SCALE}\n{DISCLAIMER}"
    )
    return 0


def faithfulness(options: argparse.Namespace) -> int:
    from skinnet.classifier import Classifier
    from skinnet.device import keep_freed_memory
    from skinnet.faithfulness import measure
    from skinnet.faithfulness_report import GOAL_DIAGNOSES, write_report

    keep_freed_memory()
    classifier = Classifier.load(options.checkpoint)
    measured = measure(
        classifier, root=options.root, split=options.split, limit=options.limit, curve_lesions=options.curve_lesions
    )
    report = write_report(measured, folder=options.out, checkpoint=classifier.config["name"])
    print(f"n = {report['photos']:,} photos of {report['lesions']:,} lesions. Diagnoses where a map beats the blob:")
    for method, goal in report["goal"].items():
        for lead, counts in goal["won"].items():
            won = ", ".join(f"{group} {count}" for group, count in counts.items())
            print(f"{method:9} {lead:21} {won}" + (f": goal of {GOAL_DIAGNOSES}" if goal["met"][lead] else ""))
    print(f"Written in {options.out}: faithfulness.csv, faithfulness.json, faithfulness.png.")
    return 0


def release(options: argparse.Namespace) -> int:
    from skinnet.release import publish, release

    if options.run is None:
        publish(options.checkpoint, readme=options.readme)
    else:
        release(options.run, root=options.root, out=options.checkpoint, readme=options.readme)
    print(f"Published in {options.checkpoint}.")
    return 0


def fit_gate(options: argparse.Namespace) -> int:
    from skinnet.fit_gate import fit_gate
    from skinnet.gate_report import CARD

    fit_gate(options.checkpoint, root=options.root, packages=options.packages or [Path("/")])
    print((options.checkpoint / CARD).read_text(encoding="utf-8"))
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(
        prog="skinnet",
        description="Detect skin cancer in dermatoscopic photos: from raw data to a judged picture.",
        epilog=f"The usual order: acquire, prepare, train, release, predict. {DISCLAIMER}",
    )
    main.add_argument("--version", action="version", version=f"skinnet {__version__}")
    commands = main.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_acquire(commands)
    _add_prepare(commands)
    _add_data(commands)
    _add_train(commands)
    _add_cross_validate(commands)
    _add_teach(commands)
    _add_evaluate(commands)
    _add_recalibrate(commands)
    _add_robustness(commands)
    _add_predict(commands)
    _add_explain(commands)
    _add_faithfulness(commands)
    _add_release(commands)
    _add_fit_gate(commands)
    return main


Commands = Any  # argparse keeps the type of its sub-parsers private


def _add(commands: Commands, name: str, run: Any, summary: str, details: str = "") -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=f"{summary} {details}")
    command.set_defaults(command=run)
    command.add_argument(
        "--quiet", action="store_true", default=argparse.SUPPRESS, help="no bars and no notes, only results and errors"
    )
    return command


def _add_root(command: argparse.ArgumentParser) -> None:
    command.add_argument("--root", type=Path, default=Path("data"), help="folder of the data sets (default: data)")


def _add_checkpoint(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="DIR",
        help="folder of the trained network (default: the one shipped with skinnet)",
    )  # fmt: skip


def _add_acquire(commands: Commands) -> None:
    command = _add(
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
    command = _add(kinds, name, run, summary, details)
    _add_root(command)
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
    command.add_argument("--limit", type=_positive, metavar="N", help="at most this many pictures")
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


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _add_prepare(commands: Commands) -> None:
    command = _add(
        commands, "prepare", prepare, "Check the images, decode them once, and split them.",
        "HAM10000 gets its published split; of any other source, training, validation and test get seven, one and two "
        "tenths. No lesion, patient or near-duplicate is in two of them. What cannot be used is listed.",
    )  # fmt: skip
    command.add_argument("sources", nargs="*", metavar="SOURCE", help="(default: all that were acquired)")
    _add_root(command)


def _add_data(commands: Commands) -> None:
    group = commands.add_parser("data", help="Look at prepared data.", description="Look at prepared data.")
    kinds = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command = _add(
        kinds, "report", data_report, "Draw one page about everything prepared.",
        "Diagnoses, ages, sites, clinics, sizes, duplicates and splits, as a figure and as tables, and a sheet of "
        "sample pictures.",
    )  # fmt: skip
    _add_root(command)
    command = _add(
        kinds, "duplicates", data_duplicates, "Search for images of one lesion under different ids.",
        "Finds other photos and other parts of a photo, however turned, shifted, zoomed or mirrored. It proposes; "
        'look at the pairs. Needs pip install -e ".[duplicates]".',
    )  # fmt: skip
    _add_root(command)
    _add_checkpoint(command)


def _add_train(commands: Commands) -> None:
    command = _add(
        commands, "train", train, "Train a network.",
        "Without options it repeats the shipped recipe. The state is saved every minute: a run that was "
        "stopped goes on with --resume.",
    )  # fmt: skip
    _add_recipe(command, out="folder of this run, such as runs/first")
    command.add_argument("--resume", action="store_true", help="go on with the run in --out")


def _add_cross_validate(commands: Commands) -> None:
    command = _add(
        commands, "cross-validate", cross_validate, "Train five networks, each without a fifth, and judge that fifth.",
        "The test split takes no part. Takes five times as long as train; stopped and called again, it goes on.",
    )  # fmt: skip
    _add_recipe(command, out="folder of the five runs and the table out_of_fold.csv")


def _add_teach(commands: Commands) -> None:
    command = _add(
        commands, "teach", teach, "Write what the best network of a run says of train and val, for another to learn.",
        "Nothing is said of the test split.",
    )  # fmt: skip
    _add_root(command)
    command.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of a training run")
    command.add_argument("--out", type=Path, required=True, metavar="CSV", help="table to write")


def _add_recipe(command: argparse.ArgumentParser, *, out: str) -> None:
    _add_root(command)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help=out)
    for setting in dataclasses.fields(TrainConfig):
        meaning, default = setting.metadata["meaning"].replace("%", "%%"), setting.default
        command.add_argument(
            f"--{setting.name.replace('_', '-')}", type=type(default), default=default,
            help=f"{meaning} (default: {'none' if default == '' else default})",
        )  # fmt: skip


def _add_evaluate(commands: Commands) -> None:
    command = _add(
        commands, "evaluate", evaluate, "Print how good a network is, with intervals of 95 percent.",
        "With --root a checkpoint's network judges the images anew; without, its published predictions are read; with "
        "--predictions, those of any other network.",
    )  # fmt: skip
    _add_checkpoint(command)
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
    command = _add(
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
    command = _add(
        commands, "robustness", robustness, "Measure what blur, noise, other light, hair or ink do to the verdict.",
        "Judges HAM10000's split in 60 ways; some ten minutes on two cores.",
    )  # fmt: skip
    _add_root(command)
    _add_checkpoint(command)
    command.add_argument("--split", choices=["val", "test"], default="test", help="(default: test)")
    command.add_argument("--out", type=Path, metavar="DIR", help="(default: the checkpoint)")


def _add_predict(commands: Commands) -> None:
    command = _add(
        commands, "predict", predict, "Judge pictures.",
        "The column p_malignant is the probability that a lesion is malignant or pre-malignant "
        "(akiec + bcc + mel); diagnosis follows the balanced rule, most_likely the largest probability. "
        "A picture that cannot be read becomes a row with its error, and the exit code is 3. The column gate is ok, "
        "warn (the figures do not hold) or refuse (do not read them); note says why. " + DISCLAIMER,
    )  # fmt: skip
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="picture, folder or ZIP archive")
    _add_checkpoint(command)
    command.add_argument("--format", choices=["table", "csv", "json"], default="table", help="(default: table)")
    command.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")


def _add_explain(commands: Commands) -> None:
    command = _add(commands, "explain", explain, "Draw a heat map of what spoke for a diagnosis.", DISCLAIMER)
    command.add_argument("image", type=Path, metavar="IMAGE", help="picture to explain")
    command.add_argument("--out", type=Path, required=True, metavar="PNG", help="picture to write")
    command.add_argument("--diagnosis", choices=CLASSES, help="(default: the diagnosis of the picture)")
    command.add_argument(
        "--method", choices=MAP_METHODS, default=MAP_METHODS[0],
        help=f"kind of class activation map (default: {MAP_METHODS[0]}); hirescam draws what gradcam draws, gradcam++ "
        "what layercam draws",
    )  # fmt: skip
    command.add_argument("--opacity", type=float, default=0.5, help="of the colours, 0 to 1 (default: 0.5)")
    _add_checkpoint(command)


def _add_faithfulness(commands: Commands) -> None:
    command = _add(
        commands, "faithfulness", faithfulness, "Measure whether the heat maps show what the network used.",
        "On photos with lesion masks (HAM10000), against blobs that look at nothing: docs/heatmaps.md says how.",
    )  # fmt: skip
    _add_root(command)
    _add_checkpoint(command)
    command.add_argument("--split", choices=["val", "test"], default="test", help="(default: test)")
    command.add_argument("--limit", type=_positive, metavar="N", help="at most this many photos, diagnoses in turn")
    command.add_argument(
        "--curve-lesions", type=_positive, default=25, metavar="N",
        help="lesions of each diagnosis for insertion and deletion (default: 25)",
    )  # fmt: skip
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")


def _add_release(commands: Commands) -> None:
    command = _add(
        commands, "release", release, "Rebuild everything that is published from one training run.",
        "Calibration and thresholds (on validation), predictions, metrics, figures, model card, and with --readme "
        "the README's numbers. Replaces the checkpoint that --checkpoint names. Without --run, the last four are made "
        "from the checkpoint's own predictions.",
    )  # fmt: skip
    command.add_argument("--run", type=Path, metavar="DIR", help="folder of a training run")
    _add_root(command)
    _add_checkpoint(command)
    command.add_argument("--readme", type=Path, help="README whose results to rewrite")


def _add_fit_gate(commands: Commands) -> None:
    command = _add(
        commands, "fit-gate", fit_gate, "Fit and measure what turns foreign pictures away.",
        "Writes gate.safetensors, gate.json, uncertainty.json and GATE.md into the checkpoint. Foreign pictures come "
        'from installed packages: pip install -e ".[foreign]".',
    )  # fmt: skip
    _add_checkpoint(command)
    _add_root(command)
    command.add_argument(
        "--packages", type=Path, nargs="+", metavar="DIR",
        help="folders into which Debian packages with pictures were unpacked (default: /, what is installed)",
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    quiet = getattr(options, "quiet", False)
    logging.getLogger("skinnet").setLevel(logging.ERROR if quiet else logging.INFO)
    try:
        code: int = options.command(options)
        return code
    except SkinnetError as error:
        print(f"skinnet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("skinnet: stopped. acquire, prepare and train --resume go on where they were.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"skinnet: {error.filename or 'The system says'}: {error.strerror or error}", file=sys.stderr)
        return 1


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
