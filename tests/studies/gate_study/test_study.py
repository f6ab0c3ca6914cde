from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from skinnet.checkpoint import CONFIG, GATE, GATE_CARD
from skinnet.images.photo import to_input
from skinnet.images.quality import TOO_LOW
from skinnet.inference.classifier import Classifier
from skinnet.inference.gate import NO_LESION, Ruling
from skinnet.labels import CLASSES
from skinnet.models.backbone import middle_layers
from skinnet.studies.gate_study import non_lesion_images, turned_away
from skinnet.studies.gate_study.non_lesion_images import Kind
from skinnet.studies.gate_study.study import fit_and_measure, fit_and_measure_sets, measure_stability
from skinnet.studies.gate_study.synthetic_images import documents
from skinnet.studies.gate_study.tables import share
from skinnet.studies.gate_study.turned_away import by_diagnosis, ruling_counts
from skinnet.training.gate_material import image_features
from tests.drawings import LOOKS, draw_lesion


def test_rulings_are_counted_by_diagnosis_and_reason() -> None:
    pale = Ruling("warn", f"The picture is too dark. {TOO_LOW['chroma'].words} {TOO_LOW['tint'].words}", 0)
    rulings = [Ruling("ok", "", 0), pale, Ruling("refuse", "", 0), Ruling("refuse", NO_LESION.words, 0)]
    found = by_diagnosis(rulings, ["mel", "mel", "mel", "nv"])
    assert list(found) == [*CLASSES, "all"]
    assert found["mel"] == {"pictures": 3, "warned": 1, "refused": 1, "colour": 1, "no_lesion": 0}
    every = {"pictures": 4, "warned": 1, "refused": 2, "colour": 1, "no_lesion": 1}
    assert found["all"] == ruling_counts(rulings) == every
    assert found["df"] == dict.fromkeys(every, 0)


def test_features_come_in_the_order_of_the_positions_whatever_the_shapes(shipped: Path) -> None:
    classifier = Classifier.load(shipped)
    sizes = [(200, 150), (150, 200), (200, 150)]
    inputs = [
        to_input(draw_lesion(LOOKS["nv"], seed=seed, size=size), frame=classifier.frame)
        for seed, size in enumerate(sizes)
    ]
    layers = middle_layers(classifier.network)
    found = image_features(classifier, layers, inputs, np.array([2, 1, 0]), title="drawings")
    for row, position in zip(found, (2, 1, 0), strict=True):
        outputs = classifier.run(inputs[position][None])
        assert outputs.gate_features is not None
        assert row == pytest.approx(outputs.gate_features[0], abs=1e-3)


def test_the_published_predictions_alone_give_sets_with_measured_coverage(shipped: Path) -> None:
    found = fit_and_measure_sets(shipped)
    published = json.loads((shipped / "uncertainty.json").read_text())
    assert found["sets"]["floors"] == pytest.approx(published["sets"]["floors"])
    mel = found["coverage"]["val"]["mel"]
    assert mel["value"] >= 0.975 - 1 / mel["lesions"]
    assert found["coverage"].keys() == {"val", "test", "isic2017"}
    for split, by in found["coverage"].items():
        for dx, each in by.items():
            assert each == pytest.approx(published["coverage"][split][dx])
    assert found["coverage"]["isic2017"]["mel"]["images"] == 117


def test_images_that_disagree_with_their_variants_are_counted_with_errors(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three photos: with their variants above the threshold, below it, and on both sides, with a verdict below."""
    classifier = Classifier.load(shipped)
    scores = classifier.decision.malignant_threshold * np.array([[1.5, 0.5, 0.9], [2, 0.25, 1.9]])
    monkeypatch.setattr(Classifier, "run_with_variants", lambda self, pixels: (None, scores))
    inputs = [np.zeros((192, 256, 3), np.uint8)] * 3
    found = measure_stability(classifier, inputs, np.array([0, 1, 2]), np.array(["nv", "nv", "mel"]))
    assert found == {
        "images": 3, "median": pytest.approx(classifier.decision.malignant_threshold / 2), "disagreeing": 1,
        "wrong_where_disagreeing": 1, "wrong_elsewhere": 1,
    }  # fmt: skip


def test_a_share_has_an_exact_interval() -> None:
    assert share(0, 0) == "n/a"
    assert share(0, 20) == "0.0 % (0.0-16.8)"  # 1 - 0.025 ** (1 / 20)
    assert share(20, 20) == "100.0 % (83.2-100.0)"
    assert share(1, 2) == "50.0 % (1.3-98.7)"


def test_the_command_makes_a_gate_that_the_classifier_loads(
    shipped: Path, drawn_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(shipped, checkpoint, ignore=shutil.ignore_patterns("gate*", "uncertainty*", GATE_CARD))
    monkeypatch.setattr(non_lesion_images, "KINDS", (Kind("documents", True, lambda _: documents(count=6, seed=0)),))
    monkeypatch.setattr(turned_away, "ALTERED_PHOTOS", 2)
    config = json.loads((checkpoint / CONFIG).read_text())
    for member in config["members"]:
        member["training"]["sources"] = "ham10000"  # all that was drawn
    (checkpoint / CONFIG).write_text(json.dumps(config))
    fit_and_measure(checkpoint, root=drawn_root, packages=[tmp_path])
    classifier = Classifier.load(checkpoint)
    assert classifier.gate is not None
    assert classifier.sets is not None
    settings = json.loads((checkpoint / GATE).read_text())
    assert settings["foreign"][0]["pictures"] == 6
    assert settings["foreign"][0]["auroc"] == 1
    assert settings["gate"]["refuse"] >= settings["gate"]["warn"] > 0
    page = (checkpoint / GATE_CARD).read_text(encoding="utf-8")
    assert "| documents | design | 6 | 1.0000 | 100.0 % (54.1-100.0) |" in page
    assert settings["blind"] == {}
    grey = settings["colour"]["grey"]["ham10000"]["all"]
    assert grey["colour"] == grey["pictures"] == settings["accepted"]["HAM10000, test"]["all"]["pictures"] > 0
    assert settings["grey_melanomas"]["neither"] == 0 < settings["grey_melanomas"]["pictures"]
    assert "| Dermatofibroma | 23 | 95 % |" in page
