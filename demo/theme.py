"""The look of the app: Gradio's plain theme in the colours of `tokens.css`, and all style sheets."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from skinnet.reporting.results import assets

STYLE_FOLDER = Path(__file__).with_name("css")
COLOURS = {
    "body_background_fill": "var(--page)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--ink-2)",
    "background_fill_primary": "var(--panel)",
    "background_fill_secondary": "var(--page)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--ink)",
    "link_text_color": "var(--ink)",
    "link_text_color_hover": "var(--ink-2)",
    "link_text_color_visited": "var(--ink)",
    "link_text_color_active": "var(--ink)",
    "block_background_fill": "var(--panel)",
    "block_border_color": "var(--line)",
    "block_label_text_color": "var(--ink-2)",
    "block_title_text_color": "var(--ink)",
    "block_info_text_color": "var(--ink-2)",
    "accordion_text_color": "var(--ink)",
    "table_text_color": "var(--ink)",
    "table_even_background_fill": "var(--panel)",
    "table_odd_background_fill": "var(--page)",
    "table_border_color": "var(--line)",
    "input_background_fill": "var(--panel)",
    "input_border_color": "var(--edge)",
    "button_primary_background_fill": "var(--ink)",
    "button_primary_background_fill_hover": "var(--ink-2)",
    "button_primary_text_color": "var(--page)",
    "button_secondary_background_fill": "var(--panel)",
    "button_secondary_border_color": "var(--edge)",
    "button_secondary_text_color": "var(--ink)",
    "loader_color": "var(--ink)",
    "slider_color": "var(--ink)",
}


def theme() -> gr.themes.Base:
    """Gradio's plain theme with our colours and the system's fonts; the tokens themselves know light and dark."""
    plain = gr.themes.Base(
        primary_hue="neutral",
        neutral_hue="neutral",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return plain.set(**COLOURS, **{f"{name}_dark": value for name, value in COLOURS.items()}, color_accent="var(--ink)")


def styles() -> str:
    """All style sheets as one element for the page's head, the tokens first.

    Gradio's own option for style sheets splits selectors at each comma, within `:is()` too, and loads them late.
    """
    own = sorted(STYLE_FOLDER.glob("*.css"), key=lambda path: (path.stem != "frame", path.stem))
    paths = [*(assets.STYLE_FOLDER / f"{name}.css" for name in assets.STYLES), *own]
    return f"<style>{''.join(path.read_text(encoding='utf-8') for path in paths)}</style>"
