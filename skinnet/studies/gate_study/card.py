"""GATE.md: the results of the gate study as one page, from a checkpoint's gate.json and uncertainty.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skinnet.inference.stability import variant_in_words
from skinnet.reporting.table import Table
from skinnet.studies.gate_study.tables import (
    blind_table,
    colour_table,
    coverage_table,
    non_lesion_table,
    share,
    turned_away_table,
)


def gate_card(gate: dict[str, Any], uncertainty: dict[str, Any], *, name: str) -> str:
    """Write the page as Markdown.

    Args:
        gate, uncertainty: the contents of gate.json and uncertainty.json.
        name: of the checkpoint.
    """
    times = gate["milliseconds"]
    return "\n\n".join(
        [
            f"# What {name} does not know",
            "Written by `python -m skinnet fit-gate`. docs/gate.md in the repository explains how it works and how to "
            "read it. 95 % intervals (Clopper and Pearson) in brackets.",
            "## Dermatoscopic photos turned away",
            "Thresholds were fitted on validation; test was scored after that. Warned: classified, with a warning "
            "above the verdict, among them photos warned of for their colour, and photos in which no lesion was found. "
            "Refused: not classified.",
            turned_away_table(gate["accepted"]).markdown(),
            "## Fitted without a data set",
            "Statistics, thresholds and bounds know nothing of the data set: the honest estimate for a new clinic. The "
            "network itself was trained on it.",
            blind_table(gate["blind"]).markdown(),
            "## Photos without their colours",
            "Test photos, changed. Bounds were chosen on validation. Turned away: warned of or refused, for whatever "
            "reason; by diagnosis as counts.",
            colour_table(gate["colour"]).markdown(),
            _melanomas(gate["grey_melanomas"]),
            "## Pictures that show no lesion",
            "AUROC against the validation images. Turned away: warned of or refused. The gate was designed on the "
            "kinds marked *design*; the others are only reported. Pictures of one kind share sources, so the "
            "intervals are too narrow.",
            non_lesion_table(gate["foreign"], total="**all of these**").markdown(),
            "## Dermatoscopic photos after alterations",
            "Validation photos drawn at random, altered as other cameras and programs may alter them.",
            _counts(gate["altered"].items(), "alteration"),
            "## Time",
            f"A pass over a photo takes {times['forward_pass']:.0f} ms of processor time; the gate adds "
            f"{times['gate']:.1f} ms ({100 * times['gate'] / times['forward_pass']:.1f} %).",
            "## Diagnoses that cannot be ruled out",
            "How often the set of possible diagnoses holds the true one, by true diagnosis. All lesions have the same "
            "weight.",
            coverage_table(uncertainty["sets"], uncertainty["coverage"]).markdown(),
            "## Stability of the verdict",
            _stability(uncertainty["spread"]),
        ]
    ) + "\n"  # fmt: skip


def _counts(found: Iterable[tuple[str, dict[str, int]]], head: str) -> str:
    rows = [
        [name, str(each["pictures"]), share(each["warned"], each["pictures"]), share(each["refused"], each["pictures"])]
        for name, each in found
    ]
    return Table("", "", [head, "n", "warned", "refused"], rows).markdown()


def _melanomas(found: dict[str, int]) -> str:
    return (
        f"Of {found['pictures']} test melanomas drawn at random and made grey, {found['flagged']} score above the "
        f"threshold, {found['warned']} get a warning, and {found['neither']} get neither."
    )


def _stability(spread: dict[str, Any]) -> str:
    count, crossing = spread["images"], spread["disagreeing"]
    wrong, wrong_elsewhere = spread["wrong_where_disagreeing"], spread["wrong_elsewhere"]
    return (
        f"{count:,} test images, each as it is and {variant_in_words()}: the median difference of "
        f"p_malignant is {100 * spread['median']:.1f} percentage points. In {share(crossing, count)} the two fall "
        f"on both sides of the threshold; the verdict is wrong in {share(wrong, crossing)} of these, and in "
        f"{share(wrong_elsewhere, count - crossing)} of the others."
    )
