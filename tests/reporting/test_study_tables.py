from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from skinnet.checkpoint import CARD, FIGURE_FOLDER, load_config
from skinnet.errors import DataError
from skinnet.inference.wording import unbroken
from skinnet.reporting.goals import goals_table
from skinnet.reporting.publish import publish
from skinnet.reporting.results.figures import readable
from skinnet.reporting.results.measured import data_sets
from skinnet.reporting.results.page import details
from skinnet.reporting.results.published import published
from skinnet.reporting.study_tables import remove_studies, study_tables, write_study
from skinnet.reporting.table import Table

FIRST = Table("first", "First (n = 2)", ["a", "b"], [["1", "0.500 (0.400-0.600)"], ["<2>", "n/a"]])
SECOND = Table("second", "Second (n = 3)", ["c"], [["3"]])


def write_studies(folder: Path) -> None:
    """Two studies; the one in a folder of its own comes first."""
    write_study(folder, "later", order=99, files=["later.csv"], tables=[SECOND])
    write_study(folder / "early", "early", order=1, files=["early.csv"], tables=[FIRST])


def test_a_folder_without_studies_has_no_tables(tmp_path: Path) -> None:
    assert study_tables(tmp_path) == []


def test_tables_are_read_as_written_in_the_order_of_the_studies(tmp_path: Path) -> None:
    write_studies(tmp_path)
    assert study_tables(tmp_path) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "change",
    [
        {"files": ["../config.json"]},
        {"files": 3},
        {"tables": [{"name": "a", "title": "b", "header": ["c"], "rows": [["1", "2"]]}]},
        {"tables": [{"name": "a", "title": "b", "header": ["c"], "rows": [[1]]}]},
        {"tables": [{"name": "a"}]},
        {"tables": "none"},
    ],
)
def test_a_damaged_file_is_reported_with_advice(change: dict[str, object], tmp_path: Path) -> None:
    write_studies(tmp_path)
    path = tmp_path / "later.tables.json"
    content = json.loads(path.read_text())
    path.write_text("{")
    with pytest.raises(DataError, match="damaged: repeat the study"):
        study_tables(tmp_path)
    path.write_text(json.dumps(content | change))
    with pytest.raises(DataError, match="of another version: repeat the study, or delete this file"):
        study_tables(tmp_path)


def test_removing_studies_removes_their_files_and_no_others(tmp_path: Path) -> None:
    write_studies(tmp_path)
    for name in ("later.csv", "early/early.csv", "config.json"):
        (tmp_path / name).write_text("")
    remove_studies(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["config.json"]
    remove_studies(tmp_path)  # a folder without studies is no error


def test_card_report_tables_and_tab_show_every_table(shipped: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(shipped, checkpoint)
    count = len(study_tables(checkpoint))
    write_studies(checkpoint)
    (checkpoint / "tables" / "gone.csv").write_text("of a file that is no longer there")
    metrics = publish(checkpoint)
    tables = [goals_table(metrics["test"]), *study_tables(checkpoint)]
    assert len(tables) == 3 + count
    report = (checkpoint / "report.html").read_text(encoding="utf-8")
    card = (checkpoint / CARD).read_text(encoding="utf-8")
    goals, studies = card.index("## Goals, and which were missed"), card.index("## Further measurements")
    assert card.index("## Results") < goals < studies < card.index("## Limits")
    for table in tables:
        assert unbroken(readable(table).html()) in report
        assert table.markdown() in card
        assert (checkpoint / "tables" / f"{table.name}.csv").read_text(encoding="utf-8") == table.csv()
    assert all(f"**{table.title}**\n\n{table.markdown()}" in card[studies:] for table in tables[1:])
    assert not (checkpoint / "tables" / "gone.csv").exists()
    titles = folded(checkpoint)
    assert titles.index("Goals, and each data set beside the other") < titles.index(tables[0].title)
    studies = titles.index("Further studies")
    assert titles[studies + 1 :][: 2 + count] == [table.title for table in tables[1:]]


def folded(checkpoint: Path) -> list[str]:
    """Titles of what can be unfolded on the page of results, all folded."""
    config = load_config(checkpoint)
    evaluation = published(checkpoint, config, data_sets(checkpoint, config))
    page = details(evaluation, checkpoint / FIGURE_FOLDER)
    assert "<details open" not in page
    return [unescape(title).strip() for title in re.findall(r"<summary>([^<]+)", page)]
