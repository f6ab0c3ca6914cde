from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo.answer import answer, signed_maps
from demo.ledger import first_choice
from demo.site import Site
from demo.uploads import uploaded
from skinnet.errors import PhotoError
from skinnet.explain.heatmaps import evidence_maps
from skinnet.images.photo import open_photo
from skinnet.labels import CLASS_NUMBERS, CLASSES


@pytest.fixture(scope="module")
def classified(site: Site) -> dict[str, Any]:
    case = site.case("ISIC_0000049")
    return answer(site, case.path, case=case)


def test_a_case_is_classified_with_its_photo_maps_and_truth(site: Site, classified: dict[str, Any]) -> None:
    assert classified["state"] == "classified"
    encoded = classified["photo"].removeprefix("data:image/jpeg;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == tuple(classified["size"])
    assert "The archive's diagnosis: Melanoma" in classified["html"]
    assert "How often the threshold was right" in classified["html"]
    assert classified["ledger"].count('type="radio"') == len(CLASSES)
    assert classified["chosen"] == "mel"


def test_the_maps_are_those_that_explain_draws(site: Site, classified: dict[str, Any]) -> None:
    examined = site.classifier.examine(open_photo(site.case("ISIC_0000049").path))
    maps = signed_maps(site, examined)
    assert np.asarray(classified["maps"]) == pytest.approx(maps, abs=1e-4)
    drawn = evidence_maps(site.classifier, examined.features, size=maps.shape[1:])
    assert (maps.clip(min=0) / maps.max()) == pytest.approx(drawn, abs=1e-5)
    lead = maps.sum(axis=(1, 2))
    assert lead[CLASS_NUMBERS["mel"]] > 0
    assert lead.argmax() == CLASS_NUMBERS[first_choice(examined.prediction)]


def test_a_refused_photo_has_no_figures_and_no_map(site: Site, photo: Path) -> None:
    refused = answer(site, photo)
    assert refused["state"] == "refused"
    assert "maps" not in refused
    assert "%" not in refused["html"].replace("%;", "").split("<section")[0]
    assert "Not classified" in refused["html"]


def test_a_broken_file_and_a_failure_are_answers_of_their_own(
    site: Site, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:2000])
    found = answer(site, broken)
    assert found["state"] == "unreadable"
    assert found["photo"] is None
    assert "broken.jpg" not in found["html"]
    assert str(tmp_path) not in found["html"]

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(site.classifier, "examine", fail)
    with caplog.at_level(logging.CRITICAL):
        found = answer(site, photo)
    assert found["state"] == "unreadable"
    assert "could not classify" in found["html"]


@pytest.mark.parametrize("data", [None, {}, {"path": 7}, {"path": "/etc/passwd"}, {"path": "a\0b"}, {"path": ""}, []])
def test_a_path_that_is_no_upload_is_refused(data: object) -> None:
    with pytest.raises(PhotoError, match="choose the photo once more"):
        uploaded(gr.EventData(None, data))


def test_an_upload_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    file = tmp_path / "hash" / "photo.jpg"
    file.parent.mkdir()
    file.write_bytes(b"")
    assert uploaded(gr.EventData(None, {"path": str(file)})) == file.resolve()
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(PhotoError):
        uploaded(gr.EventData(None, {"path": str(tmp_path / "link")}))


def test_a_case_that_is_none_is_refused(site: Site) -> None:
    for name in ("ISIC_1", None, 3, ["ISIC_0000049"]):
        with pytest.raises(PhotoError, match="no such case"):
            site.case(name)
