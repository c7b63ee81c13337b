"""Temperature scaling: probabilities that are right as often as they say."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Windows in SI units, shape (n, time, 6), to calibrated probabilities, shape (n, classes)."""


def fit_temperature(
    logits: NDArray[np.float32], y: NDArray[np.int64], places: NDArray[np.float32] | None = None
) -> float:
    """The temperature that makes the calibrated probabilities most likely on held-out users (Guo et al. 2017, section
    4.2).

    Args:
        logits: see `log_probabilities`.
        y: true classes, shape (n,).
        places: see `log_probabilities`.

    >>> overconfident = np.array([[20.0, 0.0], [0.0, 20.0], [20.0, 0.0], [20.0, 0.0]], np.float32)
    >>> 10 < fit_temperature(overconfident, np.array([0, 1, 0, 1])) < 20
    True
    """
    rows = np.arange(len(y))

    def loss(log_temperature: float) -> float:
        return -float(log_probabilities(logits, np.exp(log_temperature), places)[rows, y].mean())

    best: Any = minimize_scalar(loss, bounds=(-3, 3), method="bounded")
    return float(np.exp(best.x))


def log_probabilities(
    logits: NDArray[np.float32], temperature: float, places: NDArray[np.float32] | None = None
) -> NDArray[np.float64]:
    """Logarithm of the calibrated probabilities, shape (n, classes).

    Args:
        logits: shape (n, classes), or (n, places, classes) if they depend on where the sensor is worn.
        places: logits of the places, shape (n, places), which the temperature leaves alone; None without places.
    """
    scores = log_softmax(logits.astype(np.float64) / temperature, axis=-1)
    if places is None:
        return scores
    return np.asarray(logsumexp(scores + log_softmax(places.astype(np.float64), axis=1)[:, :, None], axis=1))


def calibrated(
    logits: NDArray[np.float32], temperature: float, places: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Calibrated probabilities, shape (n, classes); arguments as for `log_probabilities`."""
    return np.exp(log_probabilities(logits, temperature, places)).astype(np.float32)
