"""python -m skinnet faithfulness: measure whether the heat maps show what the network used."""

from __future__ import annotations

import argparse

from skinnet.cli.options import (
    DONE,
    Commands,
    add_checkpoint,
    add_command,
    add_root,
    checkpoint_folder,
    out_folder,
    positive,
)


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "faithfulness", faithfulness, "Measure whether the heat maps show what the network used.",
        "On photos with lesion masks (HAM10000), compared with blobs that ignore the photo: docs/heatmaps.md says how.",
    )  # fmt: skip
    add_root(parser)
    add_checkpoint(parser)
    parser.add_argument("--split", choices=["val", "test"], default="test", help="(default: test)")
    parser.add_argument("--limit", type=positive, metavar="N", help="at most this many photos, diagnoses in turn")
    parser.add_argument(
        "--curve-lesions", type=positive, default=25, metavar="N",
        help="lesions of each diagnosis for insertion and deletion (default: 25)",
    )  # fmt: skip
    parser.add_argument("--out", type=out_folder, required=True, metavar="DIR", help="folder to write to")


def faithfulness(options: argparse.Namespace) -> int:
    from skinnet.checkpoint import load_config
    from skinnet.device import keep_freed_memory
    from skinnet.inference.classifier import Classifier
    from skinnet.reporting.table import titled
    from skinnet.studies.faithfulness.measure import measure
    from skinnet.studies.faithfulness.report import write_report
    from skinnet.studies.faithfulness.tables import faithfulness_table

    keep_freed_memory()
    checkpoint = checkpoint_folder(options)
    classifier = Classifier.load(checkpoint)
    measured = measure(
        classifier, root=options.root, split=options.split, limit=options.limit, curve_lesions=options.curve_lesions
    )
    report = write_report(measured, folder=options.out, checkpoint=load_config(checkpoint).name)
    print(titled([faithfulness_table(report)]))
    print(f"Written in {options.out}: faithfulness.csv, faithfulness.json, faithfulness.png and .svg.")
    return DONE
