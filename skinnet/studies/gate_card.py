"""The page of figures about a checkpoint's gate and uncertainty, from its gate.json and uncertainty.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skinnet.evaluation.bootstrap import clopper_pearson
from skinnet.inference.stability import variants_in_words
from skinnet.labels import FULL_NAMES
from skinnet.reporting.table import Table
from skinnet.training.fit_conformal import PROMISES


def share(hits: int, count: int) -> str:
    """A percentage with its 95 % interval; "n/a" of nothing."""
    if not count:
        return "n/a"
    low, high = clopper_pearson(hits, count)
    return f"{100 * hits / count:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


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
            foreign_table(gate["foreign"], total="**all of these**").markdown(),
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


def turned_away_table(accepted: dict[str, dict[str, dict[str, int]]]) -> Table:
    """Genuine photos of validation and test, by diagnosis: how many are warned of or refused."""
    rows = []
    for dx in accepted["val"]:
        cells = [FULL_NAMES.get(dx, "All")]
        for split in ("val", "test"):
            found = accepted[split][dx]
            cells += [str(found["pictures"]), str(found["warned"]), share(found["refused"], found["pictures"])]
        rows.append(cells)
    test = accepted["test"]["all"]
    passed = share(test["pictures"] - test["warned"] - test["refused"], test["pictures"])
    title = f"Gate: dermatoscopic photos turned away (test split, n = {test['pictures']:,}: {passed} pass unwarned)"
    heads = ["diagnosis", "val n", "warned", "refused", "test n", "warned", "refused"]
    return Table("gate_photos", title, heads, rows)


def foreign_table(kinds: list[dict[str, Any]], *, total: str = "all of these") -> Table:
    """Pictures that show no lesion, by kind: how many are turned away."""
    rows = []
    sums = [_together(kinds, total, chosen_on=chosen_on) for chosen_on in (True, False)]
    for each in [*kinds, *sums]:
        away = share(each["warned"] + each["refused"], each["pictures"])
        auroc = f"{each['auroc']:.4f}" if each["auroc"] is not None else ""
        use = "design" if each["chosen_on"] else "report"
        rows.append(
            [each["kind"], use, str(each["pictures"]), auroc, away, share(each["refused"], each["pictures"])]
        )  # fmt: skip
    count = sum(each["pictures"] for each in kinds)
    title = (
        f"Gate: pictures that show no lesion (n = {count:,} of {len(kinds)} kinds; of no split, but skin is cut from "
        "validation photos)"
    )
    return Table("gate_foreign", title, ["kind", "use", "n", "AUROC", "turned away", "refused"], rows)


def _together(kinds: list[dict[str, Any]], total: str, *, chosen_on: bool) -> dict[str, Any]:
    chosen = [each for each in kinds if each["chosen_on"] == chosen_on]
    sums = {name: sum(each[name] for each in chosen) for name in ("pictures", "warned", "refused")}
    return {"kind": total, "chosen_on": chosen_on, "auroc": None, **sums}


def _counts(found: Iterable[tuple[str, dict[str, int]]], head: str) -> str:
    rows = [
        [name, str(each["pictures"]), share(each["warned"], each["pictures"]), share(each["refused"], each["pictures"])]
        for name, each in found
    ]
    return Table("", "", [head, "n", "warned", "refused"], rows).markdown()


def coverage_table(sets: dict[str, Any], coverage: dict[str, dict[str, Any]]) -> Table:
    """How often the set of possible diagnoses holds the true one, by true diagnosis."""
    rows = []
    for number, (dx, promise) in enumerate(PROMISES.items()):
        fitted, found = (coverage.get(split, {}).get(dx) for split in ("val", "test"))
        target = f"{100 * promise:g} %"
        holds = size = "n/a"
        if found and found["value"] is not None:
            holds = f"{100 * found['value']:.1f} % ({100 * found['low']:.1f}-{100 * found['high']:.1f})"
            size = f"{found['size']:.1f}"
        promise_kept = target if sets["promised"][number] is not None else f"n/a (too few for {target})"
        lesions = f"{found['images']} / {found['lesions']}" if found else "0"
        rows.append([FULL_NAMES[dx], str(fitted["lesions"] if fitted else 0), promise_kept, lesions, holds, size])
    test = coverage.get("test", {}).values()
    images, lesions = (sum(each[name] for each in test) for name in ("images", "lesions"))
    title = f"Diagnoses that cannot be ruled out (test split, n = {images:,} images of {lesions:,} lesions)"
    heads = ["diagnosis", "val lesions", "promised", "test images / lesions", "holds the truth", "mean set size"]
    return Table("possible_diagnoses", title, heads, rows)


def _spread(spread: dict[str, Any]) -> str:
    count, split = spread["images"], spread["disagreeing"]
    return (
        f"{count:,} validation images, each in four mirrored views, {variants_in_words()}: the median range of "
        f"p_malignant is {100 * spread['median']:.1f} percentage points. In "
        f"{share(split, count)} the copies fall on both sides of "
        f"the threshold; the verdict is wrong in {share(spread['wrong_where_disagreeing'], split)} of these, and in "
        f"{share(spread['wrong_elsewhere'], count - split)} of the others."
    )
