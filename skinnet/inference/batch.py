"""Classify many pictures: files, folders and ZIP archives.

    table = predict_paths(classifier, [Path("photos"), Path("more.zip")])

One row a picture, in the columns of `COLUMNS`; a picture that cannot be read has only its path and its error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from skinnet.errors import PhotoError, printable
from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier
from skinnet.inference.pictures import Picture, find_pictures
from skinnet.inference.prediction import Prediction
from skinnet.labels import probability_columns

COLUMNS = ["path", "diagnosis", *probability_columns(), "p_malignant", "error", "most_likely", "suspicious"]
COLUMNS += ["gate", "note", "possible"]

Row = dict[str, Any]
"""The values of a picture, by column."""


def predict_paths(classifier: Classifier, paths: Iterable[str | Path]) -> pd.DataFrame:
    """Classify every picture that `paths` lead to.

    Args:
        paths: picture files (of any name), folders (searched for pictures and archives) and ZIP archives.

    Returns:
        A table with `COLUMNS`; `error` is empty for a picture that was classified.
    """
    with ExitStack() as archives:
        pictures = find_pictures(paths, archives, passed_over=Counter())
        return table_of([predict_picture(classifier, picture) for picture in pictures])


def table_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Put rows into a table with `COLUMNS`."""
    return pd.DataFrame(list(rows), columns=COLUMNS)


def csv_text(table: pd.DataFrame) -> str:
    """Write a table of `predict_paths` as CSV, six decimals."""
    return str(table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


HEADER = csv_text(pd.DataFrame(columns=COLUMNS))


def csv_line(row: Row) -> str:
    """Write the line of one row, as `csv_text` does."""
    return csv_text(table_of([row])).removeprefix(HEADER)


def predict_picture(classifier: Classifier, picture: Picture) -> Row:
    """Classify one picture: its row; one that cannot be read has only its name and the reason."""
    try:
        return classified_row(picture.name, classifier.predict(open_photo(picture.read())))
    except PhotoError as error:
        return failed_row(picture.name, error)


def classified_row(name: str, prediction: Prediction) -> Row:
    """The row of a picture that was classified."""
    extra = {"most_likely": prediction.most_likely, "suspicious": prediction.suspicious}
    return {"path": printable(name), "error": "", **prediction.as_answer(), **extra}


def failed_row(name: str, error: PhotoError) -> Row:
    """The row of a picture that cannot be read: its name and the reason."""
    return {"path": printable(name), "error": printable(str(error))}
