from __future__ import annotations

from pathlib import Path

import pytest

from skinnet.images.photo import open_photo
from skinnet.inference.classifier import Classifier
from tests.images.test_photo import png_of_size

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own


def test_the_endpoint_returns_what_predict_returns(address: str, photo: Path, shipped: Path) -> None:
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False)
    answer = client.predict(handle_file(str(photo)), api_name="/classify")
    expected = Classifier.load(shipped).predict(open_photo(photo)).as_answer()
    assert list(answer) == list(expected)
    for name in ("diagnosis", "gate", "note", "possible"):
        assert answer.pop(name) == expected.pop(name)
    assert answer == pytest.approx(expected, abs=1e-6)


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
