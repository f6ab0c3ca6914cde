"""The About tab: what skinnet is, for whom, where it fails, what becomes of photos; and the model card by chapter."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt

from demo.frequencies import SourceCounts
from demo.part import part
from demo.site import CASE_CREDIT, Site
from demo.temporary import KEPT_SECONDS
from skinnet import __version__
from skinnet.checkpoint import CARD, VERDICT
from skinnet.data.download.sources import SOURCES
from skinnet.errors import CheckpointError
from skinnet.evaluation.bootstrap import Estimate
from skinnet.inference.wording import percent
from skinnet.labels import DISCLAIMER, MALIGNANT_MEANING
from skinnet.reporting.captions import source_title
from skinnet.reporting.limits import limits
from skinnet.reporting.table import Table

TITLE = "About"
PAGE = Path(__file__).parents[1] / "html" / "about.html"
YEAR = 2026
"""Of this version."""
NUMBERS = ("no network", "one network", "two networks", "three networks")
HERE = (
    "A photo goes to the computer that runs skinnet, and to no other. That is yours if the address above begins with "
    "http://localhost or http://127.0.0.1: then <strong>nothing leaves your machine</strong>."
)
HOSTED = (
    "This page is hosted by Hugging Face, as the Space {space}. <strong>The photo that you choose is sent to that "
    "host</strong>, whose own terms apply. Do not upload pictures of patients: run skinnet on your own machine instead."
)
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
"""Escapes what is not Markdown: a checkpoint may come from a stranger."""
INERT = str.maketrans({mark: f"&#{ord(mark)};" for mark in "$`{@\\"})
"""Marks that would run in the templates of `gr.HTML`."""
SCROLLING = '<div class="scroll" tabindex="0" role="region" aria-label="Table, may scroll sideways">'


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
    config = site.config
    (point,) = (point for point in config.operating_points if point.name == VERDICT)
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        networks=_networks(len(config.members)),
        parameters=f"{config.parameters / 1e6:.0f}",
        threshold=percent(point.threshold),
        train=f"{config.counts['train']:,}",
        sources="".join(f"<li>{_source(name)}</li>" for name in config.sources),
        counts=_scrolling(_counts(site).html()),
        limits="".join(f"<li>{MARKDOWN.renderInline(each)}</li>" for each in limits(config.sources)),
        notice=escape(DISCLAIMER),
        privacy=HOSTED.format(space=escape(space)) if space else HERE,
        minutes=KEPT_SECONDS // 60,
        credit=escape(CASE_CREDIT),
        version=escape(__version__),
        year=YEAR,
        network=escape(config.name),
        digest=escape(config.weights_sha256),
        card=folded(_card(site)),
    )


def _networks(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count} networks"


def _source(name: str) -> str:
    if name not in SOURCES:
        return escape(name)
    source = SOURCES[name]
    return f"{escape(source.title)}. {escape(source.citation)} Licence: {escape(source.licence)}."


def _counts(site: Site) -> Table:
    """How the verdict's threshold did, photo by photo, in each test set."""
    rows = []
    for name, metrics in site.metrics.items():
        counts = SourceCounts.of(name, metrics)
        missed = f"{counts.missed} of {counts.melanomas}"
        rows.append([source_title(name), _of_hundred(counts.flagged), _of_hundred(counts.alarms), missed])
    header = ["test set", f"{MALIGNANT_MEANING} ones flagged", "benign ones flagged", "melanomas missed"]
    return Table("about-sources", "Photos above the threshold, with 95 % intervals", header, rows)


def _of_hundred(share: Estimate) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "n/a"
    return f"{100 * share.value:.0f} of 100 ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _card(site: Site) -> str:
    path = site.checkpoint / CARD
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"No {path}: run python -m skinnet release.") from error


def folded(card: str) -> str:
    """A model card as HTML, each chapter behind its heading; what stands before the first chapter is left out."""
    chapters = [chapter.partition("\n") for chapter in f"\n{card}".split("\n## ")[1:]]
    return "".join(
        f"<details><summary>{escape(heading)}</summary>{_scrolling(MARKDOWN.render(text))}</details>"
        for heading, _, text in chapters
    )


def _scrolling(html: str) -> str:
    """Let wide tables scroll by themselves, by keyboard too."""
    return html.replace("<table>", f"{SCROLLING}<table>").replace("</table>", "</table></div>")
