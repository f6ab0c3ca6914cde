from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from demo.site import Site
from skinnet.checkpoint import CONFIG, METRICS, PREDICTIONS
from skinnet.inference.predictions import load_predictions

HOME = "ham10000"


@pytest.fixture(scope="session")
def site(shipped: Path) -> Site:
    """The shipped checkpoint as the app has it."""
    return Site.load(shipped)


@pytest.fixture(scope="session")
def other(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second checkpoint: the shipped one's home data set, without half of its test photos' predictions."""
    folder = tmp_path_factory.mktemp("checkpoints") / "other"
    folder.mkdir()
    config = json.loads((shipped / CONFIG).read_text(encoding="utf-8"))
    for member in config["members"]:
        member["training"]["sources"] = HOME
    (folder / CONFIG).write_text(json.dumps(config | {"name": "other <1>"}))
    shutil.copy(shipped / METRICS, folder)
    table = load_predictions(shipped / PREDICTIONS)
    table = table[(table["split"] == "test") & (table["source"] == HOME)]
    table.iloc[: len(table) // 2].to_csv(folder / PREDICTIONS, index=False)
    return folder
