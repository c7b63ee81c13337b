"""Whether the sensor is worn: on a table it moves less than on any wearer, for minutes.

A window is still if its spread is no more than a sensor's noise, and its mean, which is the direction of gravity, stays
the same: even breathing tilts a sensor on the body by more. A sleeping wearer may lie this still for a while, so the
sensor counts as not worn only after ten minutes, and as worn again after one movement.
"""

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP, SAMPLE_RATE_HZ
from har_runtime.signal.upright import turned_back
from har_runtime.signal.window import Up

STILL_SPREAD_ACC = 0.13
"""m/s^2 in each axis: the 13 mg under which accelerometers count as not worn (van Hees et al. 2011); the noise of cheap
ones reaches 0.05."""
STILL_SPREAD_GYRO = 0.02
"""rad/s in each axis: over twice the noise of cheap gyroscopes."""
STILL_DRIFT_ACC = 0.05
"""m/s^2 in each axis, between the means of any two windows of a while: 0.3 degrees. Half of
HAPT's and MotionSense's people drift by 0.2 or more within 20 s of sitting or lying, and few by less than 0.05; the
mean of a cheap sensor's noise stays within 0.03."""
NOT_WORN_WINDOWS = 10 * 60 * SAMPLE_RATE_HZ // HOP
"""Still windows in a row (ten minutes) after which the sensor is not worn."""
_STILL_SPREAD = np.repeat(np.array([STILL_SPREAD_ACC, STILL_SPREAD_GYRO], np.float32), 3)
SURE_POWER_ACC, SURE_POWER_GYRO = (3 * 1.01 * spread**2 for spread in (STILL_SPREAD_ACC, STILL_SPREAD_GYRO))
"""Sums of the variances of three axes, with a hundredth for rounding, above which one of them has moved."""
MAX_BREAK_NS = 5_000_000_000
"""After a longer gap the wait begins again, since anything may have happened in it."""


class WornDetector:
    """Takes windows in order."""

    def __init__(self) -> None:
        self.reset()

    def step(self, window: NDArray[np.float32], end_ns: int, up: Up | None = None) -> bool:
        """Add the next window; returns whether the sensor is worn, as far as this can be known.

        Args:
            window: SI units, shape (50, 6).
            end_ns: sensor time of its last sample.
            up: what was turned to +z in it; None if its axes are those of the device, which are what is judged.
        """
        if not np.isfinite(window).all():
            return self._worn  # It shows nothing, and its mean would stay.
        before, self._end_ns = self._end_ns, end_ns
        if up is not None and _moves_in_any_axes(window):
            self._worn, self._still, self._moved_window = True, 0, (window, up)
            return True
        if up is not None:
            window = turned_back(window, up)
        spread = np.sqrt(_variances(window))
        moved = bool((spread > _STILL_SPREAD).any())
        mean = _mean_acceleration(window)
        if self._moved_window is not None:
            self._low = self._high = _mean_acceleration(turned_back(*self._moved_window))
            self._moved_window = None
        low, high = np.minimum(self._low, mean), np.maximum(self._high, mean)
        broken = before is not None and not 0 <= end_ns - before <= MAX_BREAK_NS
        if moved or broken or float((high - low).max()) > STILL_DRIFT_ACC:
            self._worn, self._still = True, 0
            low = high = mean
        self._low, self._high = low, high
        self._still += not moved
        if self._still >= NOT_WORN_WINDOWS:
            # Count again from here, so that the slow drift of a warming sensor is not taken for movement.
            self._worn, self._still = False, 0
            self._low = self._high = mean
        return self._worn

    def reset(self) -> None:
        """Start again: the sensor counts as worn at first."""
        self._worn, self._still = True, 0
        self._low, self._high = np.full(3, np.inf), np.full(3, -np.inf)
        self._end_ns: int | None = None
        self._moved_window: tuple[NDArray[np.float32], Up] | None = None
        """The last window, if it moved so much that its mean, in the axes of the device, has not been needed yet."""


def _variances(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each channel: `window.var(axis=0)`, at half of its cost."""
    away = window - np.add.reduce(window, axis=0) / np.float32(len(window))
    return np.add.reduce(away * away, axis=0) / np.float32(len(window))


def _mean_acceleration(window: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.add.reduce(window[:, :3], axis=0, dtype=np.float64) / len(window)


def _moves_in_any_axes(window: NDArray[np.float32]) -> bool:
    """Whether some axis of the device must have moved, whichever way it was turned: the sum of three variances is the
    same in all axes, and one of them is at least a third of it."""
    variances = _variances(window).tolist()
    return sum(variances[:3]) > SURE_POWER_ACC or sum(variances[3:]) > SURE_POWER_GYRO
