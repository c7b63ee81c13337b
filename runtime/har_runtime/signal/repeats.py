"""Counts readings that repeat for too long: the sensor is stuck, or at the end of its range."""

import numpy as np
from numpy.typing import NDArray


class Repeats:
    """Counts the samples in repeats of one reading that last `span_ns` and have `min_samples` samples or more.

    >>> repeats = Repeats(span_ns=30, min_samples=3)
    >>> repeats.push(np.arange(5) * 10, np.array([False, False, True, True, True]))  # four samples in 30 ns
    4
    >>> repeats.push(np.array([50, 60]), np.array([True, False]))  # and one more
    1
    """

    def __init__(self, span_ns: int, min_samples: int):
        self._span_ns, self._min_samples = span_ns, min_samples
        self._start_ns = self._length = self._counted = 0

    def push(self, times_ns: NDArray[np.int64], same: NDArray[np.bool_]) -> int:
        """Add samples, at least one.

        Args:
            times_ns: shape (n,).
            same: whether each reading equals the one before it, shape (n,).

        Returns:
            How many more samples belong to such repeats, including samples of earlier calls whose repeat has just
            become long enough.
        """
        if not same.any():  # The usual case.
            self.end(int(times_ns[-1]))
            return 0
        starts = np.flatnonzero(~same)
        begins_ns = np.concatenate([[self._start_ns], times_ns[starts]])
        # The first repeat continues the last call's. If no sample here continues it, its end does not matter.
        ends_ns = times_ns[np.concatenate([starts, [len(same)]]) - 1]
        lengths = np.diff(np.concatenate([[0], starts, [len(same)]]))
        lengths[0] += self._length
        long = (ends_ns - begins_ns >= self._span_ns) & (lengths >= self._min_samples)
        if len(starts) and starts[0] == 0:
            long[0] = self._counted > 0
        found = int(lengths[long].sum()) - self._counted
        self._start_ns, self._length = int(begins_ns[-1]), int(lengths[-1])
        self._counted = self._length if long[-1] else 0
        return found

    def end(self, last_ns: int) -> None:
        """Add samples, each of which differs from the one before it.

        Args:
            last_ns: time of the last one.
        """
        self._start_ns, self._length, self._counted = last_ns, 1, 0
