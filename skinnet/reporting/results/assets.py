"""Where the scripts and style sheets of the page of results lie: the app and report.html load the same ones."""

from __future__ import annotations

from pathlib import Path

SCRIPT_FOLDER = Path(__file__).with_name("js")
STYLE_FOLDER = Path(__file__).with_name("css")
STYLES = ("tokens", "parts", "results")
"""Style sheets that both load, in this order."""
EXPLORER = Path(__file__).with_name("explorer.html")
"""What the explorer contains before its script runs."""
EXPLORER_SCRIPTS = ("operating",)
"""Run before its own."""
