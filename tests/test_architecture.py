"""The rooms of the house and the one direction in which they import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

FLOORS = (
    ("demo", "skinnet.__main__"),
    ("skinnet.cli",),
    ("skinnet.studies",),
    ("skinnet.reporting",),
    ("skinnet.training",),
    ("skinnet.evaluation",),
    ("skinnet.explain",),
    ("skinnet.inference",),
    ("skinnet.data",),
    ("skinnet.models",),
    ("skinnet.images",),
    ("skinnet.checkpoint",),
    ("skinnet.files", "skinnet.progress", "skinnet.device", "skinnet.cores"),
    ("skinnet.errors", "skinnet.labels"),
    ("skinnet",),
)
"""From the top floor down. A module imports from its own room and from the floors below."""


def python_files() -> list[Path]:
    return sorted([*(PROJECT / "skinnet").rglob("*.py"), *(PROJECT / "demo").rglob("*.py")])


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> int:
    rooms = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        if (room := ".".join(parts[:end])) in rooms and (room != "skinnet" or module == "skinnet"):
            return rooms[room]
    raise AssertionError(f"{module} is in no room: name its floor in FLOORS")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = PROJECT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else node.module


@pytest.mark.parametrize("path", python_files(), ids=module_name)
def test_a_module_imports_only_from_its_own_floor_and_those_below(path: Path) -> None:
    own = module_name(path)
    if own == "skinnet":
        return  # the package's own door: it imports lazily, see skinnet/__init__.py
    upward = [name for name in imports(path) if name.split(".")[0] in ("skinnet", "demo") and floor(name) < floor(own)]
    assert not upward
