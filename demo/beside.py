"""Two checkpoints side by side in the Results tab, computed when a visitor asks.

add_beside(site)
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from demo.part import part
from demo.site import Site
from demo.translated import translated_page
from skinnet.checkpoint import CONFIG
from skinnet.errors import CheckpointError, SkinnetError
from skinnet.inference.wording import unbroken


def neighbours(checkpoint: Path) -> dict[str, Path]:
    """The other checkpoints in the folder of a checkpoint, by name."""
    own = checkpoint.resolve()
    found = sorted(each.parent for each in own.parent.glob(f"*/{CONFIG}"))
    return {each.name: each for each in found if each != own}


def add_beside(site: Site) -> None:
    """Add the section to the interface that is being built."""
    others = neighbours(site.checkpoint)
    section = part("beside", {"names": list(others)}, scripts=["make"], texts=site.words.section("beside"))

    @cache
    def compared(name: str) -> str:
        from skinnet.reporting.results.beside import beside  # slow to import: scikit-learn

        return unbroken(translated_page(beside(site.checkpoint, others[name]), site.words))

    def compare(event: gr.EventData) -> dict[str, Any]:
        name = event._data.get("name") if isinstance(event._data, dict) else None
        try:
            if not isinstance(name, str) or name not in others:
                raise CheckpointError("There is no such checkpoint.")
            return {"html": compared(name)}
        except SkinnetError as error:
            return {"error": site.words.sentence(str(error).replace(f"{site.checkpoint.resolve().parent}/", ""))}

    section.compare(
        compare, outputs=section, concurrency_limit=1, show_progress="hidden", trigger_mode="once",
        api_visibility="private",
    )  # fmt: skip
