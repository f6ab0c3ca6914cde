from __future__ import annotations

import numpy as np
import pytest

from skinnet.studies.gate_study.colour import CHANGES, to_saturation
from skinnet.studies.gate_study.tables import colour_table


def test_saturation_keeps_the_grey_level_and_shrinks_the_colours() -> None:
    pixels = np.random.default_rng(0).integers(60, 190, (20, 30, 3), dtype=np.uint8)
    pale = to_saturation(pixels, 0.2)
    luma = [0.299, 0.587, 0.114]
    assert pale.dtype == np.uint8
    assert (pale @ luma).mean() == pytest.approx((pixels @ luma).mean(), abs=0.2)
    assert np.ptp(pale, axis=2).mean() == pytest.approx(0.2 * np.ptp(pixels, axis=2).mean(), rel=0.02)
    assert (np.ptp(to_saturation(pixels, 0), axis=2) == 0).all()


def test_each_change_of_a_known_colour() -> None:
    red = np.full((2, 2, 3), (200, 120, 100), np.uint8)
    found = {name.split(" ")[0]: tuple(change(red)[0, 0].tolist()) for name, change in CHANGES.items()}
    assert found == {
        "as": (200, 120, 100), "grey": (142, 142, 142), "nearly": (153, 137, 133), "red": (100, 120, 200),
        "channels": (120, 100, 200), "inverted": (55, 135, 155),
    }  # fmt: skip


def test_the_table_counts_by_diagnosis_what_is_turned_away() -> None:
    nothing = {"pictures": 0, "warned": 0, "refused": 0, "colour": 0, "no_lesion": 0}
    mel = nothing | {"pictures": 4, "warned": 2, "refused": 1, "colour": 2}
    classes = dict.fromkeys(("akiec", "bcc", "bkl", "df", "nv", "vasc"), nothing)
    table = colour_table({"grey": {"isic2017": classes | {"mel": mel, "all": mel}}})
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert (row["n"], row["mel"], row["nv"]) == ("4", "3 / 4", "")
    assert row["warned for colour"].startswith("50.0 %")
    assert row["turned away"].startswith("75.0 %")
