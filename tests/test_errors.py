from __future__ import annotations

from skinnet.errors import shortlist


def test_long_lists_are_cut() -> None:
    assert shortlist([1, 2]) == "1, 2"
    assert shortlist(range(8)) == "0, 1, 2, 3, 4 and 3 more"
