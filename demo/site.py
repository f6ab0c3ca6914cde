"""What all tabs share: the checkpoint that is served, what was measured with it, and the cases to try it with.

site = Site.load(Path("checkpoints/committee"))
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from demo.words import LANGUAGES, Words
from skinnet.checkpoint import Config, load_config
from skinnet.errors import PhotoError
from skinnet.evaluation.evaluate import Metrics
from skinnet.inference.classifier import Classifier
from skinnet.reporting.results.measured import load_metrics

CASE_FOLDER = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Case:
    """A real photo with a known diagnosis, free to show (CC-0).

    Attributes:
        dx: the archive's diagnosis, an abbreviation of `CLASSES`.
    """

    isic_id: str
    dx: str

    @property
    def path(self) -> Path:
        """The photo's file."""
        return CASE_FOLDER / f"{self.isic_id}.jpg"


@dataclass(frozen=True)
class Site:
    """A checkpoint, ready to serve.

    Attributes:
        checkpoint: its folder.
        metrics: of the test split of each of its data sets, per image, the home data set first.
        cases: photos to try.
        words: the texts of the language that it is served in.
    """

    checkpoint: Path
    config: Config
    classifier: Classifier
    metrics: dict[str, Metrics]
    cases: tuple[Case, ...]
    words: Words

    @staticmethod
    def load(checkpoint: Path) -> Site:
        """Read a checkpoint.

        Raises:
            CheckpointError: if it is missing or damaged.
        """
        config = load_config(checkpoint)
        home, *others = config.sources
        names = {home: "test"} | {name: name for name in others}
        metrics = {source: load_metrics(checkpoint, name) for source, name in names.items()}
        words = Words.load(LANGUAGES[0])
        return Site(checkpoint, config, Classifier.load(checkpoint, fast=True), metrics, load_cases(), words)

    def in_language(self, language: str) -> Site:
        """The same checkpoint for readers of another language."""
        return replace(self, words=Words.load(language))

    def case(self, isic_id: object) -> Case:
        """The case of an identifier, which may come from a stranger.

        Raises:
            PhotoError: if there is none.
        """
        for case in self.cases:
            if case.isic_id == isic_id:
                return case
        raise PhotoError("There is no such case.")


def load_cases() -> tuple[Case, ...]:
    """All photos of `cases/`, in the order of its table."""
    table = pd.read_csv(CASE_FOLDER / "cases.csv", dtype=str)
    return tuple(Case(*row) for row in table[["isic_id", "dx"]].itertuples(index=False))
