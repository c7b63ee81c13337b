"""Counts readings that repeat themselves for too long: a sensor that sticks, or one at the end of its range."""

import numpy as np
from numpy.typing import NDArray


class Streaks:
    """Counts the samples of streaks of one reading that last `span_ns` and have `least` samples or more.

    >>> streaks = Streaks(span_ns=30, least=3)
    >>> streaks.add(np.arange(5) * 10, np.array([False, False, True, True, True]))  # four samples in 30 ns
    4
    >>> streaks.add(np.array([50, 60]), np.array([True, False]))  # and one more
    1
    """

    def __init__(self, span_ns: int, least: int):
        self._span_ns, self._least = span_ns, least
        self._start_ns = self._length = self._counted = 0

    def add(self, times_ns: NDArray[np.int64], same: NDArray[np.bool_]) -> int:
        """Take in samples, at least one.

        Args:
            times_ns: shape (n,).
            same: whether each reading is that of the sample before it, shape (n,).

        Returns:
            How many more samples belong to such streaks, those of earlier calls that have just come to belong included.
        """
        if not same.any():  # As nearly always.
            self._start_ns, self._length, self._counted = int(times_ns[-1]), 1, 0
            return 0
        starts = np.flatnonzero(~same)
        begins_ns = np.concatenate([[self._start_ns], times_ns[starts]])
        # The first streak is that of the last call; where none of these samples continues it, its end is of no matter.
        ends_ns = times_ns[np.concatenate([starts, [len(same)]]) - 1]
        lengths = np.diff(np.concatenate([[0], starts, [len(same)]]))
        lengths[0] += self._length
        long = (ends_ns - begins_ns >= self._span_ns) & (lengths >= self._least)
        if len(starts) and starts[0] == 0:
            long[0] = self._counted > 0
        found = int(lengths[long].sum()) - self._counted
        self._start_ns, self._length = int(begins_ns[-1]), int(lengths[-1])
        self._counted = self._length if long[-1] else 0
        return found
