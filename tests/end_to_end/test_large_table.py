"""A large table is evaluated in bounded memory: make stress."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinnet.labels import CLASSES, probability_columns
from tests.conftest import PROJECT

ROWS = 200_000
CLIENT = """
import sys
from skinnet.__main__ import main
assert main(sys.argv[1:]) == 0
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
"""skinnet, and the most memory that it had, in kilobytes."""
SHARES = (0.05, 0.1, 0.15, 0.05, 0.15, 0.45, 0.05)


@pytest.mark.stress
def test_two_hundred_thousand_rows_take_less_than_two_gigabytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    diagnoses = rng.choice(len(CLASSES), size=ROWS, p=SHARES)
    powers = np.exp(rng.normal(size=(ROWS, len(CLASSES))) + 1.8 * np.eye(len(CLASSES))[diagnoses])
    table = pd.DataFrame((powers / powers.sum(axis=1, keepdims=True)).round(6), columns=probability_columns())
    table.assign(dx=np.array(CLASSES)[diagnoses], sex=rng.choice(["male", "female"], ROWS)).to_csv(
        tmp_path / "table.csv", index=False
    )
    arguments = ["evaluate", "--predictions", str(tmp_path / "table.csv"), "--threshold", "0.3"]
    line = [sys.executable, "-c", CLIENT, *arguments]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("table, all images: n = 200,000 images of 200,000 lesions.")
    assert int(done.stdout.splitlines()[-1]) < 2_000_000
