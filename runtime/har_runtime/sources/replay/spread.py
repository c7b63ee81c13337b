"""Times that repeat or come in bursts, and even ones over their span for `time=spread`."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MAX_GAP_NS
from har_runtime.errors import DataError
from har_runtime.median import median

REPEATED: Final = 0.25
"""Share of steps of no time, or next to none, from which on times come in bursts."""
MIN_BURSTS: Final = 4
FASTEST_NS: Final = 4_000_000
"""Between samples of a recording with fewer bursts than that: they are parts of it, and a pause lies between two."""


@dataclass(frozen=True)
class Spread:
    """Even times for samples whose own times come in bursts, one line for each stretch without a pause."""

    rows: NDArray[np.int64]
    """The first row of each stretch, ascending from 0."""
    starts_ns: NDArray[np.float64]
    """Its time."""
    periods_ns: NDArray[np.float64]

    def times(self, begin: int, end: int) -> NDArray[np.int64]:
        """The times of the rows from `begin` to before `end`."""
        rows = np.arange(begin, end)
        stretch = np.searchsorted(self.rows, rows, "right") - 1
        times = self.starts_ns[stretch] + (rows - self.rows[stretch]) * self.periods_ns[stretch]
        return np.rint(times).astype(np.int64)


def bunched(times_ns: NDArray[np.int64]) -> str | None:
    """How times repeat or come in bursts; None if each sample has its own."""
    steps = np.diff(times_ns)
    steps = steps[steps >= 0]
    if len(steps) < 4:
        return None
    mean = float(steps.mean())
    close = steps < mean / 5
    if np.count_nonzero(~close) < MIN_BURSTS and close.any() and median(steps[close]) >= FASTEST_NS:
        return None
    if float(np.mean(steps == 0)) >= REPEATED:
        what = "repeat"
    elif float(np.mean(close)) >= 2 * REPEATED and float(steps.max()) > MAX_GAP_NS:
        what = "come in bursts"
    else:
        return None
    size = len(steps) / max(1, np.count_nonzero(~close)) if mean else len(steps)
    return f"its times {what} (about {size:.0f} samples have one time), so they do not say when each was measured"


def find_spread(blocks: Sequence[tuple[int, int]]) -> Spread:
    """Even times over the span of bursts.

    Args:
        blocks: row and time (ns) at which each burst begins.

    Raises:
        DataError: fewer than two bursts.
    """
    if len(blocks) < 2:
        raise DataError("all samples have the same time: add rate=N, the samples a second, to time=spread")
    at = np.array([row for row, _ in blocks], np.int64)
    times = np.array([time for _, time in blocks], np.float64)
    pauses = np.diff(times)
    usual = median(pauses)
    # A burst that is late, or lost, is no pause of the recording; the sensor's own rate is that of the whole.
    cuts = [0, *(np.flatnonzero((pauses < 0) | (pauses > max(5 * usual, 2e9))) + 1).tolist(), len(at)]
    starts, begin, periods = [], [], []
    for first, end in itertools.pairwise(cuts):
        last = end - 1
        span, count = times[last] - times[first], at[last] - at[first]
        period = span / count if count and span > 0 else (periods[-1] if periods else 2e7)
        # The burst at the beginning of a file may be a part of one: the second begins where it says.
        anchor = first + 1 if first == 0 and last > 1 else first
        if anchor > first:
            count = at[last] - at[anchor]
            period = (times[last] - times[anchor]) / count if count else period
        begin.append(at[first])
        periods.append(period)
        starts.append(times[anchor] - (at[anchor] - at[first]) * period)
    return Spread(np.array(begin, np.int64), np.array(starts), np.array(periods))
