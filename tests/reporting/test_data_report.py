from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from skinnet.__main__ import main
from skinnet.data.index import load_prepared
from skinnet.images.photo import open_photo
from skinnet.reporting.data_report import summaries


def test_the_report_counts_what_is_there(drawn_root: Path) -> None:
    table = load_prepared(drawn_root)
    tables = summaries(table, pd.read_csv(drawn_root / "left_out.csv"))
    assert tables["Diagnoses"].loc[("ham10000", "df")].tolist() == [30, 12]
    assert tables["Splits"].to_numpy().sum() == 210
    assert tables["Age bands of ten years"].loc["unknown", "images"] == table["age"].isna().sum()
    assert tables["Image sizes"].loc["240 x 180", "images"] == 210
    assert tables["Duplicates"].loc["lesions", "number"] == 84
    assert tables["Left out"].empty


def test_the_command_writes_a_figure_a_page_and_a_sheet(drawn_root: Path, tmp_path: Path) -> None:
    root = shutil.copytree(drawn_root, tmp_path / "data")
    assert main(["data", "report", "--root", str(root)]) == 0
    folder = root / "report"
    page = (folder / "data.md").read_text()
    assert "| ham10000 | df | 30 | 12 |" in page
    assert "## Left out\n\nNone." in page
    sheet = np.asarray(open_photo(folder / "contact_sheet.jpg"))
    assert sheet.shape == (7 * (96 + 18), 10 * 128, 3)
    assert open_photo(folder / "data.png").width > 1000
