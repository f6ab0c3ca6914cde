from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

SCRIPT = PROJECT / "benchmarks" / "feeding.py"


def test_feeding_is_measured_on_prepared_data(drawn_root: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--batches", "2", "--batch-size", "4", "--root", str(drawn_root)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [share] = re.findall(r"^feeding takes ([\d.]+)% of a step", printed, re.MULTILINE)
    assert float(share) < 50  # 3 on a quiet machine and whole batches


def test_the_benchmark_of_feeding_prints_its_shares_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--batches", "2", "--batch-size", "4"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert "batches of 4, 2 of them" in printed
    assert len(re.findall(r"^(feeding|step|naive) +[\d.]+ ms \([\d.]+ to [\d.]+\)$", printed, re.MULTILINE)) == 3
    assert re.search(r"^feeding takes [\d.]+% of a step; the naive route [\d.]+%", printed, re.MULTILINE)
