from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image, ImageFilter

from demo.coach import coach, gauges
from demo.site import Site
from skinnet.images.photo import open_photo


@pytest.fixture(scope="module")
def photo_of_a_case(site: Site) -> Image.Image:
    return open_photo(site.case("ISIC_0000049").path)


def words(site: Site, photo: Image.Image) -> dict[str, str]:
    return {gauge.name: site.words(gauge.key) for gauge in gauges(site.classifier, site.classifier.examine(photo))}


def test_a_good_photo_is_good_in_every_gauge(site: Site, photo_of_a_case: Image.Image) -> None:
    assert words(site, photo_of_a_case) == dict.fromkeys(("focus", "light", "colour", "likeness"), "good")


def test_each_fault_shows_in_its_gauge_with_its_advice(site: Site, photo_of_a_case: Image.Image) -> None:
    pixels = np.asarray(photo_of_a_case)
    damaged = {
        "focus": ("blurred", photo_of_a_case.filter(ImageFilter.GaussianBlur(12)), "Hold still"),
        "light": ("dark", Image.fromarray(pixels // 4), "own light"),
        "colour": ("odd", photo_of_a_case.convert("L").convert("RGB"), "as the camera took them"),
        "likeness": ("unlike", Image.fromarray(255 - pixels), "rulers"),
    }
    for name, (word, photo, advice) in damaged.items():
        assert words(site, photo)[name] == word
        html = coach(site.classifier, site.classifier.examine(photo), site.words)
        assert advice in html
        places = [int(place) for place in re.findall(r"left:(\d+)%", html)]
        assert all(1 <= place <= 99 for place in places)
        assert len(places) == 4
