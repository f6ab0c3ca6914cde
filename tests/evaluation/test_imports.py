from __future__ import annotations

import subprocess
import sys

from tests.conftest import PROJECT


def test_evaluation_loads_no_torch_and_no_plots() -> None:
    rooms = "import sys, skinnet.evaluation.evaluate, skinnet.evaluation.compare, skinnet.evaluation.external_table"
    code = f"{rooms}; print({{'torch', 'matplotlib', 'PIL'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert found.stdout.strip() == "set()"
