from __future__ import annotations

from pathlib import Path

from skinnet.reporting.metric_tables import all_tables
from skinnet.reporting.plots.titles import FIGURES, READING
from skinnet.reporting.results.measured import load_metrics
from skinnet.reporting.table import Table
from skinnet.reporting.table_groups import GROUPS, OTHERS, grouped


def test_every_table_is_in_one_group_and_those_of_studies_are_in_the_last(shipped: Path) -> None:
    metrics = {unit: load_metrics(shipped, "test", unit=unit) for unit in ("lesion", "image")}
    study = Table("new_study", "New", ["a"], [["1"]])
    tables = [*all_tables(metrics), study]
    groups = grouped(tables)
    found = [table.name for group in groups for table in group.tables]
    assert sorted(found) == sorted(table.name for table in tables)
    assert [group.title for group in groups] == [title for title in (*GROUPS, OTHERS) if title != next(iter(GROUPS))]
    assert groups[-1].tables == (study,)
    assert {table.name for table in groups[1].tables} >= {"operating_points", "missed_melanomas_95"}


def test_each_figure_says_how_to_read_it() -> None:
    assert READING.keys() == FIGURES.keys()
