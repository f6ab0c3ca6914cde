from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def copy(drawn_root: Path, tmp_path: Path) -> Path:
    """A prepared data folder that a test may change, with its cache."""
    shutil.copytree(drawn_root, tmp_path, dirs_exist_ok=True)
    return tmp_path
