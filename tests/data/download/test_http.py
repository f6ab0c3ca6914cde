from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests

from skinnet.data.download.http import RetryError, StatusError, Version, open_url
from skinnet.errors import AcquireError
from tests.servers import Server

ServerFor = Callable[[Path], Server]
DATA = bytes(range(200))


@pytest.fixture
def server(server_for: ServerFor, tmp_path: Path) -> Server:
    (tmp_path / "a.bin").write_bytes(DATA)
    return server_for(tmp_path)


def read(server: Server, session: requests.Session, **options: object) -> tuple[int | None, int, bytes]:
    with open_url(f"{server.address}/a.bin", session=session, **options) as body:  # type: ignore[arg-type]
        return body.total, body.start, b"".join(body.chunks)


def version_of(server: Server, session: requests.Session) -> Version:
    with open_url(f"{server.address}/a.bin", session=session) as body:
        return body.version


def test_the_rest_of_a_file_is_sent(server: Server, session: requests.Session) -> None:
    version = version_of(server, session)
    assert version.etag.startswith('"200-')
    assert read(server, session, offset=150, version=version) == (200, 150, DATA[150:])
    assert server.requests[-1] == ("/a.bin", "bytes=150-")


def test_another_version_is_sent_from_its_beginning(server: Server, session: requests.Session) -> None:
    assert read(server, session, offset=150, version=Version(etag='"older"')) == (200, 0, DATA)


def test_another_version_is_noticed_where_the_server_ignores_if_range(
    server: Server, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Version, "if_range", lambda self: {})
    assert read(server, session, offset=150, version=Version(etag='"older"')) == (200, 0, DATA)
    assert [asked for _, asked in server.requests] == ["bytes=150-", ""]


def test_a_weak_etag_does_not_stand_in_if_range() -> None:
    assert Version(etag='W/"1"', modified="Mon").if_range() == {"If-Range": "Mon"}
    assert Version(etag='W/"1"').if_range() == {}
    assert Version(etag='"1"', modified="Mon").if_range() == {"If-Range": '"1"'}


def test_a_server_without_ranges_sends_all(server: Server, session: requests.Session) -> None:
    server.ranges = False
    assert read(server, session, offset=150) == (200, 0, DATA)


def test_a_wrong_range_is_asked_for_from_the_beginning(server: Server, session: requests.Session) -> None:
    server.faults = lambda path, count: "wrong-range" if count == 1 else ""
    assert read(server, session, offset=150) == (200, 0, DATA)


def test_a_file_that_is_whole_lacks_nothing(server: Server, session: requests.Session) -> None:
    assert read(server, session, offset=200) == (200, 200, b"")
    assert read(server, session, offset=300) == (200, 0, DATA)


def test_a_busy_server_says_when_to_come_back(server: Server, session: requests.Session) -> None:
    server.faults = lambda path, count: "429"
    for said, expected in {"7": 7.0, "": None, "soon": None}.items():
        server.after = said
        with pytest.raises(RetryError, match="the server answered 429") as caught:
            read(server, session)
        assert caught.value.seconds == expected
    server.after = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    with pytest.raises(RetryError) as caught:
        read(server, session)
    assert caught.value.seconds == pytest.approx(90, abs=5)


def test_a_refusal_is_told_with_the_fix(server: Server, session: requests.Session) -> None:
    server.faults = lambda path, count: "404"
    with pytest.raises(StatusError, match=r"the server answered 404 Not Found\. See whether the file moved") as caught:
        read(server, session)
    assert caught.value.status == 404


GUESTBOOK = b'{"status":"ERROR","message":"Not without the required Guestbook response."}'
PAGE = b"<!DOCTYPE html>\n<html><head><title>Checking\n your &amp; browser</title></head><body>x</body></html>"


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (
            400,
            GUESTBOOK,
            r"400 Bad Request: Not without the required Guestbook response\. See",
        ),
        (403, PAGE, r"403 Forbidden: Checking your & browser\. See"),
        (202, b"", r"202 Accepted\. See"),
        (200, PAGE, r"sent a web page: Checking your & browser\. See"),
    ],
)
def test_the_servers_own_sentence_is_told_at_once(
    status: int, content: bytes, words: str, server: Server, session: requests.Session
) -> None:
    server.routes["/a.bin"] = lambda path: (status, content)
    with pytest.raises(AcquireError, match=f"{words} whether the file moved, or download it in the browser, then"):
        read(server, session)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "nonsense", "http://"])
def test_what_is_no_address_is_told(url: str, session: requests.Session) -> None:
    with pytest.raises(AcquireError, match="is no http, https or file address"), open_url(url, session=session):
        pass


def test_a_local_file_is_read_from_an_offset_and_its_version_is_known(
    tmp_path: Path, session: requests.Session
) -> None:
    path = tmp_path / "a b.bin"
    path.write_bytes(DATA)
    with open_url(path.as_uri(), session=session, offset=150) as body:
        assert (body.total, body.start, b"".join(body.chunks)) == (200, 150, DATA[150:])
    with open_url(path.as_uri(), session=session, offset=150, version=Version(modified="other")) as body:
        assert body.start == 0
    with pytest.raises(AcquireError, match="There is no file"), open_url((tmp_path / "x").as_uri(), session=session):
        pass
