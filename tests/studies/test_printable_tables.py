"""The printable table of each study, made from the data file that it left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skinnet.errors import DataError
from skinnet.explain.heatmaps import METHODS, OFFERED
from skinnet.labels import CLASSES
from skinnet.reporting.study_tables import remove_studies, study_tables
from skinnet.studies import robustness
from skinnet.studies.faithfulness import tables as faithfulness
from skinnet.studies.faithfulness.photo_rows import CROPPED, WHOLE
from skinnet.studies.faithfulness.summary import ALL, FAR, GROUPS
from skinnet.studies.gate_study import tables as gate_study
from skinnet.studies.leave_out import tables as leave_out
from skinnet.studies.lesion_hidden import study as lesion_hidden

ROBUST = "Robustness per lesion, one view: values, then changes (95 % interval)"
METRICS = ("balanced_accuracy", "malignant_auroc", "sensitivity", "false_alarms")
FAITHFULNESS = "faithfulness"
"""Folder, in a checkpoint's, that the files of `skinnet faithfulness` lie in."""
STUDIES: dict[str, Callable[[Path], object]] = {
    "robustness": robustness.write_tables,
    "lesion_hidden": lesion_hidden.write_tables,
    "leave_out": leave_out.write_tables,
    "gate": gate_study.write_tables,
    "faithfulness/faithfulness": lambda folder: faithfulness.write_tables(folder / FAITHFULNESS),
}


def counts(pictures: int, warned: int, refused: int) -> dict[str, int]:
    return {"pictures": pictures, "warned": warned, "refused": refused, "colour": 0, "no_lesion": 0}


def gate() -> dict[str, Any]:
    accepted = {
        f"mine, {split}": {name: counts(10, 1, 0) for name in CLASSES} | {"all": counts(70, 7, 0)}
        for split in ("val", "test")
    }
    foreign = [
        {"kind": "cats", "chosen_on": True, "auroc": 0.98765, **counts(20, 5, 10)},
        {"kind": "charts", "chosen_on": False, "auroc": 1.0, **counts(40, 0, 40)},
    ]
    blind = {"theirs": accepted["mine, test"]}
    colour = {"grey": {"ham10000": accepted["mine, test"]}}
    return {"accepted": accepted, "foreign": foreign, "blind": blind, "colour": colour}


def uncertainty() -> dict[str, Any]:
    held = {"images": 12, "lesions": 10, "value": 0.9, "low": 0.55, "high": 0.9975, "size": 2.25}
    promised = [0.95, 0.95, 0.95, None, 0.975, 0.95, None]
    return {
        "sets": {"promised": promised},
        "coverage": {split: dict.fromkeys(CLASSES, held) for split in ("val", "test", "isic2017")},
    }


def maps() -> dict[str, Any]:
    """What `faithfulness.report.write_report` writes, shortened."""
    rows = [
        {"method": method, "group": group, "diagnosis": ALL, "measure": measure, "value": value, "low": low,
         "high": high, "lesions": 30, "photos": 35}
        for method in OFFERED
        for group in GROUPS
        for measure, value, low, high in (
            ("energy_over_matched", 0.0512, -0.01, 0.1),
            ("likeness", 0.25, 0.2, 0.3),
            ("insertion_over_blob", 0.02, None, None),
        )
        if group == WHOLE or measure != "insertion_over_blob"
    ]  # fmt: skip
    won = {
        "energy_over_matched": {WHOLE: 5, FAR: 6, CROPPED: 7},
        "energy_over_gaussian": {WHOLE: 7, FAR: 4, CROPPED: 7},
    }
    met = {"energy_over_matched": True, "energy_over_gaussian": False}
    shuffled = [
        {"method": method, "layers": layers, "similarity": 1 / layers, "photos": 4}
        for layers in (1, 2, 4)
        for method in OFFERED
    ]
    return {
        "split": "test", "photos": 35, "lesions": 30, "summary": rows, "randomisation": shuffled,
        "goal": {method: {"won": won, "met": met} for method in OFFERED},
    }  # fmt: skip


