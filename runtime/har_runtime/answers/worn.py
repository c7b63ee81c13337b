"""Whether anybody wears the sensor: one that lies on a table moves less than any wearer, for minutes.

A window is still where its spread stays under what sensors make of nothing, and its mean, which is the direction of
gravity, stays where it was: breathing alone tilts a sensor on the body by more. A sleeping wearer may lie like that
for a while, so it takes ten minutes until nobody is believed to wear it, and one movement until somebody is.
"""

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP, SAMPLE_RATE_HZ

STILL_SPREAD_ACC = 0.13
"""m/s^2 in each axis: the 13 mg under which accelerometers count as not worn (van Hees et al. 2011); the noise of cheap
ones reaches 0.05."""
STILL_SPREAD_GYRO = 0.02
"""rad/s in each axis: over twice the noise of cheap gyroscopes."""
STILL_DRIFT_ACC = 0.05
"""m/s^2 in each axis, between the means of any two windows of a while: 0.3 degrees. Half of
HAPT's and MotionSense's people drift by 0.2 or more within 20 s of sitting or lying, and few stay under 0.05 so long;
the mean of a cheap sensor's noise stays within 0.03."""
PATIENCE_WINDOWS = 10 * 60 * SAMPLE_RATE_HZ // HOP
"""Still windows in a row, ten minutes: see above."""
MAX_BREAK_NS = 5_000_000_000
"""After a longer gap the wait begins again: nobody knows what happened meanwhile."""


class WornDetector:
    """Takes windows in their order."""

    def __init__(self) -> None:
        self.reset()

    def step(self, window: NDArray[np.float32], end_ns: int) -> bool:
        """Take in the next window; whether somebody wears the sensor, as far as can be told.

        Args:
            window: SI units, shape (50, 6).
            end_ns: sensor time of its last sample.
        """
        before, self._end_ns = self._end_ns, end_ns
        spread = window.std(axis=0)
        moved = bool((spread[:3] > STILL_SPREAD_ACC).any() or (spread[3:] > STILL_SPREAD_GYRO).any())
        mean = window[:, :3].mean(axis=0, dtype=np.float64)
        low, high = np.minimum(self._low, mean), np.maximum(self._high, mean)
        broken = before is not None and not 0 <= end_ns - before <= MAX_BREAK_NS
        if moved or broken or (high - low > STILL_DRIFT_ACC).any():
            self._worn, self._still = True, 0
            low = high = mean
        self._low, self._high = low, high
        self._still += not moved
        if self._still >= PATIENCE_WINDOWS:
            # Counted anew, so that a sensor that warms up over hours is not taken for one that moves.
            self._worn, self._still = False, 0
            self._low = self._high = mean
        return self._worn

    def reset(self) -> None:
        """Start afresh: the sensor is worn until it proves otherwise."""
        self._worn, self._still = True, 0
        self._low, self._high = np.full(3, np.inf), np.full(3, -np.inf)
        self._end_ns: int | None = None
