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
from skinnet.studies.lesion_hidden import (
    FOR_ALL,
    MARGIN,
    WHOLE,
    WITH_CONTROLS,
    altered,
    bounding_box,
    controls,
    controls_table,
    elsewhere,
    save_controls,
    widened,
)

SHAPE = (192, 256)
SKIN, BENIGN, MALIGNANT = (210, 170, 150), (120, 80, 60), (60, 30, 20)


def disc(*, row: float = 96, column: float = 110, radius: float = 20) -> np.ndarray:
    rows, columns = np.indices(SHAPE)
    return np.asarray((rows - row) ** 2 + 1.7 * (columns - column) ** 2 <= radius**2)


def photo(mask: np.ndarray, colour: tuple[int, int, int], skin: tuple[int, int, int] = SKIN) -> np.ndarray:
    return np.where(mask[..., None], colour, skin).astype(np.uint8)


@pytest.fixture
def speckled() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def test_what_is_hidden_has_the_mean_colour_off_the_lesion_and_the_rest_is_untouched(speckled: np.ndarray) -> None:
    pictures, lesion = altered(speckled, disc()), widened(disc())
    colour = speckled[~lesion].mean(axis=0).round()
    other, box = elsewhere(lesion, avoid=lesion), bounding_box(lesion)
    assert other is not None
    assert tuple(pictures) == (WHOLE, *(name for name in pictures if name != WHOLE))
    assert set(pictures) == set(WITH_CONTROLS)
    assert (pictures[WHOLE] == speckled).all()
    hidden = {"lesion hidden": lesion, "other place hidden": other, "box hidden": box,
              "surroundings hidden": ~lesion, "only other place shown": ~other}  # fmt: skip
    for name, where in hidden.items():
        assert (pictures[name][where] == colour).all(), name
        assert (pictures[name][~where] == speckled[~where]).all(), name
    other_box = (pictures["other box hidden"] != speckled).any(axis=2)
    assert other_box.sum() == pytest.approx(box.sum(), rel=0.001)
    assert not (other_box & lesion).any()


