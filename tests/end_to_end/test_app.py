from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.answer import answer as page_answer
from demo.ledger import first_choice
from demo.site import Site, load_cases
from skinnet.__main__ import main
from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier
from skinnet.inference.onnx_graph import SWITCH
from tests.images.test_photo import png_of_size

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own


def test_library_command_line_endpoints_and_app_agree(
    address: str, photo: Path, shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gradio_client import Client, handle_file

    paths = [photo, *(case.path for case in load_cases()[:3])]
    assert main(["predict", *map(str, paths), "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    client, site = Client(address, verbose=False), Site.load(shipped)
    classifier = Classifier.load(shipped)
    batch = client.predict([handle_file(str(path)) for path in paths], api_name="/batch")
    for path, command, row in zip(paths, printed, batch, strict=True):
        prediction = classifier.predict(open_photo(path))
        expected = prediction.as_answer()
        answer = client.predict(handle_file(str(path)), api_name="/classify")
        assert list(answer) == list(expected)
        for found in (answer, command, row):
            assert {name: found[name] for name in expected} == approx(expected)
        shown = page_answer(site, path)
        assert (shown["state"] == "refused") == (prediction.gate == "refuse")
        if prediction.gate != "refuse":
            assert shown["chosen"] == first_choice(prediction)
            assert all(site.words.percent(share) in shown["ledger"] for share in prediction.probabilities.values())


def test_the_app_answers_alike_by_openvino(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Site.load(shipped)
    monkeypatch.delenv(SWITCH)
    fast = Site.load(shipped)
    assert plain.classifier.graph is None
    assert fast.classifier.graph is not None
    for case in load_cases()[:2]:
        expected, found = page_answer(plain, case.path), page_answer(fast, case.path)
        assert found["state"] == expected["state"] == "classified"
        assert found["ledger"] == expected["ledger"]
        assert np.corrcoef(np.ravel(found["maps"]), np.ravel(expected["maps"]))[0, 1] > 0.9999


def approx(expected: dict[str, Any]) -> dict[str, Any]:
    """An answer whose numbers may differ by rounding."""
    return {
        name: pytest.approx(value, abs=1e-6) if isinstance(value, float) else value for name, value in expected.items()
    }


def test_a_bad_file_gets_a_sentence_and_the_app_stays_up(address: str, photo: Path, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    client = Client(address, verbose=False)
    for name, data, words in [
        ("empty.jpg", b"", "The file is empty"),
        ("text.jpg", b"hello", "not a picture"),
        ("half.jpg", photo.read_bytes()[:9000], "damaged or incomplete"),
        ("bomb.png", png_of_size(20_000, 20_000), "too large"),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(AppError, match=words) as caught:
            client.predict(handle_file(str(tmp_path / name)), api_name="/classify")
        assert str(tmp_path) not in str(caught.value)
    assert client.predict(handle_file(str(photo)), api_name="/classify")["diagnosis"]


def test_the_endpoints_and_their_arguments_are_these_alone(address: str) -> None:
    from gradio_client import Client

    endpoints = Client(address, verbose=False).view_api(return_format="dict", print_info=False)["named_endpoints"]
    names = {
        endpoint: [parameter["parameter_name"] for parameter in found["parameters"]]
        for endpoint, found in endpoints.items()
    }
    assert names == {"/classify": ["image"], "/explain": ["image", "diagnosis"], "/batch": ["files"]}
