from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from skinnet.__main__ import main
from skinnet.checkpoint import load_config
from skinnet.data.index import load_index
from skinnet.errors import DataError
from skinnet.images.lesion_masks import mask_path
from skinnet.inference.classifier import Classifier
from skinnet.labels import CLASS_NUMBERS
from skinnet.studies import robustness as robustness_module
from skinnet.studies.lesion_hidden.pictures import FOR_ALL, WHOLE, WITH_ROOM
from skinnet.studies.lesion_hidden.study import lesion_hidden_table, measure_lesion_hidden, write_lesion_hidden
from tests.studies.lesion_hidden.drawings import SHAPE, disc

SKIN, BENIGN, MALIGNANT = (210, 170, 150), (120, 80, 60), (60, 30, 20)


def photo(mask: np.ndarray, colour: tuple[int, int, int], skin: tuple[int, int, int] = SKIN) -> np.ndarray:
    return np.where(mask[..., None], colour, skin).astype(np.uint8)


class DarknessReader(nn.Module):
    """Raises the logit of melanoma by a darkness between 0 and 1 that it sees in the picture."""

    def __init__(self, seen: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, images: Tensor) -> Tensor:
        logits = torch.zeros(len(images), len(CLASS_NUMBERS))
        logits[:, CLASS_NUMBERS["mel"]] = -self.seen(images.mean(dim=1))
        return logits


def darkest(images: Tensor) -> Tensor:
    """Seen by a network that uses lesions alone: nothing else is as dark."""
    return images.amin(dim=(1, 2))


def corner(images: Tensor) -> Tensor:
    """Seen by a network that uses the surroundings alone."""
    return images[:, 0, 0]


def measured_by(
    seen: Callable[[Tensor], Tensor], config: Path, root: Path, *, large: int = 0, cache: Path | None = None
) -> pd.DataFrame:
    """Measure 40 photos; melanomas are darker, benign lesions' photos have a white corner; the last are large."""
    places = [disc(row=80 + n % 30, column=100 + n, radius=80 if n >= 40 - large else 15) for n in range(40)]
    rows, images = [], []
    folder = root / "ham10000" / "masks"
    folder.mkdir(parents=True, exist_ok=True)
    for number, mask in enumerate(places):
        malignant = number % 2 == 0
        pixels = photo(mask, MALIGNANT if malignant else BENIGN)
        pixels[0, 0] = SKIN if malignant else 255
        images.append(pixels)
        rows.append({"source": "ham10000", "image_id": f"D{number}", "lesion_id": f"L{number // 4}{malignant}",
                     "dx": "mel" if malignant else "nv", "split": "test"})  # fmt: skip
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"D{number}_segmentation.png")
    classifier = Classifier.of(DarknessReader(seen), load_config(config))
    return measure_lesion_hidden(classifier, pd.DataFrame(rows), np.stack(images), root=root, cache=cache, draws=20)


