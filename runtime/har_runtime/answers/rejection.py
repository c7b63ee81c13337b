"""Whether a window is unlike everything that the model was trained on.

It is measured on the window itself, because a network is often sure of what it never saw: mean and spread of each
channel, and the length of the mean acceleration, are compared with each activity's training windows (Mahalanobis
distance to the nearest one, as in Lee et al. 2018 with simple statistics instead of a network's features).
"""

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import Rejection

SPREAD_FLOOR = 0.02
"""m/s^2 and rad/s. A smaller spread is the sensor's noise, whose logarithm must not count."""


def window_statistics(windows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Statistics of windows: shape (..., time, 6) in SI units to (..., 13).

    The mean of each channel, the logarithm of each standard deviation, and the length of the mean acceleration, which
    is gravity in any orientation, and shows a wrong unit.

    >>> still = np.tile(np.float32([9.81, 0, 0, 0, 0, 0]), (50, 1))
    >>> window_statistics(still).round(2).tolist()[5:]
    [0.0, -3.91, -3.91, -3.91, -3.91, -3.91, -3.91, 9.81]
    """
    values = windows.astype(np.float64)
    mean = values.mean(axis=-2)
    gravity = np.linalg.norm(mean[..., :3], axis=-1, keepdims=True)
    return np.concatenate([mean, np.log(values.std(axis=-2) + SPREAD_FLOOR), gravity], axis=-1)


class Rejector:
    """Compares windows with the statistics of a card."""

    def __init__(self, rejection: Rejection):
        self._rejection = rejection
        self._means = np.array(rejection.means)
        size = self._means.shape[1]
        self._whitening = np.zeros((len(self._means), size, size))
        self._whitening[:, *np.tril_indices(size)] = rejection.whitening

    def distances(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Distance of each window to the nearest activity's training windows, in standard deviations.

        Args:
            windows: SI units, shape (n, 50, 6).
        """
        away = window_statistics(windows)[:, None, :] - self._means
        whitened = np.einsum("cij,ncj->nci", self._whitening, away)
        return np.sqrt((whitened**2).sum(axis=2).min(axis=1))

    def is_unlike(self, window: NDArray[np.float32]) -> bool:
        """Whether a window is unlike everything that the model was trained on.

        Args:
            window: SI units, shape (50, 6).
        """
        return not self.distances(window[None])[0] <= self._rejection.distance  # True for NaN as well.
