"""Recordings of which it is known which way is up: somebody who bounces along a direction, or is still."""

import numpy as np

from har_runtime.contract import PERIOD_NS
from har_runtime.recording import Recording

UP = np.array([0.48, -0.6, 0.64])
LEVEL = np.array([0.8, 0.0, -0.6])
"""At a right angle to `UP`."""


def recording(*parts: tuple[str, np.ndarray, float], name: str = "one", mounting: str | None = None) -> Recording:
    """Parts with their label, the direction of acceleration, and their seconds; who stands or lies is still."""
    acc, labels = [], []
    for label, direction, seconds in parts:
        t = np.arange(round(50 * seconds)) / 50
        bounce = 0 if label in ("standing", "lying") else 3
        acc.append((9.8 + bounce * np.sin(2 * np.pi * 1.8 * t))[:, None] * direction)
        labels += [label] * len(t)
    samples = np.concatenate(acc)
    times = np.arange(len(samples)) * PERIOD_NS
    return Recording(name, times, samples, np.zeros_like(samples), np.array(labels), "anna", mounting=mounting)
