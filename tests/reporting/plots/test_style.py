from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from skinnet.reporting.plots.style import save


def test_the_noise_of_the_layout_does_not_reach_the_file(tmp_path: Path) -> None:
    for name, noise in {"one": 0.0, "other": 3e-9, "moved": 0.01}.items():
        figure = Figure(figsize=(3, 3), layout="constrained")
        for axes in figure.subplots(2, 1):
            axes.imshow([[1, 2], [3, 4]])
        figure.set_layout_engine("constrained", rect=(0, 0.1 + noise, 1, 0.9 - noise))
        save(figure, tmp_path, name)
    one, other, moved = ((tmp_path / f"{name}.svg").read_bytes() for name in ("one", "other", "moved"))
    assert one == other != moved
