"""GATE.md: all that was measured of a checkpoint's gate and uncertainty, from its gate.json and uncertainty.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skinnet.inference.stability import variants_in_words
from skinnet.reporting.table import Table
from skinnet.studies.gate_study.tables import coverage_table, non_lesion_table, share, turned_away_table


def gate_card(gate: dict[str, Any], uncertainty: dict[str, Any], *, name: str) -> str:
    """The page as Markdown."""
    times = gate["milliseconds"]
    return "\n\n".join(
        [
            f"# What {name} does not know",
            "Written by `python -m skinnet fit-gate`; how it works and how to read it: docs/gate.md in the repository. "
            "95 % intervals in brackets, by Clopper and Pearson.",
            "## Dermatoscopic photos turned away",
            "Thresholds were fitted on validation; test was scored after that. Warned: judged, with a warning above "
            "the figures. Refused: not judged.",
            turned_away_table(gate["accepted"]).markdown(),
            "## Pictures that show no lesion",
            "AUROC against the validation images. Turned away: warned of or refused. The gate was designed on the "
            "kinds marked *design*, and is only reported on the others. Pictures of one kind share sources, so the "
            "intervals are too narrow.",
            non_lesion_table(gate["foreign"], total="**all of these**").markdown(),
            "## Genuine photos after alterations",
            "Validation photos drawn at random, altered as other cameras and programs may alter them.",
            _counts(gate["altered"].items(), "alteration"),
            "## Time",
            f"The four views of a photo take {times['forward_pass']:.0f} ms of processor time; the gate adds "
            f"{times['gate']:.1f} ms ({100 * times['gate'] / times['forward_pass']:.1f} %).",
            "## Diagnoses that cannot be ruled out",
            "How often the set of possible diagnoses holds the true one, by true diagnosis, lesions weighing alike.",
            coverage_table(uncertainty["sets"], uncertainty["coverage"]).markdown(),
            "## Copies of one photo",
            _spread(uncertainty["spread"]),
        ]
    ) + "\n"  # fmt: skip


def _counts(found: Iterable[tuple[str, dict[str, int]]], head: str) -> str:
    rows = [
        [name, str(each["pictures"]), share(each["warned"], each["pictures"]), share(each["refused"], each["pictures"])]
        for name, each in found
    ]
    return Table("", "", [head, "n", "warned", "refused"], rows).markdown()


def _spread(spread: dict[str, Any]) -> str:
    count, split = spread["images"], spread["disagreeing"]
    return (
        f"{count:,} validation images, each in four mirrored views, {variants_in_words()}: the median range of "
        f"p_malignant is {100 * spread['median']:.1f} percentage points. In {share(split, count)} the copies fall on "
        f"both sides of the threshold; the verdict is wrong in {share(spread['wrong_where_disagreeing'], split)} of "
        f"these, and in {share(spread['wrong_elsewhere'], count - split)} of the others."
    )
