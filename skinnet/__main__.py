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


def evaluate(options: argparse.Namespace) -> int:
    from skinnet.card import caption, class_table, data_name, overall_table, source_title
    from skinnet.classifier import Classifier
    from skinnet.evaluate import evaluate
    from skinnet.predictions import load_predictions, save_predictions

    classifier = Classifier.load(options.checkpoint)
    apart = options.split in ("val", "test")
    if options.root is None:
        if options.source or options.partition:
            raise SkinnetError(
                "Without --root a checkpoint's own predictions are read: leave out --source, --partition."
            )
        predictions = load_predictions(options.checkpoint / "predictions.csv")
        predictions = predictions[predictions["split"] == options.split]
        if predictions.empty:
            raise SkinnetError(f"The checkpoint publishes no {options.split} predictions: name the data with --root.")
        source = data_name(classifier.config)
    else:
        predictions, seen = _judge_anew(classifier, options)
        source = source_title(options.source or "ham10000")
        apart = apart and not seen
    metrics = evaluate(predictions, threshold=classifier.decision.malignant_threshold)
    heading = caption(metrics, options.split, source=source, apart=apart)
    print(heading, overall_table(metrics), class_table(metrics), sep="\n\n")
    if options.out is not None:
        save_predictions(predictions, options.out / "predictions.csv")
        _save_evaluation(options, predictions, metrics)
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


def _save_evaluation(options: argparse.Namespace, predictions: pd.DataFrame, metrics: Any) -> None:
    from skinnet.figures import draw_figures
    from skinnet.files import read_table, write_json

    write_json(options.out / "metrics.json", {options.split: dataclasses.asdict(metrics)})
    history = read_table(options.checkpoint / "history.csv", mend="restore it")
    draw_figures(predictions, metrics, history, folder=options.out)


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
    _add_evaluate(commands)
    _add_predict(commands)
    _add_explain(commands)
    _add_faithfulness(commands)
    _add_release(commands)
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
    _add_root(command)
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of this run, such as runs/first"
    )
    command.add_argument("--resume", action="store_true", help="go on with the run in --out")
    for setting in dataclasses.fields(TrainConfig):
        command.add_argument(
            f"--{setting.name.replace('_', '-')}", type=type(setting.default), default=setting.default,
            help=f"{setting.metadata['meaning']} (default: {setting.default})",
        )  # fmt: skip


def _add_evaluate(commands: Commands) -> None:
    command = _add(
        commands, "evaluate", evaluate, "Print how good a checkpoint is, with intervals of 95 percent.",
        "With --root its network judges the images anew; without, its published predictions are read.",
    )  # fmt: skip
    _add_checkpoint(command)
    command.add_argument("--root", type=Path, help="folder of the data sets, after prepare")
    command.add_argument("--split", choices=["train", "val", "test", "all"], default="test", help="(default: test)")
    command.add_argument("--source", help="data set below --root (default: ham10000)")
    command.add_argument("--partition", choices=["split", "official"], help="(default: split)")
    command.add_argument("--out", type=Path, metavar="DIR", help="also write predictions, metrics and figures there")


def _add_predict(commands: Commands) -> None:
    command = _add(
        commands, "predict", predict, "Judge pictures.",
        "The column p_malignant is the probability that a lesion is malignant or pre-malignant "
        "(akiec + bcc + mel); diagnosis follows the balanced rule, most_likely the largest probability. "
        "A picture that cannot be read becomes a row with its error, and the exit code is 3. " + DISCLAIMER,
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
