"""Train without a clinic or a diagnosis, and test on its photos: python -m skinnet leave-out rosendahl df --root data

    tables = leave_out(["rosendahl", "df"], TrainConfig(), root=data, out=runs, checkpoint=shipped)

A clinic: its photos show how a network performs where it was not trained. That network also had fewer training images,
of some diagnoses far fewer, so the other camera is not the only cause of a loss. A diagnosis: its photos show what
happens to a lesion that is none of the seven: whether the gate turns it away, whether the network is less sure, and how
often it is called suspicious all the same. Each name is one training; the shipped network, which saw all photos, is
measured beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from skinnet.data import DEVELOPMENT
from skinnet.data.index import load_index
from skinnet.data.partitions import WITHOUT
from skinnet.errors import TrainingError
from skinnet.files import read_table, write_table
from skinnet.labels import CLASSES
from skinnet.reporting.table import Table
from skinnet.studies.leave_out.comparison import clinic_rows, diagnosis_rows
from skinnet.studies.leave_out.networks import network_without, shipped_network
from skinnet.studies.leave_out.tables import CLINICS, DIAGNOSES, write_tables
from skinnet.training.config import TrainConfig


def leave_out(names: Sequence[str], config: TrainConfig, *, root: Path, out: Path, checkpoint: Path) -> list[Table]:
    """Train without each clinic or diagnosis in turn and measure; a finished training is not repeated.

    Args:
        names: clinics, or keys of `CLASSES`.
        config: the recipe; its partition is set here.
        root: the data folder, after `prepare`.
        out: where each name gets a run folder.
        checkpoint: whose folder gets the rows of these names, in `clinics_left_out.csv` and `diagnoses_left_out.csv`,
            and the printable tables.

    Returns:
        The tables of the kinds that were asked for, clinics or diagnoses.

    Raises:
        TrainingError: if the recipe sets another partition.
        DataError: if there is no such clinic or diagnosis.
    """
    if config.partition not in ("split", DEVELOPMENT):
        raise TrainingError(f"What is left out makes the partition: leave out --partition {config.partition}.")
    without = {name: replace(config, partition=WITHOUT + name) for name in names}
    for recipe in without.values():  # an unknown name is reported before hours of training
        load_index(root, sources=recipe.source_names, partition=recipe.partition)
    shipped = shipped_network(checkpoint)
    measured = set()
    for name, recipe in without.items():
        network = network_without(name, recipe, root=root, run=out / name)
        rows, file = (diagnosis_rows, DIAGNOSES) if name in CLASSES else (clinic_rows, CLINICS)
        replace_rows(
            pd.DataFrame([{"left_out": name} | row for row in rows(name, network, shipped)]), checkpoint / file
        )
        measured.add(file)
    return [table for file, table in write_tables(checkpoint).items() if file in measured]


def replace_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write rows into a table in place of those of the same name."""
    if path.is_file():
        before = read_table(path, advice="delete it")
        rows = pd.concat([before[~before["left_out"].isin(rows["left_out"])], rows])
    write_table(rows, path, float_format="%.4f")
