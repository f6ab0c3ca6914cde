from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from demo.site import CASE_FOLDER, load_cases
from skinnet.__main__ import main
from skinnet.checkpoint import CASES, CONFIG, GATE, SPLIT
from skinnet.errors import CheckpointError
from skinnet.inference.classifier import Classifier
from skinnet.studies.case_verdicts import case_verdict, load_verdicts


def test_the_shipped_verdicts_are_those_of_the_shipped_network(shipped: Path) -> None:
    verdicts = load_verdicts(shipped).cases
    assert list(verdicts) == [case.isic_id for case in load_cases()]
    classifier = Classifier.load(shipped)
    for name in ("ISIC_0000297", "ISIC_0000301"):
        computed = case_verdict(classifier, CASE_FOLDER / f"{name}.jpg")
        assert verdicts[name].p_malignant == pytest.approx(computed.p_malignant, abs=2e-4)
        assert (verdicts[name].suspicious, verdicts[name].gate) == (computed.suspicious, computed.gate)
        assert np.array(verdicts[name].evidence) == pytest.approx(np.array(computed.evidence), abs=2e-3)
        assert np.array(verdicts[name].evidence).max() <= verdicts[name].strongest


def test_no_case_is_in_a_training_or_test_part(shipped: Path) -> None:
    listed = (shipped / SPLIT).read_text(encoding="utf-8")
    assert [case.isic_id for case in load_cases() if f"{case.isic_id}," in listed] == []


def test_the_command_writes_what_can_be_read(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, photos = tmp_path / "checkpoint", tmp_path / "photos"
    shutil.copytree(tiny_checkpoint, checkpoint)
    photos.mkdir()
    for name in ("ISIC_0000023", "ISIC_0000029"):
        shutil.copy(CASE_FOLDER / f"{name}.jpg", photos)
    assert main(["cases", str(photos), "--checkpoint", str(checkpoint)]) == 0
    assert "2 cases" in capsys.readouterr().out
    assert set(load_verdicts(checkpoint).cases) == {"ISIC_0000023", "ISIC_0000029"}
    assert main(["cases", str(tmp_path / "none"), "--checkpoint", str(checkpoint)]) == 1
    assert "No pictures in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [('"made_with": "', '"made_with": "0', "another network"), ('"suspicious": ', '"s": ', "damaged")],
)
def test_verdicts_that_do_not_fit_are_refused(shipped: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    for name in (CONFIG, GATE):
        shutil.copy(shipped / name, tmp_path)
    text = (shipped / CASES).read_text(encoding="utf-8")
    (tmp_path / CASES).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CheckpointError, match=words):
        load_verdicts(tmp_path)
    (tmp_path / CASES).unlink()
    with pytest.raises(CheckpointError, match="missing"):
        load_verdicts(tmp_path)
