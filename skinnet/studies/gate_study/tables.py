"""Printable tables of the gate and of the sets of possible diagnoses, from gate.json and uncertainty.json.

tables = write_tables(Path("checkpoints/committee"))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skinnet.checkpoint import CONFORMAL, GATE, GATE_CARD, GATE_STATISTICS
from skinnet.evaluation.bootstrap import clopper_pearson
from skinnet.files import read_json
from skinnet.labels import CLASSES, FULL_NAMES
from skinnet.reporting.captions import source_title
from skinnet.reporting.study_tables import write_study
from skinnet.reporting.table import Table
from skinnet.training.fit_conformal import PROMISES

RERUN = "run python -m skinnet fit-gate again"


def write_tables(folder: Path) -> list[Table]:
    """Write the printable tables of the gate.json and uncertainty.json in a folder.

    Raises:
        DataError: if one is missing or damaged.
    """
    gate, uncertainty = (read_json(folder / name, advice=RERUN) for name in (GATE, CONFORMAL))
    tables = [
        non_lesion_table(gate["foreign"]),
        turned_away_table(gate["accepted"]),
        blind_table(gate["blind"]),
        colour_table(gate["colour"]),
        coverage_table(uncertainty["sets"], uncertainty["coverage"]),
    ]
    write_study(folder, "gate", order=40, files=[GATE, GATE_STATISTICS, CONFORMAL, GATE_CARD], tables=tables)
    return tables


def turned_away_table(accepted: dict[str, dict[str, dict[str, int]]]) -> Table:
    """How many dermatoscopic photos of each data set and split are warned of or refused, by diagnosis."""
    title = "Gate: dermatoscopic photos turned away (data set, split and n in each row)"
    heads = ["photos", "diagnosis", "n", "warned", "for colour", "no lesion found", "refused"]
    columns = ("warned", "colour", "no_lesion", "refused")
    return Table("gate_photos", title, heads, _by_diagnosis(accepted, columns))


def blind_table(blind: dict[str, dict[str, dict[str, int]]]) -> Table:
    """How many test photos of a data set are turned away by a gate that was fitted without it, by diagnosis."""
    title = "Gate fitted without a data set: its dermatoscopic photos turned away (test split, n in each row)"
    heads = ["fitted without", "diagnosis", "n", "warned", "refused"]
    return Table("gate_without_a_source", title, heads, _by_diagnosis(blind, ("warned", "refused")))


def _by_diagnosis(photos: dict[str, dict[str, dict[str, int]]], columns: Sequence[str]) -> list[list[str]]:
    return [
        [name, FULL_NAMES.get(dx, "all"), str(count), *(share(found[column], count) for column in columns)]
        for name, by_dx in photos.items()
        for dx, found in by_dx.items()
        if (count := found["pictures"])
    ]


def colour_table(colour: dict[str, dict[str, dict[str, dict[str, int]]]]) -> Table:
    """How many test photos are turned away after changes of their colours, with counts by diagnosis."""
    rows = []
    for change, by_source in colour.items():
        for source, by_dx in by_source.items():
            every = by_dx["all"]
            shares = [share(hits, every["pictures"]) for hits in (every["colour"], _away(every))]
            counts = [f"{_away(by_dx[dx])} / {n}" if (n := by_dx[dx]["pictures"]) else "" for dx in CLASSES]
            rows.append([source_title(source), change, str(every["pictures"]), *shares, *counts])
    title = "Gate: photos whose colours were changed (test splits, n in each row; turned away by diagnosis)"
    heads = ["photos", "colours", "n", "warned for colour", "turned away", *CLASSES]
    return Table("gate_colour", title, heads, rows)


def _away(found: dict[str, int]) -> int:
    return found["warned"] + found["refused"]


def non_lesion_table(kinds: list[dict[str, Any]], *, total: str = "all of these") -> Table:
    """How many pictures that show no lesion are turned away, by kind."""
    rows = []
    sums = [_together(kinds, total, chosen_on=chosen_on) for chosen_on in (True, False)]
    for each in [*kinds, *sums]:
        away = share(_away(each), each["pictures"])
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


def coverage_table(sets: dict[str, Any], coverage: dict[str, dict[str, Any]]) -> Table:
    """How often the set of possible diagnoses holds the true one, by true diagnosis and data set.

    Args:
        coverage: by split of the first data set ("val", "test") and by name of each other one (its test split).
    """
    tests = {
        ("HAM10000" if name == "test" else source_title(name)): by for name, by in coverage.items() if name != "val"
    }
    rows = []
    for number, (dx, promise) in enumerate(PROMISES.items()):
        fitted, target = coverage.get("val", {}).get(dx), f"{100 * promise:g} %"
        promise_kept = target if sets["promised"][number] is not None else f"n/a (too few for {target})"
        cells = (cell for by in tests.values() for cell in _held(by.get(dx)))
        rows.append([FULL_NAMES[dx], str(fitted["lesions"] if fitted else 0), promise_kept, *cells])
    heads = ["diagnosis", "val lesions", "promised"]
    for title in tests:
        heads += [f"{title}, test: images / lesions", "holds the true one", "mean set size"]
    counts = [f"n = {sum(each['images'] for each in by.values()):,} images of {title}" for title, by in tests.items()]
    title = f"Diagnoses that cannot be ruled out (test splits, {', '.join(counts)})"
    return Table("possible_diagnoses", title, heads, rows)


def _held(found: dict[str, Any] | None) -> list[str]:
    """Numbers, share with its interval, and size of the sets of one diagnosis."""
    if not found or found["value"] is None:
        return ["0", "n/a", "n/a"]
    holds = f"{100 * found['value']:.1f} % ({100 * found['low']:.1f}-{100 * found['high']:.1f})"
    return [f"{found['images']} / {found['lesions']}", holds, f"{found['size']:.1f}"]


def share(hits: int, count: int) -> str:
    """A percentage with its 95 % interval; "n/a" of nothing."""
    if not count:
        return "n/a"
    low, high = clopper_pearson(hits, count)
    return f"{100 * hits / count:.1f} % ({100 * low:.1f}-{100 * high:.1f})"
