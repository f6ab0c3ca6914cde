"""Classify many pictures: files, folders and ZIP archives.

    table = predict_paths(classifier, [Path("photos"), Path("more.zip")])

One row a picture, in the columns of `COLUMNS`; a picture that cannot be read has only its path and its error.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from skinnet.data.download.archives import safe_members
from skinnet.errors import AcquireError, DataError, PhotoError
from skinnet.images.photo import MAX_FILE_BYTES, PICTURE_SUFFIXES, has_picture_suffix, open_photo
from skinnet.inference.classifier import Classifier, Prediction
from skinnet.labels import probability_columns
from skinnet.progress import progress

COLUMNS = ["path", "diagnosis", *probability_columns(), "p_malignant", "error", "most_likely", "suspicious"]
COLUMNS += ["gate", "note", "possible"]

Item = tuple[str, Callable[[], bytes | Path]]
"""The name of a picture and a way to get its bytes or its path, which may raise PhotoError."""


def predict_paths(classifier: Classifier, paths: Iterable[Path]) -> pd.DataFrame:
    """Classify every picture that `paths` lead to.

    Args:
        paths: picture files (of any name), folders (searched for pictures) and ZIP archives.

    Returns:
        A table with `COLUMNS`; `error` is empty for a picture that was classified.

    Raises:
        DataError: if there is no picture at all.
    """
    with ExitStack() as archives:
        items = [item for path in paths for item in pictures_at(path, archives)]
        if not items:
            raise DataError(f"No pictures found: skinnet reads {', '.join(PICTURE_SUFFIXES)}.")
        rows = [
            predict_item(classifier, item)
            for item in progress(items, "classifying", unit="picture", hide=len(items) < 10)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def csv_text(table: pd.DataFrame) -> str:
    """Write a table of `predict_paths` as CSV, six decimals."""
    return str(table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def predict_item(classifier: Classifier, item: Item) -> dict[str, Any]:
    """Classify one picture: its row, by column; one that cannot be read has only its name and the reason."""
    name, read = item
    try:
        return classified_row(name, classifier.predict(open_photo(read())))
    except PhotoError as error:
        return failed_row(name, error)


def classified_row(name: str, prediction: Prediction) -> dict[str, Any]:
    """The row of a picture that was classified, by column."""
    extra = {"most_likely": prediction.most_likely, "suspicious": prediction.suspicious}
    return {"path": name, "error": "", **prediction.as_answer(), **extra}


def failed_row(name: str, error: PhotoError) -> dict[str, Any]:
    """The row of a picture that cannot be read: its name and the reason."""
    return {"path": name, "error": str(error)}


def pictures_at(path: Path, archives: ExitStack) -> Iterator[Item]:
    """Find the pictures that a path leads to; archives stay open until `archives` is left."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and has_picture_suffix(file.name):
                yield str(file), partial(Path, file)
    elif path.suffix.lower() == ".zip" and path.is_file():
        yield from _zipped(path, archives)
    else:
        yield str(path), partial(Path, path)


def _zipped(path: Path, archives: ExitStack) -> Iterator[Item]:
    try:
        archive = archives.enter_context(zipfile.ZipFile(path))
        entries = [entry for entry in safe_members(archive) if has_picture_suffix(entry.filename)]
    except (zipfile.BadZipFile, AcquireError, OSError, NotImplementedError) as error:
        yield str(path), partial(_refuse, f"The archive cannot be read: {error}")
        return
    for entry in entries:
        yield f"{path}/{entry.filename}", partial(_unzip, archive, entry)


def _unzip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise PhotoError("The picture is damaged inside its archive.") from error


def _refuse(message: str) -> bytes:
    raise PhotoError(message)
