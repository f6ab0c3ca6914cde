"""The Classify tab: a photo in; a verdict, its meaning and a map of the evidence out, in one part of the page."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo.answer import answer, data_uri, failed
from demo.part import part
from demo.site import Site
from demo.uploads import photo_limit, uploaded
from skinnet.errors import PhotoError
from skinnet.images.photo import display_photo, open_photo

OFFERED_CASES = ("ISIC_0000164", "ISIC_0000357", "ISIC_0000297", "ISIC_0000049", "ISIC_0000121", "ISIC_0000023")
"""Melanomas and moles to try; with the shipped network, one of each is on the wrong side of the threshold."""
PAGE = Path(__file__).parents[1] / "html" / "viewer.html"
THUMBNAIL_SIDE = 240
ONE_AT_A_TIME: dict[str, Any] = {
    "concurrency_id": "photo",
    "concurrency_limit": 1,
    "trigger_mode": "multiple",
    "api_visibility": "private",
    "show_progress": "hidden",
}
"""Photos are answered in the order they came. The mode "always_last" would repeat the first one's question."""
SCRIPTS = ("heatmap", "intake", "crop", "save")


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    start = {"state": "empty", "html": _invitation(site), "limit": photo_limit(site.words)}
    viewer = part("viewer", start, scripts=SCRIPTS, html=_page(site), texts=site.words.section("classify"))

    def classify_upload(event: gr.EventData) -> dict[str, Any]:
        try:
            return answer(site, uploaded(event)) | {"id": _number(event)}
        except PhotoError as error:
            return failed(str(error), site.words) | {"id": _number(event)}

    def classify_case(event: gr.EventData) -> dict[str, Any]:
        case = site.case(event._data.get("case"))
        return answer(site, case.path, case=case) | {"id": _number(event)}

    viewer.photo(classify_upload, outputs=viewer, **ONE_AT_A_TIME)
    viewer.case(classify_case, outputs=viewer, **ONE_AT_A_TIME)


def _number(event: gr.EventData) -> int:
    """The number that the script gave its question, so that it can tell an old answer."""
    number = event._data.get("id") if isinstance(event._data, dict) else None
    return number if isinstance(number, int) else 0


def _invitation(site: Site) -> str:
    """Fill the verdict's place before there is a photo."""
    pictures = []
    for number, isic_id in enumerate(OFFERED_CASES, start=1):
        small = data_uri(display_photo(open_photo(site.case(isic_id).path), longest_side=THUMBNAIL_SIDE))
        pictures.append(
            f'<li><button type="button" class="case" data-case="{isic_id}">'
            f'<img src="{small}" alt="">{site.words("common.case", number=number)}</button></li>'
        )
    return site.words.page(
        '<h1>{classify.empty_title}</h1><p class="lead">{classify.empty_lead}</p>'
        '<h2 class="plain">{classify.real_cases}</h2><ul class="cases">{pictures}</ul>'
        '<p class="caption">{common.credit}. {classify.real_cases_note}</p>',
        pictures="".join(pictures),
    )


def _page(site: Site) -> str:
    """The fixed part of the page, around what the script fills in."""
    return site.words.page(
        PAGE.read_text(encoding="utf-8"),
        version=escape(site.config.skinnet),
        network=escape(site.config.name),
        digest=escape(site.config.weights_sha256[:12]),
    )