def write_data(folder: Path, *, split: str) -> None:
    """One data file of each study, made by hand."""
    row = {"damage": "none", "strength": 0, "split": split, "images": 4, "lesions": 3}
    row |= dict.fromkeys(METRICS, 0.8) | {f"{name}_change": 0.0 for name in METRICS}
    change = {
        "malignant_auroc_change": -0.05,
        "malignant_auroc_change_low": -0.07,
        "malignant_auroc_change_high": -0.03,
    }
    damaged = row | {"damage": "blur", "strength": 2, "malignant_auroc": 0.75} | change
    pd.DataFrame([row, damaged]).to_csv(folder / "robustness.csv", index=False)
    shown = row | {"control": "whole", "photos": "all", "malignant_images": 2, "malignant_lesions": 1}
    pd.DataFrame([shown]).to_csv(folder / "controls.csv", index=False)
    left = {"network": "without it", "training_images": 50, "epochs": 2, "images": 9, "lesions": 8}
    clinic = {"left_out": "north", "photos": "all of the clinic", "malignant_auroc": 0.9}
    pd.DataFrame([left | clinic]).to_csv(folder / "clinics_left_out.csv", index=False)
    diagnosis = {"left_out": "df", "others": 40, "doubt_auroc": 0.7, "doubt_auroc_low": 0.6, "doubt_auroc_high": 0.8}
    pd.DataFrame([left | diagnosis]).to_csv(folder / "diagnoses_left_out.csv", index=False)
    (folder / "gate.json").write_text(json.dumps(gate()))
    (folder / "uncertainty.json").write_text(json.dumps(uncertainty()))
    (folder / FAITHFULNESS).mkdir(exist_ok=True)
    (folder / FAITHFULNESS / "faithfulness.json").write_text(json.dumps(maps()))


