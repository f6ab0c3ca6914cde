"""Ask a server, or a folder, for a file or for the rest of one.

with new_session() as session, open_url("https://host/a.zip", session=session, offset=100) as body:
    for chunk in body.chunks: ...
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests

from skinnet import __version__
from skinnet.errors import AcquireError
from skinnet.files import CHUNK_BYTES

TIMEOUT_SECONDS = (10.0, 60.0)
RECEIVED_BYTES = 1 << 16
"""At most this much is lost where a connection breaks."""
RETRIED_STATUSES = (408, 429, 500, 502, 503, 504)
ACCEPTED = 202
"""What a firewall answers, with nothing, to whatever is no browser."""
BROWSER = "See whether the file moved, or download it in the browser, then name its folder with --mirror."
SAID_CHARACTERS = 300
"""At most this much of a server's own sentence is passed on."""
WEB_PAGE = re.compile(rb"\s*<(!doctype\s+html|html)", re.IGNORECASE)


@dataclass(frozen=True)
class Version:
    """The headers that identify one version of a file: equal ones mean equal bytes."""

    etag: str = ""
    modified: str = ""

    def if_range(self) -> dict[str, str]:
        """The header that requests the rest of this version only; it takes no weak ETags (RFC 9110)."""
        strong = self.etag if self.etag.startswith('"') else ""
        value = strong or self.modified
        return {"If-Range": value} if value else {}

    def differs(self, other: Version) -> bool:
        pairs = ((self.etag, other.etag), (self.modified, other.modified))
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)


@dataclass(frozen=True)
class Body:
    """The answer of a server: a file of `total` bytes (None if unknown) from byte `start` on."""

    total: int | None
    start: int
    version: Version
    chunks: Iterable[bytes]


class StatusError(AcquireError):
    """The server refused, and a retry would not help."""

    def __init__(self, url: str, response: requests.Response) -> None:
        super().__init__(f"{url}: the server answered {_answer(response)}. {BROWSER}")
        self.status = response.status_code
        self.text = response.text


class RetryError(Exception):
    """A failure that a retry may overcome, after `seconds` if the server names them."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


TRANSIENT = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, RetryError)
"""What may pass if one tries again."""


def new_session() -> requests.Session:
    """A session for one thread."""
    session = requests.Session()
    session.headers["User-Agent"] = f"skinnet/{__version__}"
    session.headers["Accept-Encoding"] = "identity"  # ranges count the bytes of the file, not of a packed transfer
    return session


@contextmanager
def open_url(url: str, *, session: requests.Session, offset: int = 0, version: Version | None = None) -> Iterator[Body]:
    """Request a file from byte `offset` on; it starts at 0 if the server cannot resume or has another version.

    Raises:
        StatusError: if the server refuses.
        AcquireError: if the address is none, or the server sends a web page in place of the file.
    """
    known = version or Version()
    if url.startswith("file:"):
        with _open_file(Path(url2pathname(urlsplit(url).path)), offset, known) as body:
            yield body
        return
    response = _ask(url, session, offset, known)
    if offset and not _goes_on(response, offset, known):
        response.close()
        response, offset = _ask(url, session, 0, Version()), 0
    with response:
        _refuse(url, response, offset)
        body = _body(response, offset)
        if body.start == 0:
            chunks = iter(body.chunks)
            first = next(chunks, b"")
            if WEB_PAGE.match(first):
                raise AcquireError(
                    f"{url}: the server sent a web page{_said(first.decode(errors='replace'))}. {BROWSER}"
                )
            body = replace(body, chunks=chain([first], chunks))
        yield body


def _ask(url: str, session: requests.Session, offset: int, version: Version) -> requests.Response:
    headers = {"Range": f"bytes={offset}-", **version.if_range()} if offset else {}
    try:
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS)
    except TRANSIENT:
        raise
    except requests.RequestException as error:
        raise AcquireError(f"{url} is no http, https or file address that works ({error}).") from error


def _goes_on(response: requests.Response, offset: int, version: Version) -> bool:
    """Tell whether an answer to a range is usable: the range, the whole file, or "nothing is missing"."""
    value = response.headers.get("Content-Range", "")
    if response.status_code == 416:
        return value == f"bytes */{offset}"
    if response.status_code == 206:
        return value.startswith(f"bytes {offset}-") and not version.differs(_version(response))
    return True


def _refuse(url: str, response: requests.Response, offset: int) -> None:
    if response.status_code in RETRIED_STATUSES:
        raise RetryError(f"the server answered {_answer(response)}", _retry_after(response))
    if response.status_code == ACCEPTED or (not response.ok and not (offset and response.status_code == 416)):
        raise StatusError(url, response)


def _answer(response: requests.Response) -> str:
    """Write the status and what the server itself says about it."""
    return f"{response.status_code} {response.reason}{_said(response.text)}"


def _said(text: str) -> str:
    """Quote the message of a JSON answer or the title of a web page, on one line, after a colon."""
    with contextlib.suppress(ValueError, RecursionError, AttributeError, TypeError):
        text = str(json.loads(text)["message"])
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    plain = html.unescape(re.sub(r"<[^>]*>", " ", title[1] if title else text))
    said = " ".join(plain.split())[:SAID_CHARACTERS].rstrip(".")
    return f": {said}" if said else ""


def _body(response: requests.Response, offset: int) -> Body:
    if response.status_code == 416:  # `_goes_on` has seen that nothing is lacking
        return Body(offset, offset, Version(), ())
    start, total = 0, response.headers.get("Content-Length")
    if response.status_code == 206:
        span, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        start = offset
        if not span.startswith(f"{start}-"):
            raise RetryError("the server sent another part than asked for")
    size = int(total) if total and total.isdigit() else None
    return Body(size, start, _version(response), response.iter_content(RECEIVED_BYTES))


def _version(response: requests.Response) -> Version:
    return Version(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))


def _retry_after(response: requests.Response) -> float | None:
    """Read the seconds to wait from a number or an HTTP date; None if the server names none."""
    value = response.headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    with contextlib.suppress(ValueError):
        date = parsedate_to_datetime(value)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None


@contextmanager
def _open_file(path: Path, offset: int, version: Version) -> Iterator[Body]:
    if not path.is_file():
        raise AcquireError(f"There is no file {path}: name another folder or address with --mirror.")
    status = path.stat()
    found = Version(modified=str(status.st_mtime_ns))
    start = offset if offset <= status.st_size and not version.differs(found) else 0
    with path.open("rb") as file:
        file.seek(start)
        yield Body(status.st_size, start, found, iter(lambda: file.read(CHUNK_BYTES), b""))
