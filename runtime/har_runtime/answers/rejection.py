"""Whether a window is unlike everything that the model was trained on.

It is measured on the window itself, because a network is often sure of what it never saw: a few statistics are compared
with groups of training windows, one for each activity or each activity at a place (Mahalanobis distance to the nearest
group, as in Lee et al. 2018 with simple statistics instead of a network's features).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import STATISTICS, UPRIGHT_STATISTICS, Rejection

SHRINKAGE = 0.2
"""Shrinkage of the covariances between window statistics, because they come from few people."""
MIN_VARIANCE = 1e-4
"""Added to the variance of a window statistic, in its unit squared: far below the differences between people."""
SPREAD_FLOOR = 0.02
"""m/s^2 and rad/s. A smaller spread is the sensor's noise, whose logarithm must not count."""


def window_statistics(windows: NDArray[np.float32], frame: str = "device") -> NDArray[np.float64]:
    """Statistics of windows in a frame of `contract.FRAMES`: shape (..., time, 6) in SI units to (..., 13 or 7).

    In the frame "device": the mean of each channel, the logarithm of each standard deviation, and the length of the
    mean acceleration, which is gravity in any orientation, and shows a wrong unit.

    In the frame "upright", of the acceleration alone, so that doubt is the same with and without a gyroscope, and only
    what no turn about the vertical changes: the mean of the vertical part and the length of the mean horizontal part;
    of both parts the logarithms of the standard deviation and of the differences between neighbours; and the length of
    the mean acceleration.

    >>> still = np.tile(np.float32([9.81, 0, 0, 0, 0, 0]), (50, 1))
    >>> window_statistics(still).round(2).tolist()[5:]
    [0.0, -3.91, -3.91, -3.91, -3.91, -3.91, -3.91, 9.81]
    """
    values = windows.astype(np.float64)
    if frame == "upright":
        return _upright_statistics(values[..., :3])
    mean = values.mean(axis=-2)
    gravity = np.linalg.norm(mean[..., :3], axis=-1, keepdims=True)
    return np.concatenate([mean, np.log(values.std(axis=-2) + SPREAD_FLOOR), gravity], axis=-1)


def _upright_statistics(acc: NDArray[np.float64]) -> NDArray[np.float64]:
    count = acc.shape[-2]
    mean = np.add.reduce(acc, axis=-2) / count
    away, step = acc - mean[..., None, :], acc[..., 1:, :] - acc[..., :-1, :]
    statistics = np.empty((*acc.shape[:-2], 7))
    statistics[..., 0] = mean[..., 2]
    np.hypot(mean[..., 0], mean[..., 1], out=statistics[..., 1])
    for column, moves, number in ((2, away, count), (4, step, count - 1)):
        power = np.add.reduce(moves * moves, axis=-2) / number
        statistics[..., column] = power[..., 2]
        np.add(power[..., 0], power[..., 1], out=statistics[..., column + 1])
    statistics[..., 2:6] = np.log(np.sqrt(statistics[..., 2:6]) + SPREAD_FLOOR)
    statistics[..., 6] = np.sqrt(np.add.reduce(mean * mean, axis=-1))
    return statistics


@dataclass(frozen=True)
class Group:
    """Windows that are alike: a row of `Rejection`."""

    mean: tuple[float, ...]
    """Of their statistics."""
    whitening: tuple[float, ...]
    """Lower triangle, row by row, of the matrix that makes the statistics uncorrelated with variance 1."""

    def fits(self, frame: str) -> bool:
        """Whether the statistics are those of windows in a frame of `contract.FRAMES`."""
        size = UPRIGHT_STATISTICS if frame == "upright" else STATISTICS
        return (len(self.mean), len(self.whitening)) == (size, size * (size + 1) // 2)


def group_of(
    statistics: NDArray[np.float64], usual: NDArray[np.float64] | None = None, usual_windows: float = 0.0
) -> Group:
    """The group of windows with these statistics, shape (n, statistics).

    Args:
        usual: covariance within other groups, shape (statistics, statistics), for groups of few windows.
        usual_windows: how many windows it weighs as much as.
    """
    covariance = np.cov(statistics.T)
    if usual is not None:
        covariance = (len(statistics) * covariance + usual_windows * usual) / (len(statistics) + usual_windows)
    variance = np.diag(covariance) + MIN_VARIANCE
    covariance = (1 - SHRINKAGE) * covariance
    np.fill_diagonal(covariance, variance)
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    mean, triangle = statistics.mean(axis=0).round(4), whitener[np.tril_indices(len(whitener))].round(3)
    return Group(tuple(mean.tolist()), tuple(triangle.tolist()))


class Rejector:
    """Compares windows with the statistics of a card.

    Args:
        frame: of the card.
    """

    def __init__(self, rejection: Rejection, frame: str = "device"):
        self._rejection, self._frame = rejection, frame
        self._means = np.array(rejection.means)
        size = self._means.shape[1]
        self._whitening = np.zeros((len(self._means), size, size))
        self._whitening[:, *np.tril_indices(size)] = rejection.whitening

    @property
    def usual(self) -> NDArray[np.float64]:
        """Mean covariance within the groups, shape (statistics, statistics)."""
        spread = np.linalg.inv(self._whitening)
        return np.mean(spread @ spread.transpose(0, 2, 1), axis=0)

    def distances(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Distance of each window to the nearest group of training windows, in standard deviations.

        Args:
            windows: SI units, shape (n, 50, 6).
        """
        away = window_statistics(windows, self._frame)[:, None, :] - self._means
        whitened = np.einsum("cij,ncj->nci", self._whitening, away)
        return np.sqrt(np.add.reduce(whitened * whitened, axis=2).min(axis=1))

    def are_unlike(self, windows: NDArray[np.float32]) -> list[bool]:
        """Whether windows are unlike everything that the model was trained on.

        Args:
            windows: SI units, shape (n, 50, 6).
        """
        limit = self._rejection.distance
        return [not distance <= limit for distance in self.distances(windows).tolist()]  # True for NaN as well.