def test_other_masks_find_no_cached_logits(shipped: Path, tmp_path: Path) -> None:
    measured_by(darkest, shipped, tmp_path, cache=tmp_path / "cache")
    measured_by(darkest, shipped, tmp_path, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 1
    measured_by(darkest, shipped, tmp_path, cache=tmp_path / "cache", large=1)  # the last mask is another
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_network_that_sees_the_lesion_alone_falls_to_a_half_without_it_and_not_under_the_control(
    shipped: Path, tmp_path: Path
) -> None:
    aurocs = measured_by(darkest, shipped, tmp_path).set_index(["photos", "control"])["malignant_auroc"]
    for photos in ("all", "with room"):
        assert aurocs[photos, WHOLE] == aurocs[photos, "surroundings hidden"] == 1
        assert aurocs[photos, "lesion hidden"] == aurocs[photos, "box hidden"] == 0.5
    controlled = ["other place hidden", "other box hidden"]
    assert (aurocs["with room"][controlled] == 1).all()
    assert aurocs["with room", "only other place shown"] == 0.5


def test_a_network_that_sees_the_surroundings_alone_does_not_need_the_lesion(shipped: Path, tmp_path: Path) -> None:
    table = measured_by(corner, shipped, tmp_path).set_index(["photos", "control"])
    aurocs = table["malignant_auroc"]
    assert (aurocs["all"][[WHOLE, "lesion hidden", "box hidden"]] == 1).all()
    assert aurocs["all", "surroundings hidden"] == 0.5
    assert table.loc[("all", "surroundings hidden"), "malignant_auroc_change"] == -0.5


def test_the_sets_are_counted_and_compared_within_themselves(shipped: Path, tmp_path: Path) -> None:
    table = measured_by(darkest, shipped, tmp_path, large=10)
    assert table["control"].tolist() == [*FOR_ALL, *WITH_ROOM]
    counts = ["images", "lesions", "malignant_images", "malignant_lesions"]
    assert (table.loc[table["photos"] == "all", counts] == [40, 20, 20, 10]).all(axis=None)
    assert (table.loc[table["photos"] == "with room", counts] == [30, 16, 15, 8]).all(axis=None)
    whole = table[table["control"] == WHOLE]
    assert (whole.filter(like="change") == 0).all(axis=None)
    for metric in ("balanced_accuracy", "malignant_auroc", "sensitivity", "false_alarms"):
        expected = table[metric] - table["photos"].map(whole.set_index("photos")[metric])
        assert table[f"{metric}_change"].to_numpy() == pytest.approx(expected.to_numpy())
    assert table["malignant_auroc"].between(table["malignant_auroc_low"], table["malignant_auroc_high"]).all()


def test_where_no_lesion_has_room_the_table_says_so_by_lacking_the_set(shipped: Path, tmp_path: Path) -> None:
    assert measured_by(darkest, shipped, tmp_path, large=40)["photos"].tolist() == ["all"] * len(FOR_ALL)


def test_a_missing_mask_is_an_error(shipped: Path, tmp_path: Path) -> None:
    table = pd.DataFrame([{"source": "ham10000", "image_id": "D0", "lesion_id": "L0", "dx": "nv", "split": "test"}])
    classifier = Classifier.of(DarknessReader(darkest), load_config(shipped))
    with pytest.raises(DataError, match="There is no mask"):
        measure_lesion_hidden(classifier, table, np.zeros((1, *SHAPE, 3), np.uint8), root=tmp_path)


def test_the_table_is_written_and_printed(shipped: Path, tmp_path: Path) -> None:
    table = measured_by(darkest, shipped, tmp_path)
    (words,) = write_lesion_hidden(table, tmp_path)
    written = pd.read_csv(tmp_path / "controls.csv")
    assert written["malignant_auroc"].to_numpy() == pytest.approx(table["malignant_auroc"].to_numpy(), abs=1e-4)
    assert words == lesion_hidden_table(written)
    hidden = dict(zip(words.header, words.rows[1], strict=True))
    assert hidden["picture"] == "lesion hidden"
    assert hidden["images ((pre)malignant)"] == "40 (20)"
    assert hidden["(pre)malignant AUROC (95 % interval)"].startswith("0.500 (0.500-0.500)")
    assert "n/a" in lesion_hidden_table(written.assign(sensitivity=np.nan)).markdown()


@pytest.mark.parametrize("masked", [True, False])
def test_the_command_writes_controls_where_there_are_masks(
    masked: bool, drawn_root: Path, shipped: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    root, out = tmp_path / "data", tmp_path / "out"
    (root / "ham10000" / "masks").mkdir(parents=True)
    for path in [*drawn_root.iterdir(), *(drawn_root / "ham10000").iterdir()]:
        place = root / path.relative_to(drawn_root)
        if not place.exists():
            place.symlink_to(path)
    if masked:
        for _, row in load_index(root).iterrows():
            Image.fromarray(disc().astype(np.uint8) * 255).save(mask_path(root, row))
    monkeypatch.setattr(robustness_module, "damages", lambda: [])
    command = ["robustness", "--root", str(root), "--checkpoint", str(shipped), "--split", "val", "--out", str(out)]
    command += ["--cache", str(tmp_path / "cache")]
    assert main(command) == 0
    assert (out / "robustness.csv").exists()
    assert (out / "controls.csv").exists() == masked
    assert ("| with room | only other place shown |" in capsys.readouterr().out) == masked
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [("No lesion mask for" in line and "no controls" in line) for line in warnings] == [True] * (not masked)