def test_the_border_of_the_lesion_is_hidden_too() -> None:
    mask = disc()
    lesion = widened(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(lesion[96])
    assert lesion[rows[0] - MARGIN, 110]
    assert not lesion[rows[0] - MARGIN - 1, 110]
    assert len(columns) == mask[96].sum() + 2 * MARGIN


@pytest.mark.parametrize("place", [(96, 128), (40, 60), (150, 230), (20, 20), (96, 30)])
@pytest.mark.parametrize("form", [widened, bounding_box])
def test_the_other_place_is_the_same_shape_off_the_lesion(
    place: tuple[int, int], form: Callable[[np.ndarray], np.ndarray]
) -> None:
    mask = disc(row=place[0], column=place[1])
    shape, lesion = form(mask), widened(mask)
    moved = elsewhere(shape, avoid=lesion)
    assert moved is not None
    assert moved.sum() == shape.sum()
    assert not (moved & lesion).any()
    crops = [each[bounding_box(each)] for each in (moved, shape)]
    assert (crops[0] == crops[1]).all()


def test_the_other_place_is_the_nearest_and_of_equals_the_uppermost() -> None:
    square = np.zeros(SHAPE, bool)
    square[80:100, 100:120] = True
    moved = elsewhere(square, avoid=square)
    assert moved is not None
    assert moved[60:80, 100:120].all()
    square = np.roll(square, -75, axis=0)  # 5 rows are left above
    moved = elsewhere(square, avoid=square)
    assert moved is not None
    assert moved[5:25, 80:100].all()


def test_a_lesion_without_room_has_no_control_and_one_without_skin_is_left_out(speckled: np.ndarray) -> None:
    large = disc(radius=80)
    assert elsewhere(large, avoid=large) is None
    assert set(altered(speckled, large)) == set(FOR_ALL)
    assert list(altered(speckled, np.ones(SHAPE, bool))) == [WHOLE]
    assert list(altered(speckled, np.zeros(SHAPE, bool))) == [WHOLE]


class Judge(nn.Module):
    """Raises the logit of melanoma by a darkness between 0 and 1 that it sees in the picture."""

    def __init__(self, seen: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, images: Tensor) -> Tensor:
        logits = torch.zeros(len(images), len(CLASS_NUMBERS))
        logits[:, CLASS_NUMBERS["mel"]] = -self.seen(images.mean(dim=1))
        return logits


def darkest(images: Tensor) -> Tensor:
    """What a network sees that looks at lesions alone: there is nothing else as dark."""
    return images.amin(dim=(1, 2))


def corner(images: Tensor) -> Tensor:
    """What a network sees that looks at the surroundings alone."""
    return images[:, 0, 0]


def judged_by(
    seen: Callable[[Tensor], Tensor], config: Path, root: Path, *, large: int = 0, keep: Path | None = None
) -> pd.DataFrame:
    """Controls on 40 photos; melanomas are darker, benign lesions' photos have a white corner; the last are large."""
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
    classifier = Classifier.of(Judge(seen), load_config(config))
    return controls(classifier, pd.DataFrame(rows), np.stack(images), root=root, keep=keep, draws=20)


def test_what_was_kept_is_of_these_masks(shipped: Path, tmp_path: Path) -> None:
    judged_by(darkest, shipped, tmp_path, keep=tmp_path / "kept")
    judged_by(darkest, shipped, tmp_path, keep=tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 1
    judged_by(darkest, shipped, tmp_path, keep=tmp_path / "kept", large=1)  # the last mask is another
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_network_that_sees_the_lesion_alone_falls_to_a_half_without_it_and_not_under_the_control(
    shipped: Path, tmp_path: Path
) -> None:
    aurocs = judged_by(darkest, shipped, tmp_path).set_index(["photos", "control"])["malignant_auroc"]
    for photos in ("all", "with room"):
        assert aurocs[photos, WHOLE] == aurocs[photos, "surroundings hidden"] == 1
        assert aurocs[photos, "lesion hidden"] == aurocs[photos, "box hidden"] == 0.5
    controlled = ["other place hidden", "other box hidden"]
    assert (aurocs["with room"][controlled] == 1).all()
    assert aurocs["with room", "only other place shown"] == 0.5


def test_a_network_that_sees_the_surroundings_alone_does_not_need_the_lesion(shipped: Path, tmp_path: Path) -> None:
    table = judged_by(corner, shipped, tmp_path).set_index(["photos", "control"])
    aurocs = table["malignant_auroc"]
    assert (aurocs["all"][[WHOLE, "lesion hidden", "box hidden"]] == 1).all()
    assert aurocs["all", "surroundings hidden"] == 0.5
    assert table.loc[("all", "surroundings hidden"), "malignant_auroc_change"] == -0.5


def test_the_sets_are_counted_and_compared_within_themselves(shipped: Path, tmp_path: Path) -> None:
    table = judged_by(darkest, shipped, tmp_path, large=10)
    assert table["control"].tolist() == [*FOR_ALL, *WITH_CONTROLS]
    counts = ["images", "lesions", "malignant_images", "malignant_lesions"]
    assert (table.loc[table["photos"] == "all", counts] == [40, 20, 20, 10]).all(axis=None)
    assert (table.loc[table["photos"] == "with room", counts] == [30, 16, 15, 8]).all(axis=None)
    whole = table[table["control"] == WHOLE]
    assert (whole.filter(like="change") == 0).all(axis=None)
    for figure in ("balanced_accuracy", "malignant_auroc", "sensitivity", "false_alarms"):
        expected = table[figure] - table["photos"].map(whole.set_index("photos")[figure])
        assert table[f"{figure}_change"].to_numpy() == pytest.approx(expected.to_numpy())
    assert table["malignant_auroc"].between(table["malignant_auroc_low"], table["malignant_auroc_high"]).all()


def test_where_no_lesion_has_room_the_table_says_so_by_lacking_the_set(shipped: Path, tmp_path: Path) -> None:
    assert judged_by(darkest, shipped, tmp_path, large=40)["photos"].tolist() == ["all"] * len(FOR_ALL)


def test_a_missing_mask_is_an_error(shipped: Path, tmp_path: Path) -> None:
    table = pd.DataFrame([{"source": "ham10000", "image_id": "D0", "lesion_id": "L0", "dx": "nv", "split": "test"}])
    with pytest.raises(DataError, match="There is no mask"):
        controls(
            Classifier.of(Judge(darkest), load_config(shipped)),
            table,
            np.zeros((1, *SHAPE, 3), np.uint8),
            root=tmp_path,
        )


def test_the_table_is_written_and_printed(shipped: Path, tmp_path: Path) -> None:
    table = judged_by(darkest, shipped, tmp_path)
    save_controls(table, tmp_path)
    written = pd.read_csv(tmp_path / "controls.csv")
    assert written["malignant_auroc"].to_numpy() == pytest.approx(table["malignant_auroc"].to_numpy(), abs=1e-4)
    words = controls_table(written)
    hidden = dict(zip(words.header, words.rows[1], strict=True))
    assert hidden["picture"] == "lesion hidden"
    assert hidden["images ((pre)malignant)"] == "40 (20)"
    assert hidden["(pre)malignant AUROC (95 % interval)"].startswith("0.500 (0.500-0.500)")
    assert "n/a" in controls_table(written.assign(sensitivity=np.nan)).markdown()


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
    assert main(command) == 0
    assert (out / "robustness.csv").exists()
    assert (out / "controls.csv").exists() == masked
    assert ("| with room | only other place shown |" in capsys.readouterr().out) == masked
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [("No lesion mask for" in line and "no controls" in line) for line in warnings] == [True] * (not masked)
