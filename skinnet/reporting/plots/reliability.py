"""Reliability: the observed share of malignancy against its predicted probability, and the counts below."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinnet.evaluation.calibration_metrics import CalibrationMetrics
from skinnet.evaluation.evaluate import Metrics
from skinnet.labels import MALIGNANT_MEANING
from skinnet.reporting.plots.style import COLOURS, whiskers


def draw_reliability(metrics: Metrics) -> Figure:
    """Draw the figure, in bins of equal count."""
    calibration = metrics.calibration
    predicted = np.array([each.predicted for each in calibration.bins])
    figure = Figure(figsize=(5.6, 6.2), layout="constrained")
    axes, below = figure.subplots(2, 1, height_ratios=(5, 1), sharex=True)
    _draw_bins(axes, predicted, calibration)
    below.bar(predicted, [each.n for each in calibration.bins], width=0.012, color=COLOURS[0])
    below.set(xlabel=f"predicted probability: {MALIGNANT_MEANING}", ylabel=f"{metrics.unit}s", xlim=(-0.02, 1.02))
    return figure


def _draw_bins(axes: Axes, predicted: np.ndarray, calibration: CalibrationMetrics) -> None:
    axes.set(title="Calibration", ylabel=f"observed share {MALIGNANT_MEANING}")
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    observed = [each.observed for each in calibration.bins]
    axes.errorbar(
        predicted, np.array([each.value for each in observed], float), yerr=whiskers(observed), fmt="o",
        color=COLOURS[0], capsize=2,
        label=f"{len(predicted)} bins, each of n = {min(each.n for each in calibration.bins)} or one more",
    )  # fmt: skip
    slope, error, perfect = calibration.slope, calibration.error, calibration.perfect_error
    axes.plot([], [], " ", label=f"slope {slope}\nECE {error}\nECE of a perfect model {perfect}")
    axes.legend(fontsize=8, loc="upper left")
