from __future__ import annotations

from pathlib import Path

from skinnet.checkpoint import load_config
from skinnet.reporting.results.measured import load_metrics
from skinnet.reporting.source_table import ROWS, source_table


def test_each_data_set_has_a_column_with_its_n_and_its_own_figures(shipped: Path) -> None:
    home, other = load_metrics(shipped, "test"), load_metrics(shipped, "isic2017")
    table = source_table(load_config(shipped), {"test": home, "isic2017": other})
    assert table.header[1:] == ["HAM10000, test", "ISIC 2017 part 3, test"]
    rows = {name: cells for name, *cells in table.rows}
    assert rows["Images"] == ["2,004", "592"]
    assert rows["(Pre)malignant ones"][1] == str(other.support["mel"])
    assert rows["Melanoma AUROC"] == [str(each.per_class["mel"]["auroc"]) for each in (home, other)]
    assert rows["Sensitivity at the verdict's threshold"][1] == str(other.overall["sensitivity"])
    assert len(rows) == len(ROWS) + 2
