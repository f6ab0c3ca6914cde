"""python -m skinnet predict: classify pictures."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from skinnet.cli.options import (
    DONE,
    NOT_CLASSIFIED,
    STOPPED,
    Commands,
    add_checkpoint,
    add_command,
    checkpoint_folder,
    spare,
    table_file,
)
from skinnet.errors import DataError, printable
from skinnet.labels import DISCLAIMER, MALIGNANT_MEANING

if TYPE_CHECKING:
    import pandas as pd

    from skinnet.inference.batch import Row
    from skinnet.inference.classifier import Classifier
    from skinnet.inference.pictures import Picture


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "predict", predict, "Classify pictures.",
        "The column p_malignant is the probability that a lesion is malignant or pre-malignant "
        "(akiec + bcc + mel); diagnosis follows the balanced rule, most_likely the largest probability. "
        "A picture that cannot be read becomes a row with its error, and the exit code is 3. The column gate is ok, "
        "warn (the numbers are unreliable) or refuse (do not use them); note says why. " + DISCLAIMER,
    )  # fmt: skip
    parser.add_argument("paths", nargs="+", metavar="PATH", help="picture, folder or ZIP archive")
    add_checkpoint(parser)
    parser.add_argument("--format", choices=["table", "csv", "json"], default="table", help="(default: table)")
    parser.add_argument(
        "--out", type=table_file, metavar="FILE",
        help="write there instead of printing; until all is done, FILE.part holds what is done",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="take over what FILE.part holds")
    parser.add_argument(
        "--engine", choices=["local", "ray"], default="local",
        help="ray: the cluster at RAY_ADDRESS, or a process for each core; needs --out (default: local)",
    )  # fmt: skip


def predict(options: argparse.Namespace) -> int:
    if options.resume and options.out is None:
        raise DataError("--resume goes on with FILE.part, so it needs --out FILE.")
    if options.engine == "ray" and options.out is None:
        raise DataError("--engine ray finishes pictures in any order, so it needs --out FILE.")
    if options.out:
        spare(options.paths, options.out)
    checkpoint = checkpoint_folder(options)  # before the slow imports: a missing one is reported at once
    from skinnet.images.source import PICTURE_SUFFIXES
    from skinnet.inference.classifier import Classifier
    from skinnet.inference.pictures import find_pictures

    passed_over: Counter[str] = Counter()
    found: dict[int, Row] = {}  # by the place of the picture
    with ExitStack() as opened:
        if options.out:
            opened.enter_context(_alone(options.out))
        classifier = Classifier.load(checkpoint, fast=True)
        pictures = find_pictures(options.paths, opened, passed_over=passed_over)
        if not pictures:
            raise DataError(f"No pictures found: skinnet reads {', '.join(PICTURE_SUFFIXES)} and .zip.")
        try:
            _classify(pictures, classifier, checkpoint, options, found)
            stopped = False
        except KeyboardInterrupt:
            stopped = True
        rows = [found[place] for place in sorted(found)]
        _write(rows, options)
        if stopped:
            how = "Add --resume to go on." if options.out else "With --out FILE it could go on later."
            print(f"skinnet: interrupted after {len(rows)} of {len(pictures)} pictures. {how}", file=sys.stderr)
            return STOPPED
        if options.out:
            _part(options.out).unlink()
    return _summary(rows, passed_over)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Let no second process write the same table."""
    from skinnet.files import exclusive

    lock = out.with_name(f".{out.name}.lock")
    with exclusive(lock):
        try:
            yield
        finally:
            with suppress(OSError):  # Windows keeps an open file
                lock.unlink()


def _part(out: Path) -> Path:
    return out.with_name(f"{out.name}.part")


def _classify(
    pictures: list[Picture], classifier: Classifier, checkpoint: Path, options: argparse.Namespace, rows: dict[int, Row]
) -> None:
    """Put a row for each picture into `rows`; save or print each at once, where that is possible."""
    from skinnet.inference.batch import HEADER, csv_line
    from skinnet.inference.saved_rows import SavedRows
    from skinnet.progress import progress

    printed = options.format == "csv" and not options.out
    sys.stdout.write(HEADER if printed else "")
    with ExitStack() as opened:
        saved = None
        if options.out:
            part = SavedRows.open(_part(options.out), checkpoint=checkpoint, resume=options.resume)
            saved = opened.enter_context(part)
            rows |= {place: row for place, picture in enumerate(pictures) if (row := saved.find(picture))}
        left = [place for place in range(len(pictures)) if place not in rows]
        done = _rows([pictures[place] for place in left], classifier, checkpoint, engine=options.engine)
        opened.enter_context(closing(done))
        for number, row in progress(done, "classifying", total=len(left), unit="picture", hide=len(left) < 10):
            rows[left[number]] = row
            if saved:
                saved.add(pictures[left[number]], row)
            elif printed:
                sys.stdout.write(csv_line(row))
                sys.stdout.flush()


def _rows(
    pictures: list[Picture], classifier: Classifier, checkpoint: Path, *, engine: str
) -> Generator[tuple[int, Row]]:
    """Places among `pictures` and their rows, in the order in which they are done."""
    if engine == "ray" and pictures:
        from skinnet.inference.cluster import cluster_rows

        yield from cluster_rows(pictures, checkpoint)
        return
    from skinnet.inference.batch import predict_picture

    for number, picture in enumerate(pictures):
        yield number, predict_picture(classifier, picture)


def _write(rows: list[Row], options: argparse.Namespace) -> None:
    """Write what is done, but for the lines that were printed already."""
    from skinnet.files import write_text
    from skinnet.inference.batch import table_of

    text = _formatted(table_of(rows), options.format)
    if options.out:
        write_text(options.out, text)
    elif options.format != "csv":
        sys.stdout.write(text)


def _summary(rows: list[Row], passed_over: Counter[str]) -> int:
    """Say what needs attention, and return the exit code."""
    if kinds := ", ".join(f"{count} {printable(kind)[:40]}" for kind, count in sorted(passed_over.items()) if count):
        print(f"Passed over, since they are no pictures: {kinds}.", file=sys.stderr)
    if refused := sum(row.get("gate") == "refuse" for row in rows):
        print(f"{refused} of {len(rows)} pictures show no lesion to classify: see the column note.", file=sys.stderr)
    if failed := sum(row["error"] != "" for row in rows):
        print(f"{failed} of {len(rows)} pictures could not be read: see the column error.", file=sys.stderr)
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
