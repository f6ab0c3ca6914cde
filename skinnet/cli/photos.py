"""Commands that judge pictures: predict, explain."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from skinnet.cli.options import Commands, add_checkpoint, add_command
from skinnet.labels import CLASSES, DISCLAIMER, FULL_NAMES, MALIGNANT_MEANING

MAP_METHODS = ("gradcam", "layercam", "eigencam", "hirescam", "gradcam++")
"""Of `skinnet.explain.heatmaps`, the default first; importing it takes seconds, so a test compares the two lists."""
SOME_FAILED = 3


def add(commands: Commands) -> None:
    """Add the commands of this module and their options."""
    _add_predict(commands)
    _add_explain(commands)


def predict(options: argparse.Namespace) -> int:
    from skinnet.inference.batch import predict_paths
    from skinnet.inference.classifier import Classifier

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
    from skinnet.explain.heatmaps import SCALE, heat_map, overlay
    from skinnet.files import atomic_path
    from skinnet.images.photo import display_photo, open_photo, to_input
    from skinnet.inference.classifier import Classifier

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


def _add_predict(commands: Commands) -> None:
    command = add_command(
        commands, "predict", predict, "Judge pictures.",
        "The column p_malignant is the probability that a lesion is malignant or pre-malignant "
        "(akiec + bcc + mel); diagnosis follows the balanced rule, most_likely the largest probability. "
        "A picture that cannot be read becomes a row with its error, and the exit code is 3. The column gate is ok, "
        "warn (the figures do not hold) or refuse (do not read them); note says why. " + DISCLAIMER,
    )  # fmt: skip
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="picture, folder or ZIP archive")
    add_checkpoint(command)
    command.add_argument("--format", choices=["table", "csv", "json"], default="table", help="(default: table)")
    command.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")


def _add_explain(commands: Commands) -> None:
    command = add_command(commands, "explain", explain, "Draw a heat map of what spoke for a diagnosis.", DISCLAIMER)
    command.add_argument("image", type=Path, metavar="IMAGE", help="picture to explain")
    command.add_argument("--out", type=Path, required=True, metavar="PNG", help="picture to write")
    command.add_argument("--diagnosis", choices=CLASSES, help="(default: the diagnosis of the picture)")
    command.add_argument(
        "--method", choices=MAP_METHODS, default=MAP_METHODS[0],
        help=f"kind of class activation map (default: {MAP_METHODS[0]}); hirescam draws what gradcam draws, gradcam++ "
        "what layercam draws",
    )  # fmt: skip
    command.add_argument("--opacity", type=float, default=0.5, help="of the colours, 0 to 1 (default: 0.5)")
    add_checkpoint(command)
