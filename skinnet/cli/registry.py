"""All commands, in the order in which --help lists them.

To add a command, write a module in this folder with a function `add(commands)`, and name it below. Such a module
imports torch, pandas and numpy only inside its functions, so that --help stays quick.
"""

from __future__ import annotations

from importlib import import_module

from skinnet.cli.options import Commands

COMMANDS = (
    "acquire",
    "prepare",
    "data",
    "train",
    "cross_validate",
    "leave_out",
    "release",
    "evaluate",
    "recalibrate",
    "robustness",
    "fit_gate",
    "export",
    "faithfulness",
    "cases",
    "predict",
    "explain",
)
"""Modules of this folder."""


def add_commands(commands: Commands) -> None:
    """Add every command and its options to the parser."""
    for name in COMMANDS:
        import_module(f"skinnet.cli.{name}").add(commands)
