"""Temperature scaling: probabilities that are right as often as they say."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Windows in SI units, shape (n, time, 6), to calibrated probabilities, shape (n, classes)."""


def fit_temperature(logits: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """The temperature that makes the softmax of `logits / temperature` most likely on held-out users
    (Guo et al. 2017, section 4.2).

    >>> overconfident = np.array([[20.0, 0.0], [0.0, 20.0], [20.0, 0.0], [20.0, 0.0]], np.float32)
    >>> 10 < fit_temperature(overconfident, np.array([0, 1, 0, 1])) < 20
    True
    """
    scores = logits.astype(np.float64)
    rows = np.arange(len(y))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(scores / np.exp(log_temperature), axis=1)[rows, y].mean())

    best: Any = minimize_scalar(loss, bounds=(-3, 3), method="bounded")
    return float(np.exp(best.x))


def calibrated(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """The softmax of `logits / temperature`, shape (n, classes)."""
    return softmax(logits.astype(np.float64) / temperature, axis=1).astype(np.float32)
