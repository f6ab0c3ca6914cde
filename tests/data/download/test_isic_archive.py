from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from skinnet.data.download.isic_archive import Picture, Search, find, renewed, write_beside
from skinnet.errors import AcquireError
from tests.servers import Server, answer_as_isic

ServerFor = Callable[[Path], Server]
COUNT = 25


@pytest.fixture
def archive(server_for: ServerFor, tmp_path: Path) -> Server:
    server = server_for(tmp_path)
    answer_as_isic(server, tmp_path, COUNT)
    return server


def test_all_pages_are_followed_and_sorted(archive: Server, session: requests.Session) -> None:
    pictures = find(Search(query="sex:male AND age_approx:[20 TO 40]"), api=archive.address, session=session)
    assert [picture.isic_id for picture in pictures] == [f"ISIC_{9_000_000 - n:07d}" for n in reversed(range(COUNT))]
    assert archive.paths() == [
        "/images/search/?limit=100&query=sex%3Amale+AND+age_approx%3A%5B20+TO+40%5D",
        "/images/search/?cursor=10",
        "/images/search/?cursor=20",
    ]


def test_collections_are_asked_for_and_a_limit_ends_the_pages(archive: Server, session: requests.Session) -> None:
    pictures = find(Search(collections=(66, 67), limit=10), api=archive.address, session=session)
    assert len(pictures) == 10
    assert archive.paths() == ["/images/search/?limit=100&collections=66%2C67"]


def test_a_limit_counts_only_pictures_under_the_licences(archive: Server, session: requests.Session) -> None:
    pictures = find(Search(licences=("CC-0", "CC-BY"), limit=12), api=archive.address, session=session)
    assert len(pictures) == 12
    assert {picture.licence for picture in pictures} == {"CC-0", "CC-BY"}


def test_thumbnails_have_their_own_address_and_size(archive: Server, session: requests.Session) -> None:
    (picture,) = find(Search(limit=1, thumbnails=True), api=archive.address, session=session)
    assert picture.url == f"{archive.address}/files/ISIC_9000000_thumbnail_256.jpg"
    assert picture.bytes == 300


def test_a_refused_query_is_told_in_the_servers_words(archive: Server, session: requests.Session) -> None:
    with pytest.raises(AcquireError, match=r"refuses the search: Could not parse the search query: broken\.$"):
        find(Search(query="broken"), api=archive.address, session=session)


def test_finding_nothing_is_an_error(archive: Server, session: requests.Session) -> None:
    archive.routes["/images/search/"] = lambda path: (200, b'{"next": null, "results": []}')
    with pytest.raises(AcquireError, match="has no such pictures: widen --query"):
        find(Search(), api=archive.address, session=session)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"results": [{"isic_id": "../../x"}]}'])
def test_an_answer_of_another_shape_is_told(answer: bytes, archive: Server, session: requests.Session) -> None:
    archive.routes["/images/search/"] = lambda path: (200, answer)
    with pytest.raises(
        AcquireError, match=r"answered something else|sent a record that skinnet cannot read|sent a web page"
    ):
        find(Search(), api=archive.address, session=session)


@pytest.mark.parametrize(("name", "value"), [("isic_id", "ISIC_1/../../x"), ("copyright_license", "../x")])
def test_a_record_cannot_name_a_file_outside(name: str, value: str, archive: Server, session: requests.Session) -> None:
    record = json.loads(archive.routes["/images/ISIC_9000000/"]("")[1]) | {name: value}
    archive.routes["/images/search/"] = lambda path: (200, json.dumps({"results": [record]}).encode())
    with pytest.raises(AcquireError, match="sent a record that skinnet cannot read"):
        find(Search(), api=archive.address, session=session)


def test_an_expired_address_is_renewed(archive: Server, session: requests.Session) -> None:
    (picture,) = find(Search(limit=1), api=archive.address, session=session)
    again = renewed(picture.download(), search=Search(), api=archive.address, session=session)
    assert again == picture.download()
    assert archive.paths()[-1] == "/images/ISIC_9000000/"


def test_metadata_has_fixed_columns_then_the_leaves_in_order(tmp_path: Path) -> None:
    first = Picture("ISIC_1", "", 1, "CC-0", 'A "quoted", clinic', {"sex": "male", "age_approx": 40})
    second = Picture("ISIC_2", "", 1, "CC-BY", "Ärzte", {"pixels_x": 600, "concomitant_biopsy": True})
    write_beside([first, second], tmp_path)
    with (tmp_path / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    fixed = ["isic_id", "attribution", "copyright_license"]
    assert rows[0] == [*fixed, "age_approx", "concomitant_biopsy", "pixels_x", "sex"]
    assert rows[1] == ["ISIC_1", 'A "quoted", clinic', "CC-0", "40", "", "", "male"]
    assert rows[2] == ["ISIC_2", "Ärzte", "CC-BY", "", "True", "600", ""]


def test_credit_and_licences_lie_beside_the_pictures(tmp_path: Path) -> None:
    pictures = [Picture(f"ISIC_{n}", "", 1, "CC-0" if n else "CC-BY-NC", "Clinic") for n in range(3)]
    write_beside(pictures, tmp_path)
    credit = (tmp_path / "attribution.txt").read_text(encoding="utf-8")
    assert credit.endswith("Credit:\n\nClinic (CC-0, 2 pictures)\nClinic (CC-BY-NC, 1 pictures)\n")
    assert sorted(path.name for path in (tmp_path / "licences").iterdir()) == ["CC-0.txt", "CC-BY-NC.txt"]
    licence = (tmp_path / "licences" / "CC-BY-NC.txt").read_text(encoding="utf-8")
    assert "https://creativecommons.org/licenses/by-nc/4.0/" in licence
    assert "Clinic (CC-BY-NC, 1 pictures)" in licence
