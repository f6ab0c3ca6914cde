"""The published results of a checkpoint, as the app and report.html show them.

evaluation = published(checkpoint, config, data_sets(checkpoint, config))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from skinnet.checkpoint import HISTORY, Config
from skinnet.files import read_table
from skinnet.reporting.captions import caption, home_name
from skinnet.reporting.goals import goals_table, image_goals_table
from skinnet.reporting.results.measured import DataSet
from skinnet.reporting.results.page import Evaluation
from skinnet.reporting.source_table import source_table
from skinnet.reporting.study_tables import study_tables
from skinnet.reporting.without import load_without


def published(checkpoint: Path, config: Config, sets: Sequence[DataSet]) -> Evaluation:
    """Collect the results of a checkpoint.

    Args:
        sets: the test split of each of its data sets, the home data set first.

    Raises:
        DataError: if its history is missing.
    """
    home, *others = sets
    without = load_without(checkpoint)
    images = {"test": home.metrics["image"]} | {other.source: other.metrics["image"] for other in others}
    return Evaluation(
        sets,
        title=f"Evaluation of {config.name}",
        caption=caption(home.metrics, "test", source=home_name(config)),
        published=True,
        history=read_table(
            checkpoint / HISTORY, advice="run python -m skinnet release with --run", needs=("epoch", "loss")
        ),
        goals=[goals_table(home.metrics), image_goals_table(images), source_table(config, images, without)],
        without=without,
        study_tables=study_tables(checkpoint),
    )
