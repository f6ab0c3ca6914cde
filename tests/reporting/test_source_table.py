from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from skinnet.__main__ import main
from skinnet.checkpoint import WITHOUT, load_config
from skinnet.errors import DataError
from skinnet.reporting.results.measured import data_sets, load_metrics
from skinnet.reporting.results.overview import overview
from skinnet.reporting.source_table import ROWS, source_table
from skinnet.reporting.without import keep_without, load_without


def test_each_data_set_has_a_column_with_its_n_and_its_own_figures(shipped: Path) -> None:
    home, other = load_metrics(shipped, "test"), load_metrics(shipped, "isic2017")
    table = source_table(load_config(shipped), {"test": home, "isic2017": other}, {})
    assert table.header[1:] == ["HAM10000, test", "ISIC 2017 part 3, test"]
    rows = {name: cells for name, *cells in table.rows}
    assert rows["Images"] == ["2,004", "592"]
    assert rows["(Pre)malignant ones"][1] == str(other.support["mel"])
    assert rows["Melanoma AUROC"] == [str(each.per_class["mel"]["auroc"]) for each in (home, other)]
    assert rows["Sensitivity at the verdict's threshold"][1] == str(other.overall["sensitivity"])
    assert len(rows) == len(ROWS) + 2


def test_a_network_trained_without_a_data_set_stands_beside_the_others(shipped: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(shipped, checkpoint, ignore=shutil.ignore_patterns("figures", "tables", "*.safetensors"))
    (checkpoint / WITHOUT).unlink(missing_ok=True)
    assert load_without(checkpoint) == {}
    keep_without(checkpoint, {"isic2017": shipped})  # any evaluation's folder
    home, other = load_metrics(shipped, "test"), load_metrics(shipped, "isic2017")
    assert load_without(checkpoint) == {"isic2017": home}
    table = source_table(load_config(shipped), {"test": home, "isic2017": other}, load_without(checkpoint))
    assert table.header[3] == "ISIC 2017 part 3, test, trained without it"
    rows = {name: cells for name, *cells in table.rows}
    assert all(cells[2] == cells[0] for cells in rows.values())
    warning = overview(data_sets(checkpoint, load_config(checkpoint)), load_without(checkpoint))
    sensitivity, specificity = (home.overall[name].value or 0 for name in ("sensitivity", "specificity"))
    assert f"flags {100 * sensitivity:.0f} of 100 of its photos of cancers" in warning
    assert f"and {100 * (1 - specificity):.0f} of 100 of its benign photos" in warning
    with pytest.raises(DataError, match="was not trained on mine"):
        keep_without(checkpoint, {"mine": shipped})
    for damaged in ("{", '{"isic2017": 7}', "[]"):
        (checkpoint / WITHOUT).write_text(damaged)
        with pytest.raises(DataError, match=r"without\.json is .*damaged: run"):
            load_without(checkpoint)
    command = ["release", "--checkpoint", str(checkpoint), "--without"]
    assert main([*command, "isic2017=x", "--run", "y"]) == 1
    with pytest.raises(SystemExit):
        main([*command, "isic2017"])
