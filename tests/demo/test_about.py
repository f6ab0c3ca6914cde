"""The About tab: its figures are the checkpoint's, its words depend on where it runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from demo.site import Site
from demo.tabs.about import add, folded, page_of
from skinnet import __version__
from skinnet.errors import CheckpointError
from skinnet.labels import DISCLAIMER


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'")


def test_the_page_has_the_figures_the_hash_and_the_whole_notice(site: Site) -> None:
    page = page_of(site, space=None)
    text = text_of(page)
    assert DISCLAIMER in text
    assert site.config.weights_sha256 in text
    assert f"skinnet {__version__}" in text
    assert f"{site.config.counts['train']:,} photos" in text
    for name, metrics in site.metrics.items():
        sensitivity, benign = metrics.overall["sensitivity"], 1 - (metrics.overall["specificity"].value or 0)
        assert f"{100 * (sensitivity.value or 0):.0f} of 100 photos" in text, name
        assert f"{100 * benign:.0f} of 100 photos" in text, name
    assert page.count("<h1>") == 1


def test_the_words_on_privacy_say_where_photos_go(site: Site) -> None:
    at_home, hosted = (text_of(page_of(site, space=space)) for space in (None, "some<one/skinnet"))
    assert "nothing leaves your machine" in at_home
    assert "Hugging Face" not in at_home
    assert "The photo that you choose is sent to that host" in hosted
    assert "some&lt;one/skinnet" in hosted
    assert "nothing leaves" not in hosted


def test_the_card_is_folded_by_chapter_and_its_markup_is_escaped(site: Site) -> None:
    card = (
        "# Card\n\nlost\n\n## First\n<script>x</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Se<b>cond\n### Inner\n"
    )
    html = folded(card, site.words)
    assert html.count("<details>") == 2
    assert "lost" not in html
    assert "<script>" not in html
    assert "<summary>Se&lt;b&gt;cond</summary>" in html
    assert '<div class="scroll" tabindex="0" role="region"' in html
    assert "<h3>Inner</h3>" in html


def test_every_chapter_of_the_shipped_card_is_there(site: Site) -> None:
    chapters = re.findall(r"^## (.+)$", (site.checkpoint / "MODEL_CARD.md").read_text(encoding="utf-8"), re.MULTILINE)
    page = page_of(site, space=None)
    assert [chapter for chapter in chapters if f"<summary>{chapter}</summary>" not in page] == []
    assert len(chapters) >= 8


def test_marks_of_a_template_in_the_card_stay_text(site: Site, tmp_path: Path) -> None:
    (tmp_path / "MODEL_CARD.md").write_text("# Card\n## Data\n${alert(1)} {{value}} {% raw %} @children \\`\n")
    with gr.Blocks() as blocks:
        add(replace(site, checkpoint=tmp_path))
    (html,) = (block for block in blocks.blocks.values() if isinstance(block, gr.HTML))
    assert not set("$`{@\\") & set(html.html_template)
    assert "&#36;&#123;alert(1)}" in html.html_template


def test_a_checkpoint_without_a_card_gets_a_sentence(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"No .*MODEL_CARD\.md: run python -m skinnet release"):
        page_of(replace(site, checkpoint=tmp_path), space=None)
