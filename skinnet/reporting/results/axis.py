"""The axis of scores that drawings of a page share."""

from __future__ import annotations

import math

TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99)
LEFT, RIGHT = 20, 500
"""The ends of the axis, in units of the drawing."""


def axis_position(probability: float) -> float:
    """Place a probability on the axis of log-odds from 0.1 to 99 %, as a share of its length."""
    low, high = (math.log(end / (1 - end)) for end in (TICKS[0], TICKS[-1]))
    inside = min(max(probability, TICKS[0]), TICKS[-1])
    return (math.log(inside / (1 - inside)) - low) / (high - low)
