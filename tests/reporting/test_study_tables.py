from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
import pytest

from demo import results
from demo.results import load_metrics
from skinnet.checkpoint import CARD, load_config, save_config
from skinnet.errors import DataError
from skinnet.evaluation.scored_cases import UNITS
from skinnet.explain.heatmaps import METHODS, OFFERED
from skinnet.labels import CLASSES
from skinnet.reporting.captions import training_cost
from skinnet.reporting.goals import goals_table
from skinnet.reporting.model_card import model_card
from skinnet.reporting.publish import publish
from skinnet.reporting.study_tables import CONTROLS, MAPS, READERS, further_tables, remove_further
from skinnet.studies.faithfulness.measure import CROPPED, WHOLE
from skinnet.studies.faithfulness.summary import ALL, FAR, GROUPS

ROBUST = "Robustness per lesion, one view: figures, then changes (95 % interval)"
FIGURES = ("balanced_accuracy", "malignant_auroc", "sensitivity", "false_alarms")


def counts(pictures: int, warned: int, refused: int) -> dict[str, int]:
    return {"pictures": pictures, "warned": warned, "refused": refused}


def gate() -> dict[str, Any]:
    accepted = {
        split: {name: counts(10, 1, 0) for name in CLASSES} | {"all": counts(70, 7, 0)} for split in ("val", "test")
    }
    foreign = [
        {"kind": "cats", "chosen_on": True, "auroc": 0.98765, **counts(20, 5, 10)},
        {"kind": "charts", "chosen_on": False, "auroc": 1.0, **counts(40, 0, 40)},
    ]
    return {"accepted": accepted, "foreign": foreign}


def uncertainty() -> dict[str, Any]:
    held = {"images": 12, "lesions": 10, "value": 0.9, "low": 0.55, "high": 0.9975, "size": 2.25}
    promised = [0.95, 0.95, 0.95, None, 0.975, 0.95, None]
    return {
        "sets": {"promised": promised},
        "coverage": {split: dict.fromkeys(CLASSES, held) for split in ("val", "test")},
    }


def maps() -> dict[str, Any]:
    """What `faithfulness_report.write_report` writes, shortened."""
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


def write_all(folder: Path, *, split: str) -> None:
    """One of each further file, made by hand."""
    row = {"damage": "none", "strength": 0, "split": split, "images": 4, "lesions": 3}
    row |= dict.fromkeys(FIGURES, 0.8) | {f"{name}_change": 0.0 for name in FIGURES}
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
    (folder / MAPS).mkdir(exist_ok=True)
    (folder / MAPS / "faithfulness.json").write_text(json.dumps(maps()))


@pytest.fixture
def folder(shipped: Path, tmp_path: Path) -> Path:
    """A checkpoint's folder with nothing but its config and one of each further file."""
    save_config(replace(load_config(shipped), counts={"val": 3, "test": 4}), tmp_path)
    write_all(tmp_path, split="test")
    return tmp_path


def test_a_folder_without_the_files_has_no_further_tables(tmp_path: Path) -> None:
    assert further_tables(tmp_path) == []


def test_each_table_is_there_if_its_file_is(folder: Path) -> None:
    names = {
        "robustness.csv": ["robustness"],
        "controls.csv": ["controls"],
        "clinics_left_out.csv": ["clinics_left_out"],
        "diagnoses_left_out.csv": ["diagnoses_left_out"],
        "gate.json": ["gate_foreign", "gate_photos"],
        "uncertainty.json": ["possible_diagnoses"],
        "faithfulness/faithfulness.json": ["faithfulness"],
    }
    assert list(names) == list(READERS)
    assert [table.name for table in further_tables(folder)] == list(chain.from_iterable(names.values()))
    for name in names:
        (folder / name).unlink()
        assert not set(names[name]) & {table.name for table in further_tables(folder)}


def test_every_title_names_split_and_n(folder: Path) -> None:
    assert [table.title for table in further_tables(folder)] == [
        f"{ROBUST} (test split, n = 4 images of 3 lesions)",
        "How much of the score does not come from the lesion, per lesion, one view: figures, then changes (test split, "
        "n = 4 images of 3 lesions)",
        "A clinic left out of training: its photos of all splits and of the test split, per lesion, n in each row",
        "A diagnosis left out of training: its images of all splits (shipped network: test split) against the other "
        "test images, per image, n in each row",
        "Gate: pictures that show no lesion (n = 60 of 2 kinds; of no split, but skin is cut from validation photos)",
        "Gate: dermatoscopic photos turned away (test split, n = 70: 90.0 % (80.5-95.9) pass unwarned)",
        "Diagnoses that cannot be ruled out (test split, n = 84 images of 70 lesions)",
        "Heat maps against blobs that look at nothing (test split, n = 35 photos of 30 lesions)",
    ]
    write_all(folder, split="val")
    assert further_tables(folder)[0].title == f"{ROBUST} (val split, n = 4 images of 3 lesions)"


