from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from skinnet.checkpoint import CONFORMAL
from skinnet.errors import CheckpointError
from skinnet.inference.conformal import Sets, load_sets


def test_the_likeliest_is_always_possible_and_the_order_is_by_probability() -> None:
    sets = Sets((0.2,) * 7, (None,) * 7, (0,) * 7)
    probabilities = np.array([0.05, 0.21, 0.3, 0, 0.44, 0, 0])
    assert sets.possible(probabilities) == ("mel", "bkl", "bcc")
    assert Sets((1.0,) * 7, (None,) * 7, (0,) * 7).possible(probabilities) == ("mel",)


def test_sets_are_read_back_and_damage_is_named(tmp_path: Path) -> None:
    assert load_sets(tmp_path) is None
    sets = {"floors": [0.1] * 7, "promised": [0.95, *[None] * 6], "lesions": [20] * 7}
    (tmp_path / CONFORMAL).write_text(json.dumps({"sets": sets}))
    assert load_sets(tmp_path) == Sets((0.1,) * 7, (0.95, *[None] * 6), (20,) * 7)
    sets["floors"] = [0.1]
    (tmp_path / CONFORMAL).write_text(json.dumps({"sets": sets}))
    with pytest.raises(CheckpointError, match="fit-gate again"):
        load_sets(tmp_path)
