"""Time works side by side: in turn within each round, so that whatever else the machine does hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Row:
    """A line of a table in docs/performance.md.

    Attributes:
        work: what was timed, and on what.
        seconds: float (rounds,).
        peer: the row, of the same table, that a ratio compares with; "" for none.
        goal: in words; "" for none.
    """

    work: str
    seconds: np.ndarray
    peer: str = ""
    goal: str = ""


def in_turn(works: Mapping[str, Callable[[], object]], *, rounds: int, warm_up: int = 2) -> dict[str, np.ndarray]:
    """Seconds of each work in each round: (rounds,)."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(warm_up + rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if number >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def table(rows: list[Row]) -> str:
    """Rows in Markdown: median, the range of the middle four fifths, and the median ratio to the peer."""
    lines = ["| work | median | 10 to 90 % of rounds | times its peer | goal |", "|---|---|---|---|---|"]
    by_name = {row.work: row for row in rows}
    for row in rows:
        low, middle, high = np.quantile(row.seconds, (0.1, 0.5, 0.9))
        ratio = ""
        if row.peer:
            ratio = f"{np.median(row.seconds) / np.median(by_name[row.peer].seconds):.2f} x {row.peer}"
        lines.append(
            f"| {row.work} | {in_words(middle)} | {in_words(low)} to {in_words(high)} | {ratio} | {row.goal} |"
        )
    return "\n".join(lines)


def in_words(seconds: float) -> str:
    """Seconds or milliseconds, whichever reads better."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
