"""The published figures, one file each, named after its figure: `roc.py` draws `roc.png` and `roc.svg`.

What other rooms use:
    draw     `draw_figures`, all figures of an evaluation
    titles   `FIGURES`, their names and titles; it loads no matplotlib
    style    `COLOURS` and `save`, shared by all figures, those of studies too

A new figure is one file here, its title in `titles.FIGURES` and its call in `draw.draw_figures`.
"""
