from __future__ import annotations

import io
import logging
import sys

import pytest

from skinnet import progress as bars
from skinnet.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("skinnet"), "level", logging.INFO)
    logging.getLogger("skinnet")._cache.clear()  # type: ignore[attr-defined]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(progress(range(3), "counting", file=sys.stderr)) == [0, 1, 2]
    assert "\rcounting: 100%" in sys.stderr.getvalue()  # type: ignore[attr-defined]


def test_a_log_gets_lines_and_short_work_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert list(progress(range(3), "counting")) == [0, 1, 2]
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
    monkeypatch.setattr(bars, "LINE_SECONDS", 1e-9)
    assert list(progress(range(3), "counting")) == [0, 1, 2]
    written = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "\r" not in written
    assert [line.partition(":")[0] for line in written.splitlines()] == ["counting"] * len(written.splitlines())
    assert "100%" in written.splitlines()[-1]
