"""A part of a page that runs in the browser: a script in `js/`, and data for it as JSON.

    viewer = part("viewer", {"photo": None})
    viewer.photo(answer, outputs=viewer)  # trigger("photo", {...}) in the script calls `answer`

The script runs once, when the part appears, with Gradio's `element`, `props`, `watch`, `trigger` and `upload`. Its data
is `props.value`; `watch("value", ...)` tells of new data. Texts from outside reach the page by `textContent` only;
those of the app are `say("section.key")`: see `js/words.js`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from skinnet.reporting.results import assets

SCRIPT_FOLDER = Path(__file__).with_name("js")
FOLDERS = (SCRIPT_FOLDER, assets.SCRIPT_FOLDER)
"""Where scripts lie: the app's own, and those of the page of results, which its report has, too."""


def part(
    name: str,
    value: Any = None,
    *,
    scripts: Sequence[str] = (),
    html: str = "",
    texts: Mapping[str, str] | None = None,
) -> gr.HTML:
    """Add a part to the interface that is being built.

    Args:
        name: its id on the page, and its script without `.js`.
        value: JSON for the script.
        scripts: names of scripts to run before its own, in one scope with it.
        html: what the part contains before its script runs; no data, since it is not escaped.
        texts: what its scripts may say, by key.
    """
    names = [*scripts, name] if texts is None else ["words", *scripts, name]
    source = "\n".join(_script(each) for each in names)
    if texts is not None:
        source = f"const TEXTS = {json.dumps(texts)};\n{source}"
    return gr.HTML(
        value,
        html_template=f'<div class="part {name}">{html}</div>',
        js_on_load=source,
        elem_id=name,
        apply_default_css=False,
    )


def _script(name: str) -> str:
    return next(path for folder in FOLDERS if (path := folder / f"{name}.js").is_file()).read_text(encoding="utf-8")