def write_all_tables(folder: Path) -> None:
    for write in STUDIES.values():
        write(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the data file and the printable tables of each study, and a file of the checkpoint."""
    (tmp_path / "config.json").write_text("{}")
    write_data(tmp_path, split="test")
    write_all_tables(tmp_path)
    return tmp_path


def test_each_table_is_there_if_its_study_is(folder: Path) -> None:
    names = {
        "robustness": ["robustness"],
        "lesion_hidden": ["controls"],
        "leave_out": ["clinics_left_out", "diagnoses_left_out"],
        "gate": ["gate_foreign", "gate_photos", "gate_without_a_source", "gate_colour", "possible_diagnoses"],
        "faithfulness/faithfulness": ["faithfulness"],
    }
    assert [table.name for table in study_tables(folder)] == list(chain.from_iterable(names.values()))
    for name in names:
        (folder / f"{name}.tables.json").unlink()
        assert not set(names[name]) & {table.name for table in study_tables(folder)}


def test_of_leave_out_a_table_is_there_if_its_file_is(folder: Path) -> None:
    (folder / "clinics_left_out.csv").unlink()
    assert list(leave_out.write_tables(folder)) == ["diagnoses_left_out.csv"]


def test_every_title_names_split_and_n(folder: Path) -> None:
    assert [table.title for table in study_tables(folder)] == [
        f"{ROBUST} (test split, n = 4 images of 3 lesions)",
        "How much of the score does not come from the lesion, per lesion, one view: values, then changes (test split, "
        "n = 4 images of 3 lesions)",
        "A clinic left out of training: its photos of all splits and of the test split, per lesion, n in each row",
        "A diagnosis left out of training: its images of all splits (shipped network: test split) against the other "
        "test images, per image, n in each row",
        "Gate: pictures that show no lesion (n = 60 of 2 kinds; of no split, but skin is cut from validation photos)",
        "Gate: dermatoscopic photos turned away (data set, split and n in each row)",
        "Gate fitted without a data set: its dermatoscopic photos turned away (test split, n in each row)",
        "Gate: photos whose colours were changed (test splits, n in each row; turned away by diagnosis)",
        "Diagnoses that cannot be ruled out (test splits, n = 84 images of HAM10000, n = 84 images of ISIC 2017 part "
        "3)",
        "Heat maps compared with blobs that ignore the photo (test split, n = 35 photos of 30 lesions)",
    ]
    write_data(folder, split="val")
    write_all_tables(folder)
    assert study_tables(folder)[0].title == f"{ROBUST} (val split, n = 4 images of 3 lesions)"


def test_the_cells_are_those_of_the_files(folder: Path) -> None:
    robust, hidden, clinics, diagnoses, non_lesion, photos, blind, colour, possible, heat_maps = study_tables(folder)
    assert robust.rows[0] == ["none", "", "0.800", "0.800", "0.800"]
    assert robust.rows[1] == ["blur", "2", "+0.000", "-0.050 (-0.070 to -0.030)", "+0.000"]
    assert hidden.rows[0][:5] == ["all", "whole", "4 (2)", "3 (1)", "0.800"]
    assert clinics.rows[0][:5] == ["north, without it", "50 (2)", "all of the clinic", "9 / 8", "0.900"]
    assert diagnoses.rows[0][-2:] == ["0.700 (0.600-0.800)", "n/a"]
    assert non_lesion.rows[0] == ["cats", "design", "20", "0.9877", "75.0 % (50.9-91.3)", "50.0 % (27.2-72.8)"]
    assert non_lesion.rows[-1][:3] == ["all of these", "report", "40"]
    none, tenth = "0.0 % (0.0-5.1)", "10.0 % (4.1-19.5)"
    assert photos.rows[-1] == ["mine, test", "all", "70", tenth, none, none, none]
    assert blind.rows[-1] == ["theirs", "all", "70", tenth, none]
    assert colour.rows == [["HAM10000", "grey", "70", none, tenth, *["1 / 10"] * 7]]
    held = ["12 / 10", "90.0 % (55.0-99.8)", "2.2"]
    assert possible.rows[4] == ["Melanoma", "10", "97.5 %", *held, *held]
    assert possible.rows[3][2] == "n/a (too few for 95 %)"
    assert len(heat_maps.rows) == len(OFFERED) * len(GROUPS)
    assert heat_maps.rows[0] == [
        METHODS[next(iter(OFFERED))].title, WHOLE, "35 / 30", "5 of 7", "7 of 7", "+0.051 (-0.010 to +0.100)", "0.25",
        "+0.020, n = 30 lesions", "1.00 / 0.25", "met / missed",
    ]  # fmt: skip
    assert heat_maps.rows[1][1:5] == [FAR, "35 / 30", "6 of 7", "4 of 7"]
    assert heat_maps.rows[1][-3:] == ["", "", ""]


def test_a_damaged_data_file_is_reported_with_advice(folder: Path) -> None:
    (folder / "gate.json").write_text("{")
    with pytest.raises(DataError, match="damaged: run python -m skinnet fit-gate again"):
        gate_study.write_tables(folder)


def test_no_file_of_a_study_outlives_its_network(folder: Path) -> None:
    for name in ("controls.csv", "gate.safetensors", "GATE.md", f"{FAITHFULNESS}/faithfulness.png"):
        (folder / name).write_text("of another network")
    remove_studies(folder)
    assert [path.name for path in folder.rglob("*")] == ["config.json"]


def test_the_shipped_tables_are_those_of_the_shipped_data(shipped: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(shipped, checkpoint)
    measured = [name for name in STUDIES if (shipped / f"{name}.tables.json").is_file()]
    assert "gate" in measured
    for name in measured:
        STUDIES[name](checkpoint)
        file = f"{name}.tables.json"
        assert (checkpoint / file).read_text(encoding="utf-8") == (shipped / file).read_text(encoding="utf-8"), (
            f"call write_tables on {shipped}, then python -m skinnet release --checkpoint {shipped}"
        )
