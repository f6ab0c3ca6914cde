"""The About tab: what skinnet is, for whom, where it fails, what becomes of photos; and the model card by chapter."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from demo.part import part
from demo.site import Site
from demo.temporary import KEPT_SECONDS
from demo.words import Words
from skinnet import __version__
from skinnet.checkpoint import CARD, VERDICT
from skinnet.data.download.sources import SOURCES
from skinnet.errors import CheckpointError
from skinnet.evaluation.bootstrap import Estimate
from skinnet.reporting.captions import source_title
from skinnet.reporting.limits import limits
from skinnet.reporting.results.counts import SourceCounts
from skinnet.reporting.table import Table

PAGE = Path(__file__).parents[1] / "html" / "about.html"
YEAR = 2026
"""Of this version."""
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
"""Escapes what is not Markdown: a checkpoint may come from a stranger."""
INERT = str.maketrans({mark: f"&#{ord(mark)};" for mark in "$`{@\\"})
"""Marks that would run in the templates of `gr.HTML`."""
SCROLLING = '<div class="scroll" tabindex="0" role="region" aria-label="{about.table}">'


def add(site: Site) -> None:
    """Add the tab's contents to the interface that is being built."""
    page = page_of(site, space=os.environ.get("SPACE_ID"))
    part("about", html=page.translate(INERT))


def page_of(site: Site, *, space: str | None) -> str:
    """The tab as HTML.

    Args:
        space: the Hugging Face Space that the app runs as, if it does.

    Raises:
        CheckpointError: if the checkpoint has no model card.
    """
    config, words = site.config, site.words
    (point,) = (point for point in config.operating_points if point.name == VERDICT)
    return words.page(
        PAGE.read_text(encoding="utf-8"),
        networks=words("about.networks", count=len(config.members)),
        parameters=f"{config.parameters / 1e6:.0f}",
        threshold=words.percent(point.threshold),
        train=words.number(config.counts["train"]),
        sources="".join(f"<li>{_source(name, words)}</li>" for name in config.sources),
        counts=_scrolling(_counts(site).html(), words),
        limits="".join(f"<li>{MARKDOWN.renderInline(words.sentence(each))}</li>" for each in limits(config.sources)),
        privacy=words("about.hosted", space=escape(space)) if space else words("about.here"),
        minutes=KEPT_SECONDS // 60,
        credit=words("common.credit"),
        version=escape(__version__),
        year=YEAR,
        network=escape(config.name),
        digest=f"<code>{escape(config.weights_sha256)}</code>",
        card=folded(_card(site), words),
    )


def _source(name: str, words: Words) -> str:
    if name not in SOURCES:
        return escape(name)
    source = SOURCES[name]
    title, licence = (escape(words.sentence(each)) for each in (source.title, source.licence))
    return f"{title}. {escape(source.citation)} {words('about.licence')}: {licence}."


def _counts(site: Site) -> Table:
    """How the verdict's threshold did, photo by photo, in each test set."""
    rows, words = [], site.words
    for name, metrics in site.metrics.items():
        counts = SourceCounts.of(name, metrics)
        missed = words("about.of", missed=counts.missed, melanomas=counts.melanomas)
        shares = (_of_hundred(share, words) for share in (counts.flagged, counts.alarms))
        rows.append([source_title(name), *shares, missed])
    header = [words(f"about.counts_{column}") for column in ("set", "malignant", "benign", "missed")]
    return Table("about-sources", words("about.counts"), header, rows)


def _of_hundred(share: Estimate, words: Words) -> str:
    if share.value is None or share.low is None or share.high is None:
        return words("classify.undefined")
    value, low, high = (f"{100 * end:.0f}" for end in (share.value, share.low, share.high))
    return words("about.of_100", share=value, low=low, high=high)


def _card(site: Site) -> str:
    path = site.checkpoint / CARD
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"No {path}: run python -m skinnet release.") from error


def folded(card: str, words: Words) -> str:
    """A model card as HTML, each chapter behind its heading; what stands before the first chapter is left out."""
    chapters = [chapter.partition("\n") for chapter in f"\n{card}".split("\n## ")[1:]]
    return "".join(
        f"<details><summary>{escape(heading)}</summary>{_scrolling(MARKDOWN.render(text), words)}</details>"
        for heading, _, text in chapters
    )


def _scrolling(html: str, words: Words) -> str:
    """Let wide tables scroll by themselves, by keyboard too."""
    return html.replace("<table>", f"{words.page(SCROLLING)}<table>").replace("</table>", "</table></div>")
