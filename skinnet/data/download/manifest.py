"""The manifest of an acquired data set, `acquired.json`: its contents, origin and terms.

    read_manifest(Path("data/ham10000"))["variant"]

It is written last, so that where it is everything is.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skinnet.data.download.sources import OTHERS, SOURCES
from skinnet.errors import AcquireError, DataError
from skinnet.files import read_json, write_json

log = logging.getLogger(__name__)

RECORD = "acquired.json"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what an earlier call finished; nothing if it had an older layout."""
    record = _any_manifest(folder)
    return record if isinstance(record.get("files"), dict) else {}


def write_manifest(
    folder: Path, kind: str, *, licence: str, citation: str, files: Mapping[str, Any], name: str = "", **more: Any
) -> None:
    """Write the manifest: `kind` is the source, `name` its folder if the user chose one."""
    about = {"source": kind, "name": name or kind, "licence": licence, "citation": citation}
    write_json(folder / RECORD, about | more | {"files": files})
    log.info("%s is complete in %s. Licence: %s. %s", name or kind, folder, licence, citation)


def named_folder(root: Path, name: str, kind: str) -> Path:
    """Find the folder for a name that a user chose.

    Raises:
        AcquireError: if it is no name for a folder, or another data set's.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise AcquireError(f"{name!r} is no good name for a folder: use letters, digits, '-', '_' and '.' in --name.")
    other = _any_manifest(root / name).get("source", kind)
    if name in {*SOURCES, *OTHERS} - {kind} or other != kind:
        raise AcquireError(f"The name {name} is taken by another data set: choose another --name.")
    return root / name


def _any_manifest(folder: Path) -> dict[str, Any]:
    with contextlib.suppress(DataError):  # absent or damaged: what it would say is found out again
        return read_json(folder / RECORD, advice="")
    return {}
