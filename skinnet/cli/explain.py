"""python -m skinnet explain: draw a heat map of a photo."""

from __future__ import annotations

import argparse
import sys

from skinnet.cli.options import (
    DONE,
    NOT_CLASSIFIED,
    Commands,
    add_checkpoint,
    add_command,
    checkpoint_folder,
    png_file,
    spare,
    word,
)
from skinnet.errors import PhotoError, printable
from skinnet.labels import CLASS_NUMBERS, CLASSES, DISCLAIMER, FULL_NAMES

MAP_METHODS = ("gradcam", "layercam", "eigencam", "hirescam", "gradcam++")
"""Those of `skinnet.explain.heatmaps`, the default first. Importing it takes seconds, so a test compares the lists."""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "explain", explain, "Draw a heat map of the evidence for a diagnosis.",
        f"A picture that cannot be read, or that the gate refuses, gets no map, and the exit code is 3. {DISCLAIMER}",
    )  # fmt: skip
    parser.add_argument("image", type=word, metavar="IMAGE", help="picture to explain")
    parser.add_argument("--out", type=png_file, required=True, metavar="PNG", help="picture to write")
    parser.add_argument("--diagnosis", choices=CLASSES, help="(default: the diagnosis of the picture)")
    parser.add_argument(
        "--method", choices=MAP_METHODS, default=MAP_METHODS[0],
        help=f"kind of class activation map (default: {MAP_METHODS[0]}); hirescam draws the same as gradcam, "
        "gradcam++ the same as layercam",
    )  # fmt: skip
    parser.add_argument("--opacity", type=opacity, default=0.5, help="opacity of the colours, 0 to 1 (default: 0.5)")
    add_checkpoint(parser)


def opacity(text: str) -> float:
    """A number from 0 to 1, for `type=`."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return number


def explain(options: argparse.Namespace) -> int:
    spare([options.image], options.out)
    checkpoint = checkpoint_folder(options)  # before the slow imports: a missing one is reported at once
    from skinnet.explain.heatmaps import SCALE, evidence_maps, overlay
    from skinnet.files import atomic_path
    from skinnet.images.photo import display_photo, open_photo, photo_note
    from skinnet.inference.classifier import Classifier

    classifier = Classifier.load(checkpoint)
    try:
        photo = open_photo(options.image)
    except PhotoError as error:
        print(f"skinnet: {printable(options.image)}: {error}", file=sys.stderr)
        return NOT_CLASSIFIED
    examined = classifier.examine(photo)
    prediction = examined.prediction
    if prediction.gate == "refuse":
        print(f"{printable(options.image)}: no map. {prediction.note}", file=sys.stderr)
        return NOT_CLASSIFIED
    if prediction.gate == "warn":
        print(f"Do not rely on this. {prediction.note}")
    diagnosis = options.diagnosis or prediction.diagnosis
    maps = evidence_maps(classifier, examined.features, size=examined.size, method=options.method)
    evidence = maps[CLASS_NUMBERS[diagnosis]]
    with atomic_path(options.out) as temporary:
        overlay(display_photo(photo), evidence, opacity=options.opacity).save(temporary, format="PNG")
    if left_out := photo_note(photo):
        print(left_out)
    probability = prediction.probabilities[diagnosis]
    out = printable(str(options.out))
    print(f"{out}: evidence for {FULL_NAMES[diagnosis]} (probability {probability:.3f}). {SCALE}\n{DISCLAIMER}")
    return DONE
