from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from demo.beside import neighbours
from skinnet.checkpoint import CONFIG, PREDICTIONS
from skinnet.errors import SkinnetError
from skinnet.inference.predictions import load_predictions
from skinnet.reporting.results.beside import beside
from skinnet.reporting.results.measured import load_metrics


def test_two_checkpoints_stand_side_by_side_with_what_both_were_tested_on(shipped: Path, other: Path) -> None:
    page = beside(shipped, other)
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    home = load_metrics(shipped, "test", unit="lesion")
    assert f"(Pre)malignant AUROC {home.overall['malignant_auroc']} {home.overall['malignant_auroc']}" in words
    assert "(Pre)malignant AUROC" in words.partition("ISIC 2017")[2]
    assert "not tested" in words.partition("ISIC 2017")[2]
    images = len(load_predictions(other / PREDICTIONS))
    assert f"on the {images:,} images that both were tested on" in words
    assert "0.000 (0.000-0.000)" in words  # the same predictions, so no difference
    assert page.count("there are no paired differences") == 1


def test_only_other_checkpoints_of_the_same_folder_are_offered(shipped: Path, other: Path) -> None:
    (other.parent / "no checkpoint").mkdir(exist_ok=True)
    assert neighbours(other) == {}
    (other.parent / "second").mkdir(exist_ok=True)
    shutil.copy(other / CONFIG, other.parent / "second")
    assert neighbours(other) == {"second": other.parent.resolve() / "second"}
    with pytest.raises(SkinnetError, match=PREDICTIONS):
        beside(shipped, other.parent / "second")
