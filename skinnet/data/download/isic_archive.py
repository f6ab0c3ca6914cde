"""The ISIC Archive: search its API, and write metadata, attribution and licences beside the pictures.

pictures = find(Search(query="diagnosis_3:Nevus", limit=100), api=API, session=session)
write_beside(pictures, Path("data/isic"))  # metadata.csv, attribution.txt, licences/
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import requests

from skinnet.data.download.download import Download, read_all
from skinnet.data.download.http import StatusError
from skinnet.data.download.sources import LICENCES
from skinnet.errors import AcquireError
from skinnet.files import write_text
from skinnet.progress import progress

log = logging.getLogger(__name__)

API = "https://api.isic-archive.com/api/v2"
PAGE = 100
"""The most that the server puts on a page."""
REFUSED_QUERY = (400, 422)


@dataclass(frozen=True)
class Search:
    """What to look for.

    Attributes:
        query: in the archive's words, such as `diagnosis_3:"Melanoma Invasive" AND age_approx:[20 TO 40]`.
        collections: numbers of collections; a picture may be in any of them.
        limit: at most this many pictures, in the archive's order; None for all.
        licences: keep only pictures under these; empty for any.
        thumbnails: take the small pictures, 256 pixels at most.
    """

    query: str = ""
    collections: tuple[int, ...] = ()
    limit: int | None = None
    licences: tuple[str, ...] = ()
    thumbnails: bool = False


@dataclass(frozen=True)
class Picture:
    """A record of the archive."""

    isic_id: str
    url: str
    bytes: int
    licence: str
    attribution: str
    metadata: dict[str, Any] = field(default_factory=dict)

    def download(self) -> Download:
        return Download(f"{self.isic_id}.jpg", self.url, bytes=self.bytes)


def find(search: Search, *, api: str, session: requests.Session) -> list[Picture]:
    """Find all pictures of a search, sorted by isic_id.

    Raises:
        AcquireError: if the server refuses the query (in its own words), or nothing is found.
    """
    pictures: dict[str, Picture] = {}
    with progress(None, "searching", unit="picture", total=search.limit) as bar:
        for page in _pages(search, api, session):
            bar.total = bar.total or page.get("count")
            pictures |= _matching(page.get("results", ()), search)
            bar.update(len(pictures) - bar.n)
            if search.limit and len(pictures) >= search.limit:
                break
    if not pictures:
        raise AcquireError("The ISIC Archive has no such pictures: widen --query, --collections or --licence.")
    chosen = list(pictures)[: search.limit]  # the archive's order decides which, their names in which order
    return [pictures[isic_id] for isic_id in sorted(chosen)]


def _pages(search: Search, api: str, session: requests.Session) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"limit": PAGE}
    if search.query:
        asked["query"] = search.query
    if search.collections:
        asked["collections"] = ",".join(map(str, search.collections))
    url = f"{api}/images/search/?{urlencode(asked)}"
    while url:
        page = _ask(url, session)
        yield page
        url = urljoin(url, page["next"]) if page.get("next") else ""


def _matching(records: Iterable[dict[str, Any]], search: Search) -> dict[str, Picture]:
    """The pictures of a page under the requested licences, by isic_id."""
    pictures = [_picture(record, thumbnails=search.thumbnails) for record in records]
    return {item.isic_id: item for item in pictures if not search.licences or item.licence in search.licences}


def renewed(download: Download, *, search: Search, api: str, session: requests.Session) -> Download:
    """Renew the address of a picture after it expired."""
    record = _ask(f"{api}/images/{Path(download.name).stem}/", session)
    return _picture(record, thumbnails=search.thumbnails).download()


def _ask(url: str, session: requests.Session) -> dict[str, Any]:
    try:
        answer = json.loads(read_all(url, session=session))
    except StatusError as error:
        if error.status in REFUSED_QUERY:
            raise AcquireError(f"The ISIC Archive refuses the search: {_sentence(error.text)}") from error
        raise
    except ValueError as error:
        raise AcquireError(f"{url} answered something else than JSON: try later.") from error
    if not isinstance(answer, dict):
        raise AcquireError(f"{url} answered something else than records of pictures: try later.")
    return answer


def _sentence(text: str) -> str:
    """The message of a refusal, taken out of its JSON."""
    try:
        content = json.loads(text)
    except ValueError:
        return text
    message = content.get("message", content.get("detail", content)) if isinstance(content, dict) else content
    return message if isinstance(message, str) else json.dumps(message)


def _picture(record: dict[str, Any], *, thumbnails: bool) -> Picture:
    try:
        isic_id, file = record["isic_id"], record["files"]["thumbnail_256" if thumbnails else "full"]
        words = (record["copyright_license"], record["attribution"])
        if not re.fullmatch(r"ISIC_\d+", isic_id) or not re.fullmatch(r"[\w.-]+", words[0]):
            raise ValueError(isic_id)  # both become names of files
        metadata = dict(_leaves(record["metadata"].get("acquisition", {})))
        metadata |= dict(_leaves(record["metadata"].get("clinical", {})))
        return Picture(isic_id, file["url"], int(file["size"]), *words, metadata)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise AcquireError(
            f"The ISIC Archive sent a record that skinnet cannot read ({error!r}): report it."
        ) from error


def _leaves(branch: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in branch.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield name, value


def write_beside(pictures: list[Picture], folder: Path) -> None:
    """Write `metadata.csv`, `attribution.txt` and `licences/*.txt`, the same bytes for the same pictures."""
    names = sorted({name for picture in pictures for name in picture.metadata})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["isic_id", "attribution", "copyright_license", *names])
    for picture in pictures:
        row = [picture.isic_id, picture.attribution, picture.licence]
        writer.writerow([*row, *(picture.metadata.get(name) for name in names)])
    write_text(folder / "metadata.csv", text.getvalue())
    write_text(folder / "attribution.txt", _credits(pictures))
    for licence in licences_of(pictures):
        write_text(folder / "licences" / f"{licence}.txt", _licence_text(licence, pictures))


def licences_of(pictures: list[Picture]) -> list[str]:
    """The licences that occur, sorted."""
    return sorted({picture.licence for picture in pictures})


def _credits(pictures: list[Picture]) -> str:
    counts = Counter((picture.attribution, picture.licence) for picture in pictures)
    lines = [f"{name} ({licence}, {count:,} pictures)\n" for (name, licence), count in sorted(counts.items())]
    return "Pictures from the ISIC Archive (https://www.isic-archive.com). Credit:\n\n" + "".join(lines)


def _licence_text(licence: str, pictures: list[Picture]) -> str:
    title, address = LICENCES.get(licence, (licence, "see https://www.isic-archive.com"))
    mine = [picture for picture in pictures if picture.licence == licence]
    return f"{len(mine):,} pictures are under {title} ({licence}):\n{address}\n\n{_credits(mine)}"
