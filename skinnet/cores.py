"""How many processor cores this process may use, and no more threads than that.

    limit_threads()  # before torch or numpy is imported

A container may see all the cores of its host but get the time of two. Threads for all of them would wait for each
other.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

THREADS = "OMP_NUM_THREADS"
"""The variable from which torch and numpy take the number of their threads."""
CGROUP = Path("/sys/fs/cgroup")


def limit_threads() -> None:
    """Let torch and numpy start as many threads as there are usable cores, unless the environment says how many."""
    os.environ.setdefault(THREADS, str(usable_cores()))


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Return the number of cores, at least 1: those of the process's affinity, or fewer by its container's quota.

    Args:
        cgroup: where Linux shows the quota, of cgroup version 2 or 1.
    """
    affine = hasattr(os, "sched_getaffinity")  # not on macOS or Windows
    cores = len(os.sched_getaffinity(0)) if affine else os.cpu_count() or 1
    return max(math.ceil(min(cores, _quota(cgroup))), 1)


def _quota(cgroup: Path) -> float:
    """Cores by the quota; infinite without one."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = map(float, " ".join((cgroup / name).read_text() for name in names).split())
        except (OSError, ValueError):  # none, or "max"
            continue
        if quota > 0 and period > 0:
            return quota / period
    return math.inf
