"""The documents name only files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skinnet.cli.registry import COMMANDS
from tests.conftest import PROJECT

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
CODE_PATH = re.compile(r"\b(?:skinnet|demo|tests|benchmarks|docs)(?:/[\w.-]*\w)+/?")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_paths_of_code_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    names = {name for name in CODE_PATH.findall(text) if "NAME" not in name}
    assert [name for name in sorted(names) if not (PROJECT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_targets_of_links_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (document.parent / link).exists()] == []


def test_the_readme_and_the_guides_mention_every_command() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    names = [module.replace("_", "-") for module in COMMANDS]
    assert [name for name in names if not re.search(rf"skinnet {name}\b", text)] == []