def test_the_cells_are_those_of_the_files(folder: Path) -> None:
    robustness, controls, clinics, diagnoses, foreign, photos, possible, heat_maps = further_tables(folder)
    assert robustness.rows[0] == ["none", "", "0.800", "0.800", "0.800"]
    assert robustness.rows[1] == ["blur", "2", "+0.000", "-0.050 (-0.070 to -0.030)", "+0.000"]
    assert controls.rows[0][:5] == ["all", "whole", "4 (2)", "3 (1)", "0.800"]
    assert clinics.rows[0][:5] == ["north, without it", "50 (2)", "all of the clinic", "9 / 8", "0.900"]
    assert diagnoses.rows[0][-2:] == ["0.700 (0.600-0.800)", "n/a"]
    assert foreign.rows[0] == ["cats", "design", "20", "0.9877", "75.0 % (50.9-91.3)", "50.0 % (27.2-72.8)"]
    assert foreign.rows[-1][:3] == ["all of these", "report", "40"]
    assert photos.rows[-1] == ["All", "70", "7", "0.0 % (0.0-5.1)", "70", "7", "0.0 % (0.0-5.1)"]
    assert possible.rows[4] == ["Melanoma", "10", "97.5 %", "12 / 10", "90.0 % (55.0-99.8)", "2.2"]
    assert possible.rows[3][2] == "n/a (too few for 95 %)"
    assert len(heat_maps.rows) == len(OFFERED) * len(GROUPS)
    assert heat_maps.rows[0] == [
        METHODS[next(iter(OFFERED))].title, WHOLE, "35 / 30", "5 of 7", "7 of 7", "+0.051 (-0.010 to +0.100)", "0.25",
        "+0.020, n = 30 lesions", "1.00 / 0.25", "met / missed",
    ]  # fmt: skip
    assert heat_maps.rows[1][1:5] == [FAR, "35 / 30", "6 of 7", "4 of 7"]
    assert heat_maps.rows[1][-3:] == ["", "", ""]


def test_a_damaged_file_is_told_with_its_mend(folder: Path) -> None:
    (folder / "gate.json").write_text("{")
    with pytest.raises(DataError, match="damaged: run python -m skinnet fit-gate again"):
        further_tables(folder)
    (folder / "gate.json").write_text("{}")
    with pytest.raises(DataError, match="of another version: delete it"):
        further_tables(folder)


def test_nothing_of_another_network_outlives_it(folder: Path) -> None:
    for name in (CONTROLS, "gate.safetensors", "GATE.md", f"{MAPS}/faithfulness.png"):
        (folder / name).write_text("of another network")
    remove_further(folder)
    assert [path.name for path in folder.rglob("*")] == ["config.json"]
    remove_further(folder)  # what is not there is no error
    assert not any((folder / name).exists() for name in READERS)


def test_card_report_tables_and_tab_show_every_table(shipped: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(shipped, checkpoint)
    write_all(checkpoint, split="test")
    (checkpoint / "tables" / "gone.csv").write_text("of a file that is no longer there")
    metrics = publish(checkpoint)
    tables = [goals_table(metrics["test"]), *further_tables(checkpoint)]
    assert len(tables) == 9
    report = (checkpoint / "report.html").read_text(encoding="utf-8")
    card = (checkpoint / CARD).read_text(encoding="utf-8")
    goals, further = card.index("## Goals, and which were missed"), card.index("## Further measurements")
    assert card.index("## Results") < goals < further < card.index("## Limits")
    for table in tables:
        assert table.html() in report
        assert table.markdown() in card
        assert (checkpoint / "tables" / f"{table.name}.csv").read_text(encoding="utf-8") == table.csv()
    assert all(f"**{table.title}**\n\n{table.markdown()}" in card[further:] for table in tables[1:])
    assert not (checkpoint / "tables" / "gone.csv").exists()
    folded = accordions(checkpoint)
    assert folded[0] == tables[0].title
    assert folded[-8:] == [table.title for table in tables[1:]]


def accordions(checkpoint: Path) -> list[str]:
    """Titles of what can be unfolded on the Results tab, all folded."""
    with gr.Blocks() as interface:
        results.add(checkpoint)
    found = [each["props"] for each in interface.config["components"] if each["type"] == "accordion"]
    assert not any(each["open"] for each in found)
    return [str(each["label"]) for each in found]


def test_a_card_without_further_files_has_no_such_section(shipped: Path) -> None:
    metrics = {split: {unit: load_metrics(shipped, split, unit=unit) for unit in UNITS} for split in ("val", "test")}
    card = model_card(load_config(shipped), metrics)
    assert "## Further measurements" not in card
    assert "## Goals, and which were missed" in card


def test_the_card_says_what_training_took_and_who_taught(shipped: Path) -> None:
    metrics = {split: {unit: load_metrics(shipped, split, unit=unit) for unit in UNITS} for split in ("val", "test")}
    config = replace(load_config(shipped), training_minutes=61.6, machine="2 x86_64 CPU cores")
    config = replace(config, training=config.training | {"epochs": 10, "soft_labels": "", "first_size": 1.0})
    assert training_cost(config) == (
        "Training took 62 minutes on 2 x86_64 CPU cores. The network saw 69,760 images: 10 times as many as the "
        "training split has (6,997), in whole batches."
    )
    assert "teachers" not in model_card(config, metrics)
    soft_labels = {"soft_labels": "/somewhere/a.csv, b.csv", "soft_share": 0.7, "first_size": 0.5}
    config = replace(config, training=config.training | soft_labels)
    card = model_card(config, metrics)
    assert "70 % of each training image's target are the soft labels in `a.csv`, `b.csv`" in card
    assert "images at first 0.5 of their side" in card
    assert "/somewhere" not in card
