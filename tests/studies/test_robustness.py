from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from skinnet.data.index import load_cache, load_index
from skinnet.errors import DataError
from skinnet.images.artefacts import ARTEFACTS
from skinnet.images.corruptions import CORRUPTIONS
from skinnet.inference.classifier import Classifier
from skinnet.studies import robustness as module
from skinnet.studies.robustness import (
    SHAPES,
    STRENGTHS,
    damages,
    measure_robustness,
    robustness_table,
    write_robustness,
)


@pytest.fixture(scope="module")
def measured(drawn_root: Path, tiny_checkpoint: Path) -> pd.DataFrame:
    """Darkness, ink and a cut on the drawn test split."""
    table = load_index(drawn_root)
    with pytest.MonkeyPatch.context() as patch:
        few = [kind for kind in damages() if kind[:2] in {("dark", 3), ("ink", 1), ("cut to 16:9", 1)}]
        patch.setattr(module, "damages", lambda: few)
        chosen = table[table["split"] == "test"]
        return measure_robustness(Classifier.load(tiny_checkpoint), chosen, load_cache(drawn_root, table), draws=50)


def test_every_corruption_and_artefact_is_tried() -> None:
    tried = {(name, strength) for name, strength, _ in damages()}
    cuts = [f"cut to {name}" for name in SHAPES]
    expected = {(name, strength) for name in CORRUPTIONS for strength in STRENGTHS}
    assert tried == expected | {(name, 1) for name in [*ARTEFACTS, *cuts]}


@pytest.mark.parametrize(("name", "aspect"), SHAPES.items())
def test_a_cut_has_its_aspect_and_the_area_before(name: str, aspect: float) -> None:
    (cut,) = (damage for kind, _, damage in damages() if kind == f"cut to {name}")
    height, width = cut(torch.zeros(2, 3, 192, 256, dtype=torch.uint8)).shape[-2:]
    assert width / height == pytest.approx(aspect, rel=0.02)
    assert width * height == pytest.approx(192 * 256, rel=0.02)


def test_a_change_is_the_difference_from_the_intact_image_with_its_interval(measured: pd.DataFrame) -> None:
    assert measured["damage"].tolist() == ["none", "dark", "ink", "cut to 16:9"]
    assert (measured.loc[0, [name for name in measured if "change" in name]] == 0).all()
    for name in ("balanced_accuracy", "malignant_auroc", "sensitivity", "false_alarms"):
        assert measured[f"{name}_change"].to_numpy() == pytest.approx((measured[name] - measured[name][0]).to_numpy())
        assert (measured[f"{name}_change_low"] <= measured[f"{name}_change_high"]).all()
    assert (measured["images"] == measured["images"][0]).all()
    assert 0 < measured["lesions"][0] <= measured["images"][0]


def test_the_intact_image_is_classified_as_by_the_classifier(
    measured: pd.DataFrame, drawn_root: Path, tiny_checkpoint: Path
) -> None:
    """Sensitivity and false alarms of one view, counted by hand."""
    classifier, table = Classifier.load(tiny_checkpoint), load_index(drawn_root)
    images, test = load_cache(drawn_root, table), table[table["split"] == "test"]
    logits = np.concatenate([classifier.run(np.stack([images[position]])).logits for position in test.index])
    p_malignant = [prediction.p_malignant for prediction in classifier.predictions(logits)]
    lesions = test.assign(p=p_malignant).groupby("lesion_id").agg({"p": "mean", "dx": "first"})
    alarms = lesions["p"] >= classifier.decision.malignant_threshold
    malignant = lesions["dx"].isin(["mel", "bcc", "akiec"])
    assert measured["sensitivity"][0] == pytest.approx(alarms[malignant].mean())
    assert measured["false_alarms"][0] == pytest.approx(alarms[~malignant].mean())


def test_an_interrupted_measurement_continues_and_another_network_starts_anew(
    drawn_root: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = load_index(drawn_root)
    images, chosen = load_cache(drawn_root, table), table[table["split"] == "val"]
    classifier = Classifier.load(tiny_checkpoint)

    def stopped(images: Tensor) -> Tensor:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "damages", lambda: [("same", 1, lambda images: images), ("dark", 1, stopped)])
    with pytest.raises(KeyboardInterrupt):
        measure_robustness(classifier, chosen, images, cache=tmp_path, draws=5)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["none-0.npy", "same-1.npy"]
    monkeypatch.setattr(module, "damages", lambda: [("same", 1, stopped), ("dark", 1, lambda images: images // 2)])
    found = measure_robustness(classifier, chosen, images, cache=tmp_path, draws=5)
    assert found["damage"].tolist() == ["none", "same", "dark"]
    assert (found.loc[1, [name for name in found if "change" in name]] == 0).all()
    (file,) = tmp_path.glob("*/same-1.npy")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged: delete it"):
        measure_robustness(classifier, chosen, images, cache=tmp_path, draws=5)
    with torch.no_grad():
        next(classifier.network.parameters()).add_(1)
    with pytest.raises(KeyboardInterrupt):
        measure_robustness(classifier, chosen, images, cache=tmp_path, draws=5)


def test_the_table_is_written_and_printed(measured: pd.DataFrame, tmp_path: Path) -> None:
    (table,) = write_robustness(measured, tmp_path)
    written = pd.read_csv(tmp_path / "robustness.csv")
    assert written["malignant_auroc"].to_numpy() == pytest.approx(measured["malignant_auroc"].to_numpy(), abs=1e-4)
    assert table == robustness_table(written)
    words = robustness_table(measured).markdown()
    assert words.count("\n") == 5
    assert f"| {measured['balanced_accuracy_change'][2]:+.3f} (" in words
