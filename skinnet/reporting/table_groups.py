"""The tables of an evaluation by what a reader looks for, for the report and the Results tab.

for group in grouped(tables):
    print(group.title, [table.title for table in group.tables])
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from skinnet.reporting.table import Table

GROUPS = {
    "Goals, and each data set beside the other": ("goals", "image-goals", "sources"),
    "Each diagnosis, by both decision rules": ("rules", "classes_displayed", "classes_balanced", "classes"),
    "Thresholds and missed melanomas": ("operating_points", "prevalences", "missed_melanomas"),
    "Scores and calibration": ("overall", "calibration", "reliability", "decision_curve", "selective"),
    "Groups of patients": ("subgroups",),
}
"""The names of tables, or the beginnings of names, by title of the group."""
OTHERS = "Further studies"
"""Title of the group of all other tables: each study writes its own."""


@dataclass(frozen=True)
class TableGroup:
    """Tables under one heading."""

    title: str
    tables: tuple[Table, ...]


def grouped(tables: Iterable[Table]) -> list[TableGroup]:
    """Arrange tables by group, in their order; an empty group is left out."""
    found: dict[str, list[Table]] = {title: [] for title in (*GROUPS, OTHERS)}
    for table in tables:
        found[_group(table.name)].append(table)
    return [TableGroup(title, tuple(each)) for title, each in found.items() if each]


def _group(name: str) -> str:
    for title, names in GROUPS.items():
        if name in names or (name.startswith("missed_melanomas") and "missed_melanomas" in names):
            return title
    return OTHERS
