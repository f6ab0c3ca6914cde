"""The API: what docs/api.md promises, and what becomes of malformed requests."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from demo.endpoint import OPACITY
from demo.payloads import MALFORMED
from demo.site import load_cases
from demo.uploads import NO_UPLOAD
from skinnet.explain.heatmaps import heat_map, overlay
from skinnet.images.photo import display_photo, open_photo, to_input
from skinnet.inference.batch import COLUMNS
from skinnet.inference.classifier import Classifier
from tests.conftest import PROJECT

ROW = ["file", *COLUMNS[1:]]
pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own


@pytest.fixture
def mole(tmp_path: Path) -> Path:
    """A real photo that passes the gate, in a folder of its own."""
    return Path(shutil.copy(load_cases()[0].path, tmp_path / "mole.jpg"))


@pytest.fixture(scope="module")
def client(address: str) -> Any:
    from gradio_client import Client

    return Client(address, verbose=False)


def blocks(language: str) -> str:
    text = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL))


def test_the_python_example_runs_as_it_is_written(address: str, mole: Path) -> None:
    (mole.parent / "notes.txt").write_text("no picture")
    source = blocks("python").replace("http://127.0.0.1:7860", address.rstrip("/"))
    found = subprocess.run([sys.executable, "-c", source], cwd=mole.parent, capture_output=True, text=True, check=True)
    first, second, third = found.stdout.splitlines()[-3:]
    assert first.startswith("ok ")
    assert second.endswith("png mel")
    assert "'notes.txt', None, 'The file is not a picture" in third


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_example_runs_as_it_is_written(address: str, mole: Path) -> None:
    source = blocks("sh").replace("http://127.0.0.1:7860", address.rstrip("/"))
    found = subprocess.run(["bash", "-ec", source], cwd=mole.parent, capture_output=True, text=True, check=True)
    answers = [json.loads(line.removeprefix("data: ")) for line in found.stdout.splitlines() if line.startswith("data")]
    (classified,), (picture, diagnosis), (rows,) = answers
    assert classified["diagnosis"] == diagnosis == rows[0]["diagnosis"]
    assert picture["url"].startswith(address)
    assert list(rows[0]) == ROW


def test_explain_draws_the_map_of_the_diagnosis_it_names(client: Any, mole: Path, shipped: Path) -> None:
    from gradio_client import handle_file

    classifier, photo = Classifier.load(shipped), open_photo(mole)
    pixels = to_input(photo, frame=classifier.frame)
    for sent, shown in (("vasc", "vasc"), ("", classifier.predict(photo).diagnosis)):
        path, diagnosis = client.predict(handle_file(str(mole)), sent, api_name="/explain")
        assert diagnosis == shown
        evidence = heat_map(classifier, pixels, diagnosis=shown)
        expected = overlay(display_photo(photo), evidence, opacity=OPACITY)
        assert np.array_equal(np.asarray(Image.open(path)), np.asarray(expected))


def test_explain_draws_no_map_of_what_is_refused(client: Any, photo: Path) -> None:
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="No map: This does not look like a dermatoscopic photo"):
        client.predict(handle_file(str(photo)), "mel", api_name="/explain")
    with pytest.raises(AppError, match="There is no such diagnosis: send one of akiec"):
        client.predict(handle_file(str(photo)), "wart", api_name="/explain")


def test_batch_gives_a_row_for_each_photo_of_files_and_archives(client: Any, mole: Path, shipped: Path) -> None:
    from gradio_client import handle_file

    archive = mole.with_name("more.zip")
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(load_cases()[1].path, "inner/second.jpg")
    broken = mole.with_name("broken.jpg")
    broken.write_bytes(mole.read_bytes()[:4000])
    rows = client.predict([handle_file(str(path)) for path in (mole, archive, broken)], api_name="/batch")
    assert [row["file"] for row in rows] == ["mole.jpg", "more.zip/inner/second.jpg", "broken.jpg"]
    assert all(list(row) == ROW for row in rows)
    classifier = Classifier.load(shipped)
    for row, path in zip(rows[:2], (mole, load_cases()[1].path), strict=True):
        assert row["p_malignant"] == pytest.approx(classifier.predict(open_photo(path)).p_malignant, abs=1e-6)
    assert rows[2]["error"].startswith("The picture is damaged")
    assert rows[2]["p_malignant"] is None


def sent(path: Any, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def asked(address: str, endpoint: str, data: list[Any]) -> str:
    answer = requests.post(f"{address}gradio_api/call/{endpoint}", json={"data": data}, timeout=60)
    return requests.get(f"{address}gradio_api/call/{endpoint}/{answer.json()['event_id']}", timeout=60).text


def test_the_address_of_an_uploaded_file_is_taken_for_the_file(address: str, mole: Path) -> None:
    with mole.open("rb") as file:
        (path,) = requests.post(f"{address}gradio_api/upload", files={"files": file}, timeout=60).json()
    told = asked(address, "classify", [sent(f"http://skinnet-test.invalid/gradio_api/file={path}")])
    assert "event: complete" in told
    assert NO_UPLOAD in asked(address, "classify", [sent(f"{address}gradio_api/file=/etc/passwd")])


def test_an_mcp_client_finds_the_three_tools_and_classifies_a_photo(address: str, mole: Path) -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    with mole.open("rb") as file:
        (path,) = requests.post(f"{address}gradio_api/upload", files={"files": file}, timeout=60).json()

    async def call() -> tuple[list[str], str]:
        server = streamablehttp_client(f"{address}gradio_api/mcp/")
        async with server as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            image = {"image": f"{address}gradio_api/file={path}"}
            return tools, (await session.call_tool("classify", image)).content[0].text

    tools, answer = asyncio.run(call())
    assert tools == ["classify", "explain", "batch"]
    assert "p_malignant" in answer


HOST = "http://skinnet-test.invalid/mole.jpg"
BAD = [
    ("null", [None], "No image was sent."),
    ("a number", [5], MALFORMED),
    ("a text", ["mole.jpg"], MALFORMED),
    ("a list", [[]], MALFORMED),
    ("no data", [], MALFORMED),
    ("a number for a path", [sent(5)], NO_UPLOAD),
    ("a foreign path", [sent("/etc/passwd")], NO_UPLOAD),
    ("a path out of the folder", [sent("../../../etc/passwd")], NO_UPLOAD),
    ("an address", [sent(HOST)], NO_UPLOAD),
    ("an address beside a path", [sent("mole.jpg", url=HOST)], NO_UPLOAD),
    ("a meta that is none", [{"path": "mole.jpg", "meta": 3}], NO_UPLOAD),
]


@pytest.mark.parametrize(("data", "words"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
@pytest.mark.parametrize("endpoint", ["classify", "explain", "batch"])
def test_a_malformed_request_gets_a_sentence_and_leaves_no_traceback(
    endpoint: str, data: list[Any], words: str, address: str, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked_for: list[str] = []
    look_up = socket.getaddrinfo

    def noted(host: Any, *more: Any, **options: Any) -> Any:
        asked_for.append(str(host))
        return look_up(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    if endpoint == "explain" and data:
        data = [*data, "mel"]
    if endpoint == "batch":
        data = [data] if data and isinstance(data[0], dict) else data
        words = "No files were sent." if data in ([None], [[]]) else words
    told = asked(address, endpoint, data)
    assert "event: error" in told
    assert words in told
    assert "/etc" not in told
    assert "Traceback" not in capfd.readouterr().err
    assert not [host for host in asked_for if "invalid" in host]
