"""Changes to a data folder, and more made-up sources in it, for the tests of `prepare`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from skinnet.data.index import Index
from tests.drawings import LOOKS, draw_lesion


def images(root: Path) -> Path:
    """The folder of HAM10000's images."""
    return root / "ham10000" / "images"


def edit(root: Path, row: int, **columns: str) -> None:
    """Change a row of HAM10000's table."""
    path = root / "ham10000" / "HAM10000_metadata.csv"
    table = pd.read_csv(path, dtype=str)
    for column, value in columns.items():
        table.loc[row, column] = value
    table.to_csv(path, index=False)


def add_clinic(
    root: Path, name: str = "clinic", *, looks: str = "mel", size: tuple[int, int] = (240, 180), seed: int = 9000
) -> Path:
    """A source of kind `folder`: 12 patients with two lesions each."""
    pictures = root / f"{name}-pictures"
    pictures.mkdir()
    rows = []
    for number in range(24):
        draw_lesion(LOOKS[looks], seed=seed + number, size=size).save(pictures / f"c{number}.jpg", quality=95)
        rows.append({"file": f"c{number}.jpg", "finding": looks, "person": f"P{number // 2}"})
    pd.DataFrame(rows).to_csv(root / f"{name}.csv", index=False)
    (root / name).mkdir()
    record = {
        "source": "folder", "images": str(pictures), "csv": str(root / f"{name}.csv"), "diagnoses": {},
        "columns": {"image_id": "file", "dx": "finding", "patient_id": "person"},
    }  # fmt: skip
    (root / name / "acquired.json").write_text(json.dumps(record))
    return pictures


def add_search(root: Path, name: str, ids: list[str], *, seed: int, **columns: object) -> None:
    """A source of kind `isic`."""
    (root / name / "images").mkdir(parents=True)
    for number, image_id in enumerate(ids):
        picture = draw_lesion(LOOKS["mel"], seed=seed + number, size=(200, 150))
        picture.save(root / name / "images" / f"{image_id}.jpg", quality=95)
    table = pd.DataFrame({"isic_id": ids, "attribution": "X", "copyright_license": "CC-0", "diagnosis_3": "Nevus"})
    table.assign(**columns).to_csv(root / name / "metadata.csv", index=False)
    (root / name / "acquired.json").write_text('{"source": "isic", "files": {}}')


def left_out(index: Index, reason: str) -> list[tuple[str, str]]:
    """Image id and detail of what `prepare` left out for a reason."""
    rows = index.left_out[index.left_out["reason"] == reason]
    return list(zip(rows["image_id"], rows["detail"].fillna(""), strict=True))
