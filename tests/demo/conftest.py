from __future__ import annotations

from pathlib import Path

import pytest

from demo.site import Site


@pytest.fixture(scope="session")
def site(shipped: Path) -> Site:
    """The shipped checkpoint as the app has it."""
    return Site.load(shipped)
