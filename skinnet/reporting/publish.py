"""Write everything that is published about a checkpoint, from its own files; no images are needed.

publish(Path("checkpoints/committee"), readme=Path("README.md"))
"""

from __future__ import annotations

import shutil
from pathlib import Path

from skinnet.checkpoint import CARD, PREDICTIONS, TABLE_FOLDER, load_config
from skinnet.errors import DataError
from skinnet.evaluation.evaluate import Metrics, evaluate
from skinnet.evaluation.scored_cases import by_lesion
from skinnet.files import write_text
from skinnet.inference.calibration import Decision
from skinnet.inference.predictions import load_predictions, rows_of
from skinnet.reporting.captions import headline_section, home_name
from skinnet.reporting.model_card import model_card
from skinnet.reporting.report import write_evaluation
from skinnet.reporting.results.measured import DataSet
from skinnet.reporting.results.published import published
from skinnet.reporting.source_table import source_table

PUBLISHED_SPLITS = ("val", "test")
README_BEGIN = "<!-- results: written by skinnet release -->"
README_END = "<!-- end of results -->"


def publish(checkpoint: Path, *, readme: Path | None = None) -> dict[str, dict[str, Metrics]]:
    """Recompute metrics, tables, figures, report, card and the README's results.

    Returns:
        Metrics by split of the first data set ("val", "test") and by name of each other one (its test split), then by
        unit.
    """
    config = load_config(checkpoint)
    predictions = load_predictions(checkpoint / PREDICTIONS)
    decision, (home, *others) = Decision.of(config), config.sources
    rows = {split: rows_of(predictions, split, home) for split in PUBLISHED_SPLITS}
    rows |= {name: found for name in others if len(found := rows_of(predictions, "test", name))}
    metrics = {name: evaluate(found, decision=decision) for name, found in rows.items()}
    sets = [
        DataSet(source, metrics[name], by_lesion(rows[name]))
        for source, name in zip(config.sources, ("test", *others), strict=True)
        if name in rows
    ]
    evaluation, source = published(checkpoint, config, sets), home_name(config)
    shutil.rmtree(checkpoint / TABLE_FOLDER, ignore_errors=True)  # a table may be gone for good
    write_evaluation(evaluation, metrics, checkpoint, source=f"{source}, test split")
    sources = source_table(config, {name: each["image"] for name, each in metrics.items()}, evaluation.without)
    write_text(checkpoint / CARD, model_card(config, metrics, sources, evaluation.study_tables))
    if readme is not None:
        results = f"{headline_section(metrics['test'], 'test', source=source)}\n{sources.markdown()}\n"
        write_text(readme, with_results(readme.read_text(encoding="utf-8"), results))
    return metrics


def with_results(text: str, results: str) -> str:
    """Replace the text between a README's two marks.

    Raises:
        DataError: if the marks are missing.
    """
    before, begin, rest = text.partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not begin or not end:
        raise DataError(f"The README lacks its marks {README_BEGIN} and {README_END}: put them back.")
    return f"{before}{begin}\n{results}{end}{after}"
