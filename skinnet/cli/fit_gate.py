"""python -m skinnet fit-gate: fit and measure the gate, which refuses pictures that are no dermoscopy."""

from __future__ import annotations

import argparse
from pathlib import Path

from skinnet.cli.options import DONE, Commands, add_checkpoint, add_command, add_root, checkpoint_folder


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "fit-gate", fit_gate, "Fit and measure the gate, which refuses foreign pictures.",
        "Writes gate.safetensors, gate.json, uncertainty.json and GATE.md into the checkpoint. Foreign pictures come "
        'from installed packages: pip install -e ".[foreign]".',
    )  # fmt: skip
    add_checkpoint(parser)
    add_root(parser)
    parser.add_argument(
        "--packages", type=Path, nargs="+", metavar="DIR",
        help="folders into which Debian packages with pictures were unpacked (default: /, what is installed)",
    )  # fmt: skip


def fit_gate(options: argparse.Namespace) -> int:
    from skinnet.checkpoint import GATE_CARD
    from skinnet.studies.gate_study.study import fit_and_measure

    checkpoint = checkpoint_folder(options)
    fit_and_measure(checkpoint, root=options.root, packages=options.packages or [Path("/")])
    print((checkpoint / GATE_CARD).read_text(encoding="utf-8"))
    return DONE
